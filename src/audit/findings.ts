import { LogFormatError } from './format-error.ts';

/** One thing that is wrong with a log, and where. */
export interface Finding {
  /** Path relative to the log's folder; `since` for the earlier checkpoint that was handed in. */
  readonly place: string;
  /** Index of the entry in the log, when the finding is about one. */
  readonly entry?: number;
  /** One sentence without content of the log. */
  readonly problem: string;
}

/** A ruined log has a finding for each entry; nobody reads beyond these, and memory stays bounded. */
const FINDINGS_MAX = 1_000;

export interface Findings {
  readonly list: readonly Finding[];
  /** How many there were beyond the ones in the list. */
  omitted(): number;
  add(place: string, problem: string, entry?: number): void;
  /** The value, or `undefined` with a finding at `place` when it cannot be read or is malformed. */
  attempt<T>(place: string, reading: Promise<T>): Promise<T | undefined>;
}

export function createFindings(): Findings {
  const list: Finding[] = [];
  let omitted = 0;

  function add(place: string, problem: string, entry?: number): void {
    const finding = entry === undefined ? { place, problem } : { place, entry, problem };
    if (list.length < FINDINGS_MAX) list.push(finding);
    else omitted += 1;
  }

  return {
    list,
    omitted: () => omitted,
    add,
    async attempt(place, reading) {
      try {
        return await reading;
      } catch (error) {
        add(place, problemOf(error));
        return undefined;
      }
    },
  };
}

function problemOf(error: unknown): string {
  if (error instanceof LogFormatError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return `cannot be read: ${code}`;
}
