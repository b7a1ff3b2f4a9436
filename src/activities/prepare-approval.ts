import { findAction } from '../actions/catalogue.ts';
import type { PresentRecord } from '../actions/define-action.ts';
import { shownFields } from '../actions/shown-fields.ts';
import type { Card, CardChanged, Requirement } from '../contracts/card.ts';
import { effectsOf, hubspotUrl } from '../core/card-facts.ts';
import { type CrmNames, NO_NAMES } from '../core/crm-names.ts';
import { engineCard } from '../core/engine-card.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isHighRisk } from '../core/high-risk.ts';
import { movedProperties } from '../core/moved.ts';
import { promptSignals } from '../core/prompt-rules.ts';
import type { AgentRecord, AuditEvent, RequestRecord } from '../core/records.ts';
import type { Ending } from '../gate/close.ts';
import { closeUntouched } from '../gate/close-untouched.ts';
import type { DecisionRules } from '../gate/decisions.ts';
import { approveAhead, grantFor, isAnyAhead } from '../gate/granted-ahead.ts';
import { callFor, type CallFor } from '../gate/request-calls.ts';
import { readLogged } from '../gate/logged.ts';
import { oweAsked, putTo } from '../gate/notices.ts';
import { wordsOf } from '../gate/own-agent.ts';
import { requirementOf } from '../gate/policy-query.ts';
import { requestEntry } from '../gate/request-entry.ts';
import { requesterIn } from '../gate/requester.ts';
import type { CheckpointSeen } from '../ports/audit-log.ts';
import type { Policy } from '../policy/policy.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies, Timing } from './dependencies.ts';
import type { CredentialLease } from './fetch-secret.ts';
import { readPresent } from './guarded-reads.ts';
import { createNameReader } from './read-names.ts';

interface CardParts {
  readonly request: RequestRecord;
  readonly agent: AgentRecord;
  readonly present: readonly PresentRecord[];
  /** What HubSpot calls the values in it. */
  readonly names: CrmNames;
  readonly now: Date;
  readonly timing: Pick<Timing, 'approvalMs' | 'highRiskApprovalMs'>;
  readonly checkpoint: CheckpointSeen;
  readonly requirement: Requirement;
  /** HubSpot's number of the account; undefined until it was connected. */
  readonly portalId: number | undefined;
  /** Whose values they are, where a person changed what was asked. */
  readonly changed: CardChanged | undefined;
}

/** What is of high risk waits a shorter time. A deadline is never put off, however long its card took. */
function deadlineOf(
  { request, now, timing }: CardParts,
  card: Pick<Card, 'risk' | 'requires'>,
): Date {
  const waitsMs = isHighRisk(card) ? timing.highRiskApprovalMs : timing.approvalMs;
  const given = request.expiresAt?.getTime() ?? Infinity;
  return new Date(Math.min(given, now.getTime() + waitsMs));
}

/** The card: from the plan's bytes and the records as they are; the agent's words only under `claimed`. */
function buildCard(parts: CardParts): Card {
  const { request, agent, present, checkpoint, requirement: requires, portalId, changed } = parts;
  const action = findAction(request.action);
  const { plan, digest } = request;
  if (action?.card === undefined || plan === null || digest === null) {
    throw new GatewayError('plan.tampered', { detail: 'the stored request cannot be shown' });
  }
  const { sentence, records, changes } = action.card(plan, present, parts.names);
  const isRemoval = plan.operations.some(({ kind }) => kind === 'archive');
  const risk = isRemoval ? 'destructive' : request.risk;
  return {
    request_id: request.id,
    digest,
    action: request.action,
    sentence,
    risk,
    connection: request.connection,
    agent: { id: agent.id, name: agent.name },
    records: records.map((record) => ({ ...record, ...hubspotUrl(portalId, record) })),
    changes: [...changes],
    seen: present.map(({ object_type, id, properties }) => ({ object_type, id, properties })),
    claimed: { user_id: request.submission.userId, prompt: request.submission.prompt },
    signals: promptSignals(wordsOf(agent.id, request.submission)),
    effects: effectsOf(plan),
    ...(changed === undefined ? {} : { changed }),
    requires,
    expires_at: deadlineOf(parts, { risk, requires }).toISOString(),
    log: { size: checkpoint.size, root_prefix: checkpoint.rootPrefix },
  };
}

interface Asking {
  /** Of what was read for the card. */
  readonly entries: readonly AuditEvent[];
  readonly places: ActivityDependencies['noticePlaces'];
  readonly rules: DecisionRules;
}

async function recordCard(
  tx: StoreTransaction,
  request: RequestRecord,
  card: Card,
  { entries, places, rules }: Asking,
): Promise<void> {
  for (const entry of entries) await tx.log.append(entry);
  const now = await tx.requests.get(request.id);
  if (now?.status !== 'planned') return;
  const isAsked = card.requires.approvals > 0;
  await tx.requests.update(request.id, {
    status: isAsked ? 'awaiting_approval' : 'approved',
    // A card that nobody is shown is none: the log says of each that it was shown.
    card: isAsked ? card : null,
    requirement: card.requires,
    expiresAt: new Date(card.expires_at),
  });
  // Where it was recorded without an engine at hand, its workflow has come now.
  await tx.requests.setWake(request.id, null);
  if (!isAsked) return;
  const ahead = await allowedAhead(tx, request, rules.policy);
  // What is allowed ahead asks nobody; systems are told of each all the same.
  const told = ahead === undefined ? places : places.filter(({ channel }) => channel === 'webhook');
  const asked = await oweAsked(tx, request.id, told);
  await tx.log.append({
    event: 'approval.requested',
    ...requestEntry(request),
    facts: {
      approvals: card.requires.approvals,
      roles: card.requires.roles,
      expires_at: card.expires_at,
      ...(asked.length === 0 ? {} : { asked }),
      // A channel is no person: who could have decided must not have to be worked out afterwards.
      ...(ahead === undefined ? { people: await putTo(tx, { ...request, card }) } : {}),
    },
    personal: { card },
  });
  if (ahead === undefined) return;
  const { looked, grant } = ahead;
  if (!(await approveAhead(tx, looked, grant, rules))) await oweAsked(tx, request.id, places);
}

/** The standing grant that covers this request, which has just got its card; undefined: people are asked. */
async function allowedAhead(tx: StoreTransaction, asked: RequestRecord, policy: Policy) {
  if (!(await isAnyAhead(tx, asked))) return undefined;
  const request = await tx.requests.get(asked.id);
  const agent = request && (await tx.agents.get(request.agentId));
  if (request === undefined || agent === undefined) return undefined;
  const people = await tx.people.list();
  const requester = await requesterIn(tx, request.submission.userId, people);
  const present = request.card?.seen ?? [];
  const looked = { request, agent, people, policy, present, requester };
  const grant = await grantFor(tx, looked);
  return grant && { looked, grant };
}

/**
 * Ends the request before anyone is bothered, with the entries of what was read for the card. Another
 * run of this step may have been faster: what it has made of the request stands.
 */
async function endAtCard(
  tx: StoreTransaction,
  requestId: string,
  ending: Ending,
  entries: readonly AuditEvent[],
): Promise<void> {
  for (const entry of entries) await tx.log.append(entry);
  const request = await tx.requests.get(requestId);
  if (request?.status !== 'planned') return;
  const cause = { event: 'request.refused', actor: 'gateway', facts: { at: 'card' } } as const;
  await closeUntouched(tx, request, ending, cause);
}

const expectedBy = ({ plan }: RequestRecord) =>
  (plan?.steps ?? []).flatMap(({ expects }) => (expects === undefined ? [] : [expects]));

/** Law 12: what stands there is no more what would be taken back, and nobody is asked to overwrite it. */
const staleAt = (moved: string): Ending => ({
  status: 'refused',
  code: 'approval.stale',
  detail: `${moved} changed since it was written`,
});

/** Asked of policy on the records as they are now. */
async function requirementNow(
  deps: ActivityDependencies,
  { connection, submission }: RequestRecord,
  agent: AgentRecord,
  present: readonly PresentRecord[],
): Promise<Requirement | undefined> {
  const of = { agent, connection, submission, present };
  return requirementOf(deps.policy(), of, await deps.store.people.list());
}

/** By the log: its row says no more than that of any other request. */
async function changedBy(
  { store }: ActivityDependencies,
  { id, action }: RequestRecord,
): Promise<CardChanged | undefined> {
  const { changedFrom } = await readLogged(store, id);
  if (changedFrom === undefined) return undefined;
  const { requestId: from, by, fields } = changedFrom;
  const labels = findAction(action)?.changeable ?? {};
  const name = (await store.people.get(by))?.name ?? by;
  return { from, by: { id: by, name }, fields: fields.map((field) => labels[field] ?? field) };
}

async function commitEntries(
  { store }: ActivityDependencies,
  entries: readonly AuditEvent[],
): Promise<void> {
  await store.commit(async (tx) => {
    for (const entry of entries) await tx.log.append(entry);
  });
}

/**
 * Step 3a: reads the records the write would touch and what HubSpot calls what would change, makes the card and lets the request wait for
 * people. Returns the card as Temporal's UI shows it. Does nothing more when the request waits already. What policy asks
 * for is settled here, on the money that the records hold now. A record that does not exist, or that
 * holds more than anyone may approve, ends the request before anyone is bothered. Errors: HubSpot's
 * passing ones, `freeze.active`, `credential.missing`, `policy.denied`, `log.unavailable`,
 * `plan.tampered`, `store.unavailable`.
 */
export function createPrepareApproval(deps: ActivityDependencies) {
  const readNames = createNameReader(deps);

  /** Adds to `entries`; where HubSpot is away they are committed, and the card waits. */
  async function namesFor(
    { plan }: RequestRecord,
    present: readonly PresentRecord[],
    of: CallFor,
    entries: AuditEvent[],
  ): Promise<CrmNames> {
    const fields = plan === null ? [] : shownFields(plan, present);
    try {
      return await readNames(of, fields, entries);
    } catch (error) {
      await commitEntries(deps, entries);
      throw error;
    }
  }

  /** The card's Markdown; empty when the request has ended instead. */
  async function makeCard(
    request: RequestRecord,
    agent: AgentRecord,
    checkpoint: CheckpointSeen,
    call: CallFor,
  ): Promise<string> {
    const targets = request.plan?.targets ?? [];
    const { presence, entries: answered } = await readPresent(deps, call, targets);
    const entries = [...answered];
    const endAs = async (ending: Ending): Promise<string> => {
      await deps.store.commit((tx) => endAtCard(tx, request.id, ending, entries));
      return '';
    };
    if (presence.kind === 'unreadable') {
      await commitEntries(deps, entries);
      throw new GatewayError(presence.code);
    }
    if (presence.kind === 'gone')
      return endAs({ status: 'failed', code: presence.code, detail: presence.detail });
    const { records: present } = presence;
    const moved = movedProperties(expectedBy(request), present);
    if (moved !== undefined) return endAs(staleAt(moved));
    const requirement = await requirementNow(deps, request, agent, present);
    if (requirement === undefined) return endAs({ status: 'refused', code: 'policy.denied' });
    // A card that nobody is shown needs none.
    const names =
      requirement.approvals === 0 ? NO_NAMES : await namesFor(request, present, call, entries);
    const portalId = (await deps.store.connections.get(request.connection))?.portalId;
    const changed = await changedBy(deps, request);
    const made = { request, agent, present, names, checkpoint, requirement, portalId, changed };
    const card = buildCard({ ...made, now: deps.clock(), timing: deps.timing });
    const { approvalValidMs, selfApprovalMs } = deps.timing;
    const rules = { policy: deps.policy(), approvalValidMs, selfApprovalMs };
    const asking = { entries, places: deps.noticePlaces, rules };
    // What a grant's use asks of the log is looked up here, where nobody waits for it.
    await deps.store.log.trace(request.id);
    await deps.store.commit((tx) => recordCard(tx, request, card, asking));
    return engineCard(card);
  }

  return async function prepareApproval(
    requestId: string,
    credential: CredentialLease,
  ): Promise<string> {
    const request = await deps.store.requests.get(requestId);
    if (request?.card != null) return engineCard(request.card);
    if (request?.status !== 'planned' || request.plan === null) return '';
    const agent = await deps.store.agents.get(request.agentId);
    if (agent === undefined) throw new GatewayError('policy.denied');
    // First: without any of these no card can be made, and HubSpot is not asked in vain.
    await deps.store.people.list();
    const checkpoint = await deps.auditLog.checkpoint();
    return makeCard(request, agent, checkpoint, callFor(request, credential, 'card'));
  };
}
