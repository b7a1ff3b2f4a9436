import { request as httpRequest } from 'node:http';
import type { z } from 'zod';
import { ProblemSchema } from '../contracts/problem.ts';

/** The gateway answered with a problem of `core/errors.ts`. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string | undefined;
  constructor(status: number, code: string, detail: string | undefined) {
    super(`${code} (${status})`);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

/** Nobody answered, or with something that is no answer of the gateway's. */
export class ApiUnreachable extends Error {
  constructor(cause: unknown) {
    super('the gateway’s API does not answer', { cause });
    this.name = 'ApiUnreachable';
  }
}

/** Where the gateway's own API listens; always a loopback or own address, never a name from a request. */
export interface ApiAddress {
  readonly host: string;
  readonly port: number;
}

export interface ApiCall<T> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** What the answer is; anything else is no answer of the gateway's. */
  readonly answer: z.ZodType<T>;
}

/** The API with one reader's own bearer token: what the reader may not do, the console cannot do either. */
export type ApiClient = <T>(call: ApiCall<T>) => Promise<T>;

const TIMEOUT_MS = 15_000;
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;

interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

function exchange(
  { host, port }: ApiAddress,
  token: string | undefined,
  call: Omit<ApiCall<unknown>, 'answer'>,
): Promise<RawAnswer> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
  };
  return new Promise((resolve, reject) => {
    const options = { host, port, method: call.method, path: call.path, headers };
    const request = httpRequest({ ...options, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > ANSWER_MAX_BYTES) response.destroy(new Error('the answer is too large'));
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
      });
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
    request.end(body);
  });
}

function parse<T>({ status, text }: RawAnswer, answer: z.ZodType<T>): T {
  const value: unknown = text === '' ? undefined : JSON.parse(text);
  if (status < 400) return answer.parse(value);
  const { code, detail } = ProblemSchema.parse(value);
  throw new ApiProblem(status, code, detail);
}

/** Throws ApiProblem and ApiUnreachable, nothing else. */
export function createApiClient(address: ApiAddress, token: string | undefined): ApiClient {
  return async ({ answer, ...call }) => {
    try {
      return parse(await exchange(address, token, call), answer);
    } catch (error) {
      throw error instanceof ApiProblem ? error : new ApiUnreachable(error);
    }
  };
}
