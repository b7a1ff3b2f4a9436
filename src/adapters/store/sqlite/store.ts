import { randomBytes } from 'node:crypto';
import { Kysely } from 'kysely';
import type { Store } from '../../../ports/store.ts';
import { GatewayError } from '../../../core/gateway-error.ts';
import { createLogScan } from '../sql/log-scan.ts';
import { createReads, createTransaction } from '../sql/nouns.ts';
import { revisionsOf } from '../sql/requests.ts';
import type { Database } from '../sql/schema.ts';
import { createSeal } from '../sql/seal.ts';
import type { Reader } from '../sql/unit.ts';
import { type Batch, createGroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import { createStatements, nodeSqliteDialect } from './node-sqlite-dialect.ts';
import { createPlaceCheck, openReader, openWriter } from './open-database.ts';
import { CHECK_BYTES_MAX, findDamage } from './quick-check.ts';
import { isDamage, storeDamaged, storeUnavailable } from './sqlite-errors.ts';
import { createRequestWatch } from './watch.ts';

const DEFAULTS = {
  /** How long a commit waits for other processes before it fails with `store.unavailable`: an agent hears within two seconds. */
  busyTimeoutMs: 1_000,
  unitMaxMs: 5_000,
  /** As much as the largest log entry: a few bytes may still fit where a begin does not. */
  probeBytes: 65_536,
} as const;

export interface SqliteStoreOptions {
  /** The database file; made, with its folder, when it is not there. Its WAL lies beside it. */
  readonly file: string;
  /** 32 bytes that seal personal content; the same for the life of the file. */
  readonly sealKey: Uint8Array;
  readonly clock?: (() => Date) | undefined;
  readonly busyTimeoutMs?: number | undefined;
  /** False: a damaged page is no reason not to open. For the commands that must work on what is left. */
  readonly isChecked?: boolean | undefined;
  /** A larger database is checked on opening only where it says who may do what. */
  readonly checkBytesMax?: number | undefined;
  /** Told about every commit. */
  readonly onBatch?: ((batch: Batch) => void) | undefined;
}

/**
 * The store in one SQLite file, for any number of processes on one machine (never on a network file
 * system: WAL needs shared memory). A commit holds the process for its fsync, nothing else does.
 *
 * A row that is not what this gateway wrote throws `plan.tampered` with table and id from whatever
 * reads it, lists too: a list that left it out would hide a waiting write or an approver from the
 * people who have to act, and would be taken for the whole. What does not open a row still works on
 * it (`status`, `idsIn`, `overdue`, `isWakeOwed`, `expired`, `countSince`, `settleTampered`), so it can be ended by
 * its id.
 *
 * Throws `config.invalid` (key of a wrong length or of another store, database of a newer version)
 * and `store.unavailable`; for a damaged file that one says so.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const busyTimeoutMs = options.busyTimeoutMs ?? DEFAULTS.busyTimeoutMs;
  const seal = createSeal(options.sealKey);
  const { writer, reader } = await openBoth(options.file, busyTimeoutMs, (raw) => {
    const { isChecked = true, checkBytesMax = CHECK_BYTES_MAX } = options;
    const damage = isChecked ? findDamage(raw, checkBytesMax) : undefined;
    if (damage !== undefined) throw storeDamaged(options.file, damage);
    migrate(raw, seal);
  });
  const scan = createLogScan();
  const committed: Reader = {
    seal,
    scan,
    isCommitted: true,
    db: new Kysely<Database>({ dialect: nodeSqliteDialect(createStatements(reader)) }),
  };
  const reads = createReads(committed);
  const dataVersion = writer.prepare('PRAGMA data_version');
  const watch = createRequestWatch({
    get: (id) => reads.requests.get(id),
    revisions: (ids) => revisionsOf(committed, ids),
    // Asked of the writer: for its own connection SQLite does not count its commits.
    foreignVersion: () => Number(dataVersion.get()?.['data_version']),
  });
  const group = createGroupCommit({
    raw: writer,
    assertInPlace: createPlaceCheck(options.file),
    clock: options.clock ?? (() => new Date()),
    busyTimeoutMs,
    unitMaxMs: DEFAULTS.unitMaxMs,
    onCommitted: watch.committed,
    onFailed: watch.failed,
    onBatch: options.onBatch ?? (() => undefined),
  });

  return {
    ...reads,
    commit: (work) =>
      group.run((scope) => work(createTransaction({ seal, scan, isCommitted: false, ...scope }))),
    waitForRequest: watch.wait,
    probe: () =>
      group.run(async ({ db }) => {
        await db
          .updateTable('meta')
          .set({ value: randomBytes(DEFAULTS.probeBytes) })
          .where('key', '=', 'probe')
          .execute();
      }),
    async close() {
      await group.close();
      watch.failed(storeUnavailable(new Error('the store is closed')));
      // The writer last: the last connection to close moves the WAL into the database.
      if (reader.isOpen) reader.close();
      if (writer.isOpen) writer.close();
    },
  };
}

async function openBoth(
  file: string,
  busyTimeoutMs: number,
  prepare: Parameters<typeof openWriter>[2],
) {
  try {
    const writer = await openWriter(file, busyTimeoutMs, prepare);
    try {
      return { writer, reader: openReader(file) };
    } catch (error) {
      writer.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (isDamage(error)) throw storeDamaged(file, (error as Error).message, error);
    throw storeUnavailable(error);
  }
}
