import { canonicalBytes } from '../audit/leaf.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError, isTampered } from '../core/gateway-error.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import { mayDecide } from '../policy/requirement.ts';
import type { LogReads, StoreTransaction } from '../ports/store.ts';
import { type Ballot, openBallot } from './ballot.ts';
import type { ChangeRules } from './changes.ts';
import { endTampered } from './close.ts';
import type { ProvenDecision } from './decisions.ts';
import { placeToDecide, type Standing, type Waiting } from './eligible.ts';
import { entryOf, type Logged } from './logged.ts';
import { isOwnAgent } from './own-agent.ts';
import { requestEntry } from './request-entry.ts';
import { judgeSuccessor, recordSuccessor } from './successor.ts';
import { assertUntouched } from './untouched.ts';

/** One renewal of a request, whoever presses: its successor's id says so. */
const KEY = 'renewal';

/** How many of its agent's writes since then are looked through for the same question, so many at a time. */
const ASKED_AGAIN = { pageMax: 100, pagesMax: 10 } as const;

export interface Renewal {
  readonly successor: string;
  /** The person's id. */
  readonly by: string;
}

export type Renewed =
  | ({ readonly kind: 'renewed' } & Renewal)
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail?: string | undefined };

/** By whom, as a door has proven it. */
export type ProvenRenewal = Pick<ProvenDecision, 'requestId' | 'person' | 'proof'>;

/** The new card that a person had made of a request that was out of date, by the log. */
export async function renewalOf(
  log: Pick<LogReads, 'trace'>,
  requestId: string,
): Promise<Renewal | undefined> {
  const { records } = await log.trace(requestId);
  for (const { leaf } of records) {
    const { event, actor, facts } = entryOf(leaf);
    const { successor } = facts;
    if (event === 'approval.renewed' && typeof successor === 'string')
      return { successor, by: actor.replace(/^person:/, '') };
  }
  return undefined;
}

/** Refused because its record had moved, and by nothing else: then nothing of it was sent. */
export const isOutOfDate = ({ status, code }: Pick<RequestRecord, 'status' | 'code'>): boolean =>
  status === 'refused' && code === 'approval.stale';

/** As its log has it. Throws `approval.closed` of what ended otherwise, `plan.tampered` of a row that its log belies. */
async function assertOutOfDate(tx: StoreTransaction, request: RequestRecord): Promise<Logged> {
  if (!isOutOfDate(request))
    throw new GatewayError('approval.closed', { detail: `the request is ${request.status}` });
  const { logged } = await assertUntouched(tx, request);
  const isLogged = logged.end !== undefined && isOutOfDate(logged.end);
  if (!isLogged || logged.begunAt !== undefined)
    throw new GatewayError('plan.tampered', { detail: 'the log says that it ended otherwise' });
  if (isOwnAgent(request.agentId))
    throw new GatewayError('approval.not_changeable', { detail: 'what the gateway takes back' });
  return logged;
}

/** Where they could decide on it if it still waited, also who did: what they said was about the card before. */
export const placeToRenew = (of: Waiting, person: PersonRecord): Standing | ErrorCode =>
  placeToDecide(
    {
      ...of,
      request: { ...of.request, status: 'awaiting_approval', expiresAt: null },
      earlier: [],
    },
    person,
  );

/** Throws `approval.not_eligible`, `approval.own_request`. */
async function assertMayRenew(
  tx: StoreTransaction,
  ballot: Ballot,
  person: PersonRecord,
  { policy, selfApprovalMs }: ChangeRules,
): Promise<void> {
  const agent = await tx.agents.get(ballot.request.agentId);
  const rules = { policy, selfApprovalMs, askPolicy: mayDecide, now: tx.now };
  const place = placeToRenew({ ...ballot, ...rules, agent }, person);
  if (typeof place === 'string') throw new GatewayError(place);
}

const questionOf = ({ submission: { userId, action } }: RequestRecord): string =>
  Buffer.from(canonicalBytes([userId, action])).toString('base64');

const closed = (detail: string): GatewayError => new GatewayError('approval.closed', { detail });

/** This agent's writes after that one, whether or not their cards are made: none that is left out is younger. */
async function writesSince(
  tx: StoreTransaction,
  { agentId, createdAt }: RequestRecord,
): Promise<readonly RequestRecord[]> {
  const limit = ASKED_AGAIN.pageMax;
  const planned = await tx.requests.list({ agentId, statuses: ['planned', 'approved'], limit });
  const found = planned.rows.filter((one) => one.createdAt > createdAt);
  let before: string | undefined;
  for (let page = 0; page < ASKED_AGAIN.pagesMax; page += 1) {
    const asked = {
      agentId,
      isAsked: true,
      limit,
      ...(before === undefined ? {} : { before }),
    } as const;
    const { rows, damaged } = await tx.requests.list(asked);
    const younger = rows.filter((one) => one.createdAt > createdAt);
    found.push(...younger);
    before = rows.at(-1)?.id;
    if (
      younger.length < rows.length ||
      rows.length + damaged.length < limit ||
      before === undefined
    )
      return found;
  }
  throw closed('its agent has asked for more since then than is looked through');
}

/** Two cards for one thing would be two writes. Throws `approval.closed` naming the other. */
async function assertNotAskedAgain(tx: StoreTransaction, request: RequestRecord): Promise<void> {
  const question = questionOf(request);
  const again = (await writesSince(tx, request)).find(
    (other) => other.status !== 'refused' && questionOf(other) === question,
  );
  if (again !== undefined) throw closed(`its agent has asked for the same again: ${again.id}`);
}

/** Whose values they are goes along: what no grant may cover, and the card says so. */
const changedFacts = ({ changedFrom }: Logged): Readonly<Record<string, unknown>> =>
  changedFrom === undefined
    ? {}
    : {
        changed_from: changedFrom.requestId,
        changed_by: changedFrom.by,
        changed_fields: changedFrom.fields,
      };

async function renew(
  tx: StoreTransaction,
  { requestId, person: { id: by }, proof }: ProvenRenewal,
  rules: ChangeRules,
): Promise<Renewal> {
  const ballot = await openBallot(tx, requestId, rules);
  const { request, people } = ballot;
  const logged = await assertOutOfDate(tx, request);
  const person = people.find(({ id }) => id === by);
  if (person === undefined) throw new GatewayError('approval.not_eligible');
  await assertMayRenew(tx, ballot, person, rules);
  const before = await renewalOf(tx.log, requestId);
  if (before !== undefined) return before;
  await assertNotAskedAgain(tx, request);
  const { action } = request.submission;
  const next = await judgeSuccessor(tx, request, {
    key: KEY,
    action,
    people,
    policy: rules.policy,
  });
  const actor = `person:${by}`;
  const facts = { renewed_from: requestId, renewed_by: by, ...changedFacts(logged) };
  await recordSuccessor(tx, next, { actor, facts, approvalMs: rules.approvalMs });
  const entry = { ...requestEntry(request, actor), facts: { successor: next.id, proof } };
  await tx.log.append({ event: 'approval.renewed', ...entry });
  return { successor: next.id, by };
}

async function refuse(
  tx: StoreTransaction,
  { requestId, person, proof }: ProvenRenewal,
  error: GatewayError,
): Promise<Renewed> {
  const code = isTampered(error) ? await endTampered(tx, requestId, error) : error.code;
  const facts = { decision: 'renew', proof };
  const by = { requestId, actor: `person:${person.id}` };
  await tx.log.append({ event: 'approval.refused', ...by, code, facts });
  return { kind: 'refused', code, detail: error.detail };
}

/**
 * Has a request that was out of date asked anew: the same question, read, judged and shown as things are now, with a
 * digest of its own. No decision goes along. However often it is pressed, and by whomever, there is one successor.
 * The original stays ended. What does not count is recorded as a refused attempt and returned, never thrown. The
 * caller wakes the successor; losing that message costs time only.
 */
export async function recordRenewal(
  tx: StoreTransaction,
  made: ProvenRenewal,
  rules: ChangeRules,
): Promise<Renewed> {
  try {
    return { kind: 'renewed', ...(await renew(tx, made, rules)) };
  } catch (error) {
    if (error instanceof GatewayError && error.code !== 'store.unavailable')
      return refuse(tx, made, error);
    throw error;
  }
}
