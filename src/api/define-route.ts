import type { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import type { AgentRecord, PersonRecord, SessionRecord } from '../core/records.ts';
import type { ApiContext } from './api-context.ts';

/** Who must be at the door. A stranger, too, has shown nothing, and is counted: what is asked there costs a commit. */
export type Door = 'agent' | 'person' | 'stranger' | 'anyone';

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Caller {
  readonly agent: { readonly agent: AgentRecord };
  /** `session`: undefined when they came with their key. */
  readonly person: { readonly person: PersonRecord; readonly session?: SessionRecord };
  readonly stranger: object;
  readonly anyone: object;
}

/** What a handler gets: parsed and frozen input, nothing of Express. */
export type Call<D extends Door, P, Q, H, B> = Caller[D] & {
  readonly params: P;
  readonly query: Q;
  readonly headers: H;
  readonly body: B;
  /** Of a route with `raw`; empty otherwise. */
  readonly raw: Uint8Array;
  /** This HTTP exchange, `req_…`. */
  readonly exchangeId: string;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
};

export interface RouteSpec<
  D extends Door,
  P extends z.ZodType,
  Q extends z.ZodType,
  H extends z.ZodType,
  B extends z.ZodType,
> {
  readonly method: 'get' | 'post' | 'delete';
  /** OpenAPI form: `/v1/actions/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly door: D;
  readonly params?: P;
  readonly query?: Q;
  /** Instead of `body`: handed to the handler byte for byte, for signatures. */
  readonly raw?: { readonly type: string; readonly schema: z.ZodType };
  /** Lower-case header names. */
  readonly headers?: H;
  readonly body?: B;
  /** Status -> body schema of the good answers; `null` for none. */
  readonly replies: Readonly<
    Record<number, { readonly is: string; readonly body: z.ZodType | null }>
  >;
  /** Codes this route can answer with, beside those of its door. */
  readonly errors: readonly ErrorCode[];
  readonly handler: (
    context: ApiContext,
    call: Call<D, z.output<P>, z.output<Q>, z.output<H>, z.output<B>>,
  ) => Promise<Reply>;
}

/** A route with its types folded away, for mounting and for the OpenAPI document. */
export type Route = RouteSpec<Door, z.ZodType, z.ZodType, z.ZodType, z.ZodType>;

/**
 * One declaration for parsing, types, mounting and documentation. The order is fixed for all routes:
 * authenticate, parse, handle, reply.
 */
export function defineRoute<
  D extends Door,
  P extends z.ZodType,
  Q extends z.ZodType,
  H extends z.ZodType,
  B extends z.ZodType,
>(spec: RouteSpec<D, P, Q, H, B>): Route {
  return spec as unknown as Route;
}
