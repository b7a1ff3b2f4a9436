import { LIMITS } from './limits.ts';

/** One request as it arrived. `status` is null while it runs and when the connection was cut. */
export type LoggedRequest = {
  seq: number;
  at: string;
  method: string;
  path: string;
  query: string;
  status: number | null;
  /** Whether an Authorization header came with it: shows a client that carries its token to strangers. */
  authorized: boolean;
  token_sha256: string | null;
  fault: string | null;
  body_sha256: string | null;
};

/** The newest requests in memory, and a count of all. */
export class RequestLog {
  #entries: LoggedRequest[] = [];
  #seq = 0;

  get count(): number {
    return this.#seq;
  }

  open(request: Pick<LoggedRequest, 'method' | 'path' | 'query' | 'authorized'>): LoggedRequest {
    this.#seq += 1;
    const entry: LoggedRequest = {
      seq: this.#seq,
      at: new Date().toISOString(),
      ...request,
      status: null,
      token_sha256: null,
      fault: null,
      body_sha256: null,
    };
    this.#entries.push(entry);
    // Trimmed in halves, so that a full log does not shift at every request.
    if (this.#entries.length > LIMITS.requestLogEntriesMax)
      this.#entries = this.#entries.slice(LIMITS.requestLogEntriesMax / 2);
    return entry;
  }

  since(seq: number): LoggedRequest[] {
    return this.#entries.filter((entry) => entry.seq > seq);
  }

  clear(): void {
    this.#entries = [];
    this.#seq = 0;
  }
}
