import { findAction } from '../actions/catalogue.ts';
import type { Undo } from '../contracts/undo.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import { hasBegun } from '../core/request-state.ts';
import type { Crm } from '../ports/crm.ts';
import type { Store } from '../ports/store.ts';
import { assertOneDigest } from './untouched.ts';
import { assertSameAccount } from './callable.ts';
import { foldUndos, type Wanted } from './folded-undos.ts';
import type { CallFor } from './request-calls.ts';
import { readLogged } from './logged.ts';
import { ensureOwnAgent } from './own-agent.ts';
import { divideUndos, type NotRevertible, placesOf, type TakeBackPlan } from './divided-undos.ts';
import { readLink, readStandings } from './take-back-reads.ts';

export interface TakeBackDependencies {
  readonly store: Store;
  readonly crm: Crm;
  /** What is taken back is taken back on this one. */
  readonly connection: string;
}

export interface PlanOptions {
  /** Told as records are read: how many of how many. */
  readonly onProgress?: ((read: number, of: number) => void) | undefined;
}

interface Undos {
  readonly wanted: readonly Wanted[];
  readonly not: readonly NotRevertible[];
}

/** What of this request was executed, from its logged plan and the write ledger. */
async function undosOf({ store, connection }: TakeBackDependencies, id: string): Promise<Undos> {
  const request = await store.requests.get(id);
  if (request === undefined) throw new GatewayError('request.not_found', { detail: id });
  const rows = await store.ledger.of(id);
  const not = (reason: string): Undos => ({
    wanted: [],
    not: [{ of: id, object_type: null, id: null, reason }],
  });
  if (hasBegun(request.status)) return not('what became of it is not known yet');
  if (request.plan === null || rows.length === 0) return { wanted: [], not: [] };
  if (request.connection !== connection) return not(`it was for ${request.connection}`);
  if (!(await isSameAccount(store, request)))
    return not('the connection leads to another HubSpot account since');
  assertOneDigest(request, await readLogged(store, id), []);
  const undo = findAction(request.action)?.undo?.(request.plan, rows) ?? [];
  return { wanted: undo.map((one) => ({ of: id, undo: one })), not: [] };
}

async function isSameAccount(store: Store, request: RequestRecord): Promise<boolean> {
  try {
    await assertSameAccount(store, request);
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'connection.portal_changed') return false;
    throw error;
  }
}

async function callOf({ store, connection }: TakeBackDependencies): Promise<CallFor> {
  const agent = await store.commit(ensureOwnAgent);
  const active = await store.credentials.active(connection);
  if (active === undefined) throw new GatewayError('credential.missing');
  const credential = { connection, version: active.version };
  return { agentId: agent.id, credential, purpose: 'incident' };
}

const keyOf = (record: { readonly object_type: string; readonly id: string }): string =>
  `${record.object_type}/${record.id}`;

/**
 * Divides what is wanted back, newest first, by what stands in HubSpot now: strongly consistent reads,
 * each with its intent, purpose `incident`. Also for changes that are not ours (`of: null`). Errors:
 * `freeze.active`, `credential.missing`, `store.unavailable`, and what HubSpot's trouble is called.
 */
export async function planChanges(
  deps: TakeBackDependencies,
  wanted: readonly Wanted[],
  { onProgress }: PlanOptions = {},
): Promise<TakeBackPlan> {
  const folding = foldUndos(wanted);
  if (wanted.length === 0) return divideUndos(folding, NOTHING_SEEN);
  const of = await callOf(deps);
  const places = placesOf(folding);
  let read = 0;
  const standings = await readStandings(deps, of, places, (records) => {
    read += records;
    onProgress?.(read, places.length);
  });
  const found = new Map(places.map((place, i) => [keyOf(place), standings[i]]));
  const isPresent = (ref: Parameters<typeof keyOf>[0]): boolean =>
    found.get(keyOf(ref))?.kind === 'present';
  const links = new Map<string, Awaited<ReturnType<typeof readLink>>>();
  const undos = folding.items.flatMap(({ undo, absorbed }) => [
    undo,
    ...absorbed.map((a) => a.undo),
  ]);
  for (const undo of undos)
    if (undo.kind === 'dissociate' && isPresent(undo.from) && isPresent(undo.to))
      links.set(linkKey(undo), await readLink(deps, of, undo));
  return divideUndos(folding, {
    standingOf: (record) => found.get(keyOf(record)) ?? { kind: 'erased' },
    linkOf: (undo) => links.get(linkKey(undo)) ?? { kind: 'unclear' },
  });
}

const NOTHING_SEEN: Parameters<typeof divideUndos>[1] = {
  standingOf: () => ({ kind: 'erased' }),
  linkOf: () => ({ kind: 'none' }),
};

const linkKey = ({ from, to }: Extract<Undo, { kind: 'dissociate' }>): string =>
  `${keyOf(from)}/${keyOf(to)}`;

/**
 * What of these executed writes can be taken back, newest first: also of those of several steps, and of
 * those that stopped half-way. Errors as of `planChanges`; `request.not_found`, `plan.tampered`.
 */
export async function planTakeBack(
  deps: TakeBackDependencies,
  requestIds: readonly string[],
  options: PlanOptions = {},
): Promise<TakeBackPlan> {
  const wanted: Wanted[] = [];
  const not: NotRevertible[] = [];
  for (const id of requestIds) {
    const undos = await undosOf(deps, id);
    wanted.push(...undos.wanted);
    not.push(...undos.not);
  }
  const plan = await planChanges(deps, wanted, options);
  return { ...plan, not_revertible: [...plan.not_revertible, ...not] };
}
