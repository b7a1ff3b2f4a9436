import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely } from 'kysely';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { Database } from '../sql/schema.ts';
import type { Unit } from '../sql/unit.ts';
import { createStatements, nodeSqliteDialect, type Prepare } from './node-sqlite-dialect.ts';
import { isBusy, isStoreUnavailable, storeUnavailable } from './sqlite-errors.ts';

const LIMITS = {
  /** Units per commit: bounds how long the first one waits for the last. */
  batchUnitsMax: 256,
  /** Between two tries to get another process's write lock. */
  lockRetryMs: 5,
} as const;

/** What a unit of work gets from its batch. */
export type Scope = Pick<Unit, 'db' | 'now' | 'touch'>;

/** One commit, for metrics and tests. */
export interface Batch {
  readonly units: number;
  /** False when all of it was undone. */
  readonly committed: boolean;
}

export interface GroupCommitDeps {
  /** The only connection that writes; nothing else may use it for transactions. */
  readonly raw: DatabaseSync;
  /** Throws when what is committed would not be where the next start looks for it. */
  readonly assertInPlace: () => void;
  readonly clock: () => Date;
  /** How long to wait for the write lock of other processes. */
  readonly busyTimeoutMs: number;
  /** A unit that takes longer waits for something outside its transaction, and everybody with it. */
  readonly unitMaxMs: number;
  /** Requests that were changed by a commit that is on disk now. */
  readonly onCommitted: (touched: ReadonlySet<string>) => void;
  /** A commit failed as a whole; the error is `store.unavailable`. */
  readonly onFailed: (error: GatewayError) => void;
  readonly onBatch: (batch: Batch) => void;
}

export interface GroupCommit {
  run<T>(work: (scope: Scope) => Promise<T>): Promise<T>;
  /** Waits for what was accepted, refuses what comes later. */
  close(): Promise<void>;
}

interface Job {
  /** Runs the unit; what it returns tells the caller, once the commit is on disk. */
  readonly perform: (scope: Scope) => Promise<() => void>;
  readonly reject: (error: unknown) => void;
}

interface Performed {
  readonly tellCaller: () => void;
  readonly touched: ReadonlySet<string>;
}

/** With the connection's statements, kept over all units. */
interface Connection extends GroupCommitDeps {
  readonly prepare: Prepare;
}

/**
 * Many units of work, one fsync: whoever comes while a commit runs shares the next one. A batch starts
 * with `setImmediate`, after all input that has arrived in the meantime was read; a commit holds the
 * event loop, so that is when the callers it kept waiting come in. Starting at once would make every
 * batch a batch of one.
 */
export function createGroupCommit(given: GroupCommitDeps): GroupCommit {
  const deps: Connection = { ...given, prepare: createStatements(given.raw) };
  const queue: Job[] = [];
  let running: Promise<void> | undefined;
  let isClosed = false;

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      await new Promise(setImmediate);
      await runBatch(deps, queue);
    }
    running = undefined;
  }

  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        if (isClosed) {
          reject(storeUnavailable(new Error('the store is closed')));
          return;
        }
        const perform = async (scope: Scope) => {
          const value = await work(scope);
          return () => {
            resolve(value);
          };
        };
        queue.push({ perform, reject });
        running ??= drain();
      }),
    async close() {
      isClosed = true;
      await running;
    },
  };
}

/** Never throws: whatever fails is told to the callers of the units it concerns. */
async function runBatch(deps: Connection, queue: Job[]): Promise<void> {
  const jobs: Job[] = [];
  const performed: Performed[] = [];
  try {
    await begin(deps);
    // Only now, so that whoever came while the lock was waited for is on board.
    jobs.push(...queue.splice(0, LIMITS.batchUnitsMax));
    for (const job of jobs) performed.push(await performUnit(deps, job));
    deps.assertInPlace();
    deps.raw.exec('COMMIT');
  } catch (cause) {
    undo(deps.raw);
    // Without a transaction to run in, everyone in the queue has waited long enough.
    failAll(deps, jobs.length > 0 ? jobs : queue.splice(0), storeUnavailable(cause));
    return;
  }
  deps.onCommitted(new Set(performed.flatMap(({ touched }) => [...touched])));
  for (const { tellCaller } of performed) tellCaller();
  deps.onBatch({ units: jobs.length, committed: true });
}

function failAll(deps: Connection, jobs: readonly Job[], error: GatewayError): void {
  deps.onFailed(error);
  for (const { reject } of jobs) reject(error);
  deps.onBatch({ units: jobs.length, committed: false });
}

/** Takes the write lock. Waits without blocking the process, which SQLite's own busy timeout would. */
async function begin({ raw, busyTimeoutMs }: Connection): Promise<void> {
  undo(raw);
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      raw.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
    }
    await sleep(Math.random() * LIMITS.lockRetryMs);
  }
}

/**
 * Runs one unit under its own savepoint, so that only its own changes are undone when it throws.
 * Throws itself when the database failed: SQLite may have undone more than the statement, so nothing
 * in the batch can be vouched for.
 */
async function performUnit(deps: Connection, job: Job): Promise<Performed> {
  const { raw } = deps;
  const { scope, touched, end } = openScope(deps);
  raw.exec('SAVEPOINT unit');
  let result: Performed;
  try {
    result = { tellCaller: await withinTime(job.perform(scope), deps.unitMaxMs), touched };
  } catch (error) {
    end();
    if (isStoreUnavailable(error) || !raw.isTransaction) throw error;
    raw.exec('ROLLBACK TO unit');
    const tellCaller = () => {
      job.reject(error);
    };
    result = { tellCaller, touched: new Set() };
  }
  end();
  raw.exec('RELEASE unit');
  return result;
}

/**
 * A connection that is this unit's only until it ends. A unit that forgot to await a statement, or
 * whose `Promise.all` failed early, would else write into the next unit's savepoint; and after SQLite
 * has given up a transaction by itself, each statement would commit alone.
 */
function openScope({ raw, prepare, clock }: Connection) {
  let hasEnded = false;
  const touched = new Set<string>();
  const dialect = nodeSqliteDialect(prepare, () => {
    if (hasEnded) throw new Error('a transaction was used after its unit of work had ended');
    if (!raw.isTransaction) throw storeUnavailable(new Error('the transaction was lost'));
  });
  const scope: Scope = {
    db: new Kysely<Database>({ dialect }),
    now: clock(),
    touch: (id) => touched.add(id),
  };
  const end = () => {
    hasEnded = true;
  };
  return { scope, touched, end };
}

async function withinTime<T>(unit: Promise<T>, maxMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const cause = new Error('a unit of work awaits something other than its transaction');
      reject(new GatewayError('internal.unexpected', { cause }));
    }, maxMs);
  });
  try {
    return await Promise.race([unit, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Also at the start of a batch, for a rollback that could not be done when it was due. */
function undo(raw: DatabaseSync): void {
  try {
    if (raw.isTransaction) raw.exec('ROLLBACK');
  } catch {
    // The next BEGIN fails and says so.
  }
}
