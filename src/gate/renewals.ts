import { canonicalBytes } from '../audit/leaf.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import { mayDecide } from '../policy/requirement.ts';
import type { LogReads, StoreTransaction } from '../ports/store.ts';
import { type Ballot, openBallot } from './ballot.ts';
import type { ChangeRules } from './changes.ts';
import { placeToDecide, type Standing, type Waiting } from './eligible.ts';
import { entryOf } from './logged.ts';
import { isOwnAgent } from './own-agent.ts';
import { requestEntry } from './request-entry.ts';
import { judgeSuccessor, recordSuccessor } from './successor.ts';
import { assertUntouched } from './untouched.ts';

/** One renewal of a request, whoever presses: its successor's id says so. */
const KEY = 'renewal';

/** Newest requests of its agent that are looked through for the same question. */
const LOOKED_AT_MAX = 100;

export interface Renewal {
  readonly successor: string;
  /** The person's id. */
  readonly by: string;
}

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

/** Throws `approval.closed` of what ended otherwise, `plan.tampered` of a row that its log belies. */
async function assertOutOfDate(tx: StoreTransaction, request: RequestRecord): Promise<void> {
  if (!isOutOfDate(request))
    throw new GatewayError('approval.closed', { detail: `the request is ${request.status}` });
  const { logged } = await assertUntouched(tx, request);
  const isLogged = logged.end !== undefined && isOutOfDate(logged.end);
  if (!isLogged || logged.begunAt !== undefined)
    throw new GatewayError('plan.tampered', { detail: 'the log says that it ended otherwise' });
  if (isOwnAgent(request.agentId))
    throw new GatewayError('approval.not_changeable', { detail: 'what the gateway takes back' });
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

/** Two cards for one thing would be two writes. Throws `approval.closed` naming the other. */
async function assertNotAskedAgain(tx: StoreTransaction, request: RequestRecord): Promise<void> {
  const { rows } = await tx.requests.list({ agentId: request.agentId, limit: LOOKED_AT_MAX });
  const question = questionOf(request);
  const again = rows.find(
    (other) =>
      other.createdAt > request.createdAt &&
      other.status !== 'refused' &&
      questionOf(other) === question,
  );
  if (again !== undefined)
    throw new GatewayError('approval.closed', {
      detail: `its agent has asked for the same again: ${again.id}`,
    });
}

/**
 * Has a request that was out of date asked anew: the same question, read, judged and shown as things are now, with a
 * digest of its own. No decision goes along. However often it is pressed, and by whomever, there is one successor.
 * The original stays ended. The caller wakes the successor; losing that message costs time only.
 *
 * Throws `approval.not_found`, `approval.closed`, `approval.not_eligible`, `approval.own_request`, `plan.tampered`,
 * and what `judgeSuccessor` does.
 */
export async function recordRenewal(
  tx: StoreTransaction,
  { requestId, person: { id: by } }: { readonly requestId: string; readonly person: PersonRecord },
  rules: ChangeRules,
): Promise<Renewal> {
  const ballot = await openBallot(tx, requestId, rules);
  const { request, people } = ballot;
  await assertOutOfDate(tx, request);
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
  const facts = { renewed_from: requestId, renewed_by: by };
  await recordSuccessor(tx, next, { actor, facts, approvalMs: rules.approvalMs });
  const entry = { ...requestEntry(request, actor), facts: { successor: next.id } };
  await tx.log.append({ event: 'approval.renewed', ...entry });
  return { successor: next.id, by };
}
