import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';
import type { Seal } from './seal.ts';

/** What reading takes: a connection that sees the last commit (or, inside a unit, the unit's own writes). */
export interface Reader {
  readonly db: Kysely<Database>;
  readonly seal: Seal;
}

/** One unit of work inside a transaction. */
export interface Unit extends Reader {
  /** The time of everything this unit writes. */
  readonly now: Date;
  /** Tells that a request changed: its waiters are woken after the commit. */
  readonly touch: (requestId: string) => void;
}
