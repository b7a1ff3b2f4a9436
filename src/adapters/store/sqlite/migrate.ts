import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { Place, Seal } from '../sql/seal.ts';
import { initial } from './migrations/0001-initial.ts';
import { retryAt } from './migrations/0002-retry-at.ts';
import { connections } from './migrations/0003-connections.ts';
import { checkedCredential } from './migrations/0004-checked-credential.ts';
import { passkeys } from './migrations/0005-passkeys.ts';
import { notices } from './migrations/0006-notices.ts';
import { webhookSigners } from './migrations/0007-webhook-signers.ts';
import { radar } from './migrations/0008-radar.ts';
import { incidents } from './migrations/0009-incidents.ts';
import { alerts } from './migrations/0010-alerts.ts';
import { absences } from './migrations/0011-absences.ts';
import { howOften } from './migrations/0012-how-often.ts';
import { decisionsByPerson } from './migrations/0013-decisions-by-person.ts';
import { alarms } from './migrations/0014-alarms.ts';
import { sharedDamage } from './migrations/0015-shared-damage.ts';
import { askedByTime } from './migrations/0016-asked-by-time.ts';

/** Numbered from 1, never edited once released; a database remembers the last one in `user_version`. */
const MIGRATIONS: readonly string[] = [
  initial,
  retryAt,
  connections,
  checkedCredential,
  passkeys,
  notices,
  webhookSigners,
  radar,
  incidents,
  alerts,
  absences,
  howOften,
  decisionsByPerson,
  alarms,
  sharedDamage,
  askedByTime,
];

/** A value that only the right key opens. */
const SEAL_CHECK: Place = { table: 'meta', column: 'value', id: 'seal_check' };

/**
 * Brings a database to the schema of this code, all in one transaction, and makes sure that `seal` is
 * the one it was made with: a wrong key would let everything in it look forged.
 * Throws `config.invalid` for a newer database (downgrades are refused, the newer code may count on
 * what this one would break) and for another key; whatever SQLite throws otherwise.
 */
export function migrate(raw: DatabaseSync, seal: Seal): void {
  assertNotNewer(schemaOf(raw));
  if (schemaOf(raw) < MIGRATIONS.length) {
    raw.exec('BEGIN IMMEDIATE');
    try {
      applyMissing(raw, seal);
      raw.exec('COMMIT');
    } catch (error) {
      if (raw.isTransaction) raw.exec('ROLLBACK');
      throw error;
    }
  }
  assertSealed(raw, seal);
}

/** Reads the version again under the lock: another process may have migrated meanwhile. */
function applyMissing(raw: DatabaseSync, seal: Seal): void {
  const present = schemaOf(raw);
  assertNotNewer(present);
  for (const migration of MIGRATIONS.slice(present)) raw.exec(migration);
  raw.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  if (present > 0) return;
  const insert = raw.prepare('insert into meta (key, value) values (?, ?)');
  insert.run(SEAL_CHECK.id, seal.seal(SEAL_CHECK, randomBytes(16).toString('hex')));
  insert.run('probe', new Uint8Array());
}

function assertNotNewer(present: number): void {
  if (present <= MIGRATIONS.length) return;
  throw new GatewayError('config.invalid', {
    detail: `the store was written by a newer Sallyport (schema ${present}, this one knows ${MIGRATIONS.length})`,
  });
}

function assertSealed(raw: DatabaseSync, seal: Seal): void {
  const row = raw.prepare('select value from meta where key = ?').get(SEAL_CHECK.id);
  const sealed = row?.['value'];
  try {
    if (!(sealed instanceof Uint8Array)) throw new TypeError('no seal check');
    seal.open(SEAL_CHECK, sealed);
  } catch (cause) {
    const detail = 'the sealing key is not the one this store was made with';
    throw new GatewayError('config.invalid', { detail, cause });
  }
}

function schemaOf(raw: DatabaseSync): number {
  return Number(raw.prepare('PRAGMA user_version').get()?.['user_version']);
}
