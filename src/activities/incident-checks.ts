import type { ActionDefinition } from '../actions/define-action.ts';
import { AccountSchema, SecurityEventsSchema, TokenInfoSchema } from '../actions/account-shapes.ts';
import type { CheckName, CheckState, IncidentRecord } from '../core/incident.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import { compareScopes } from '../gate/connection-scopes.ts';
import {
  type IncidentCall,
  type IncidentCallDependencies,
  probeKey,
} from '../gate/incident-calls.ts';
import type { AuditLog } from '../ports/audit-log.ts';

/** What one look found. */
export interface Found {
  readonly name: CheckName;
  readonly state: CheckState;
  readonly detail: string;
  /** The key that was supplied can never pass this: another one is needed. */
  readonly isWrongKey?: true;
  /** Of the new key, where HubSpot says it. */
  readonly appId?: number;
}

type Deps = IncidentCallDependencies;

const isDead = (answer: CrmAnswer): boolean =>
  answer.kind === 'refused' && answer.code === 'hubspot.unauthorized';

const unreachable = (name: CheckName): Found => ({
  name,
  state: 'waiting',
  detail: 'HubSpot could not be asked; it is asked again.',
});

/** Proof 1 (reference: HubSpot, "Verifying a rotation"): only HubSpot's own 401 says that a key is dead. */
export async function oldKeyDead(deps: Deps, incident: IncidentRecord): Promise<Found> {
  const name = 'old_key_dead';
  const { id: incidentId, connection, oldVersion } = incident;
  if (oldVersion === null)
    return { name, state: 'not_possible', detail: 'There was no key in use.' };
  const of = { incidentId, connection, version: oldVersion };
  const answer = await probeKey(deps, of, { kind: 'read_account' });
  if (isDead(answer)) return { name, state: 'passed', detail: 'HubSpot refuses it (401).' };
  // 403 and the like: whoever is told that a scope is missing is still let in.
  if (answer.kind === 'answered' || answer.kind === 'refused')
    return { name, state: 'waiting', detail: 'The old key still works.' };
  return unreachable(name);
}

/** Proof 2a: the new key opens the account that the connection leads to. */
export async function sameAccount(
  deps: Deps,
  of: IncidentCall,
  portalId: number | undefined,
): Promise<Found> {
  const name = 'same_account';
  const answer = await probeKey(deps, of, { kind: 'read_account' });
  if (isDead(answer))
    return { name, state: 'failed', detail: 'HubSpot refuses the new key.', isWrongKey: true };
  if (answer.kind !== 'answered') return unreachable(name);
  const account = AccountSchema.safeParse(answer.json);
  if (!account.success) return unreachable(name);
  const found = account.data.portalId;
  if (portalId !== undefined && found !== portalId)
    return {
      name,
      state: 'failed',
      detail: `The new key opens account ${found}, not ${portalId}.`,
      isWrongKey: true,
    };
  return { name, state: 'passed', detail: `Account ${found}.` };
}

const listed = (scopes: readonly string[]): string => scopes.join(', ');

/** Proof 2b: no scope too few for what agents may do, and none that would only widen what a stolen key can do. */
export async function exactScopes(
  deps: Deps,
  of: IncidentCall,
  enabled: readonly ActionDefinition[],
): Promise<Found> {
  const name = 'exact_scopes';
  const answer = await probeKey(deps, of, { kind: 'read_token' });
  if (answer.kind === 'refused')
    return { name, state: 'not_possible', detail: 'HubSpot does not say what this key may do.' };
  const info = answer.kind === 'answered' ? TokenInfoSchema.safeParse(answer.json) : undefined;
  if (info?.data === undefined) return unreachable(name);
  const { granted, missing, surplus } = compareScopes(info.data.scopes, enabled);
  const wrong = [
    ...(missing.length === 0 ? [] : [`missing: ${listed(missing.map(({ scope }) => scope))}`]),
    ...(surplus.length === 0 ? [] : [`not needed: ${listed(surplus)}`]),
  ];
  // Scopes are changed in HubSpot on the same key, so it is looked at again.
  return wrong.length === 0
    ? { name, state: 'passed', detail: `${granted.length} scopes.`, appId: info.data.appId }
    : { name, state: 'failed', detail: `Change the key’s scopes in HubSpot; ${wrong.join('; ')}.` };
}

const ROTATION = /_(?:ROTATE|CREATE|DEACTIVATE)$/;
/** HubSpot may be late with it, and not every plan lets it be read. */
const EVENT_WAIT_MS = 30_000;

/** Proof 3, where HubSpot lets it be read: the account's own security log shows it. */
export async function rotationSeen(
  deps: Deps,
  incident: IncidentRecord,
  of: IncidentCall,
  now: Date,
): Promise<Found> {
  const name = 'rotation_seen';
  const since = incident.openedAt;
  const answer = await probeKey(deps, of, { kind: 'read_security_events', since });
  if (answer.kind === 'refused')
    return { name, state: 'not_possible', detail: 'This key may not read HubSpot’s security log.' };
  if (answer.kind !== 'answered') return unreachable(name);
  const events = SecurityEventsSchema.safeParse(answer.json);
  const rotation = events.data?.results.find(({ type }) => ROTATION.test(type));
  if (rotation !== undefined)
    return { name, state: 'passed', detail: `${rotation.type}, ${rotation.createdAt}.` };
  const suppliedAt = incident.reached.supplied ?? now;
  if (now.getTime() - suppliedAt.getTime() < EVENT_WAIT_MS)
    return { name, state: 'waiting', detail: 'Not there yet; HubSpot may be late with it.' };
  return { name, state: 'not_possible', detail: 'HubSpot’s security log does not show it (yet).' };
}

/** The published log, whole and growing from the checkpoint that was kept at containment. */
export async function logWhole(
  { auditLog }: { readonly auditLog: AuditLog },
  incident: IncidentRecord,
): Promise<Found> {
  const name = 'log_whole';
  const since = incident.evidence?.log.note ?? undefined;
  const { size, findings } = await auditLog.verify(since);
  const [first] = findings;
  if (first !== undefined)
    return { name, state: 'failed', detail: `${findings.length} findings, the first: ${first}` };
  const from = incident.evidence?.log.size ?? 0;
  return { name, state: 'passed', detail: `${size} entries, complete from ${from} on.` };
}
