import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';
import type { LogScan } from './log-scan.ts';
import type { Seal } from './seal.ts';

/** What reading takes: a connection that sees the last commit (or, inside a unit, the unit's own writes). */
export interface Reader {
  readonly db: Kysely<Database>;
  readonly seal: Seal;
  /** Shared by all that read the same database in this process. */
  readonly scan: LogScan;
  /** False inside a unit of work: what it sees may yet be undone. */
  readonly isCommitted: boolean;
}

/** One unit of work inside a transaction. */
export interface Unit extends Reader {
  /** The time of everything this unit writes. */
  readonly now: Date;
  /** Tells that a request changed: its waiters are woken after the commit. */
  readonly touch: (requestId: string) => void;
}
