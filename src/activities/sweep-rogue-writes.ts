import { Context } from '@temporalio/activity';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { ConnectionRecord } from '../core/records.ts';
import { assertReadable } from '../gate/callable.ts';
import { nextFrom, recordSweep } from '../gate/radar-record.ts';
import { type RadarReport, sweep } from '../gate/radar.ts';
import type { CredentialRef } from '../ports/crm.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './with-heartbeat.ts';

export type SweepOutcome =
  /** `found`: what no sweep had found before. */
  | { readonly kind: 'swept'; readonly found: number; readonly isWhole: boolean }
  | { readonly kind: 'not_connected' }
  | { readonly kind: 'failed'; readonly code: ErrorCode };

const BY = 'gateway';

/** Trouble of our own, which a retry outlasts; there may be no log to say it in either. */
const OWN_TROUBLE: ReadonlySet<ErrorCode> = new Set(['store.unavailable', 'secret.unavailable']);

async function activeCredential(
  { store }: ActivityDependencies,
  connection: string,
): Promise<CredentialRef> {
  const active = await store.credentials.active(connection);
  if (active === undefined) throw new GatewayError('credential.missing');
  return { connection, version: active.version };
}

/** From where the last whole sweep ended, the first time from when the account was connected. */
async function windowStart(
  { store }: ActivityDependencies,
  { name, checkedAt, accountSince }: ConnectionRecord,
): Promise<Date> {
  const known = await store.radar.get(name);
  const from = known === undefined ? checkedAt : nextFrom(known);
  return accountSince !== null && accountSince > from ? accountSince : from;
}

async function look(deps: ActivityDependencies, of: ConnectionRecord): Promise<RadarReport> {
  const { store, crm, clock } = deps;
  const credential = await activeCredential(deps, of.name);
  const pause = (ms: number): Promise<void> => Context.current().sleep(ms);
  return sweep(
    { store, crm, clock, pause },
    {
      ...{ connection: of.name, credential, by: BY, purpose: 'radar' },
      from: await windowStart(deps, of),
      to: clock(),
      assertMayCall: (tx) => assertReadable(tx, { credential }),
    },
  );
}

async function noteFailure(
  { store }: ActivityDependencies,
  connection: string,
  error: unknown,
): Promise<SweepOutcome> {
  if (!(error instanceof GatewayError) || OWN_TROUBLE.has(error.code)) throw error;
  const { code } = error;
  await store.commit((tx) =>
    tx.log.append({ event: 'radar.failed', actor: BY, code, facts: { connection } }),
  );
  return { kind: 'failed', code };
}

/**
 * The radar on its schedule: sweeps the time since the last whole sweep, and records what it found. Safe to run any
 * number of times and at once: a finding is told once. Does nothing while no account is connected. A freeze or a
 * dead token is in the log as `radar.failed`, and the next sweep goes back to where this one would have begun.
 * Errors: `store.unavailable`, `secret.unavailable`.
 */
export function createSweepRogueWrites(deps: ActivityDependencies) {
  const { connection } = deps;
  return async function sweepRogueWrites(): Promise<SweepOutcome> {
    const connected = await deps.store.connections.get(connection);
    if (connected === undefined) return { kind: 'not_connected' };
    try {
      const report = await withHeartbeat(() => look(deps, connected));
      const found = await deps.store.commit((tx) => recordSweep(tx, report, { by: BY }));
      return { kind: 'swept', found: found.length, isWhole: report.isWhole };
    } catch (error) {
      return noteFailure(deps, connection, error);
    }
  };
}
