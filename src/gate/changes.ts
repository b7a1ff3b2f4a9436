import { createHash } from 'node:crypto';
import { findAction } from '../actions/catalogue.ts';
import type { ActionDefinition } from '../actions/define-action.ts';
import { type ChangedInput, changeInput, changeableFields } from '../actions/change-input.ts';
import { canonicalBytes } from '../audit/leaf.ts';
import type { ChangeableField, ChangedValues } from '../contracts/change.ts';
import { changedTo } from '../core/changed.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError, isTampered } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { openBallot } from './ballot.ts';
import { closeRequest, endTampered } from './close.ts';
import { placeFacts, placeFor, proofFacts } from './decisions.ts';
import type { DecisionRules, ProvenDecision } from './decisions.ts';
import { readLogged } from './logged.ts';
import { isOwnAgent } from './own-agent.ts';
import type { Place } from './places.ts';
import { judgeSuccessor, recordSuccessor, type Successor } from './successor.ts';

/** Other values by a person whose identity a door has proven. `digest`: of the card they saw. */
export interface ProvenChange extends Omit<ProvenDecision, 'decision'> {
  readonly input: ChangedValues;
}

export interface ChangeRules extends DecisionRules {
  /** How long a write waits for people, ms. */
  readonly approvalMs: number;
}

export type Changed =
  | { readonly kind: 'changed'; readonly successor: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail?: string | undefined };

/** Everything that the change comes to, before anything of it is written. */
interface Judged {
  readonly request: RequestRecord;
  readonly successor: Successor;
  readonly change: string;
  readonly fields: readonly string[];
  readonly place: Place;
}

/** What the gateway itself takes back is what it wrote, and no value of anybody's choosing. */
function definitionOf(request: RequestRecord): ActionDefinition {
  const action = findAction(request.submission.action.action);
  if (action !== undefined && !isOwnAgent(request.agentId)) return action;
  throw new GatewayError('approval.not_changeable', { detail: 'what the gateway takes back' });
}

/** Of a request that may be changed, the fields that may; none where there are none. */
export function fieldsToChange(request: RequestRecord): ChangeableField[] {
  if (isOwnAgent(request.agentId)) return [];
  return changeableFields(definitionOf(request), request.submission.action);
}

export const isChangeable = ({ agentId, action }: RequestRecord): boolean =>
  !isOwnAgent(agentId) && Object.keys(findAction(action)?.changeable ?? {}).length > 0;

/** The same values by the same person are one change. */
const changeKey = (personId: string, { action }: ChangedInput): string =>
  createHash('sha256')
    .update(canonicalBytes(['sallyport/change', personId, action]))
    .digest('hex');

/** The successor that this very change has made already. */
function madeBefore(request: RequestRecord, made: ProvenChange): string | undefined {
  const done = changedTo(request);
  if (done?.by !== made.person.id) return undefined;
  const changed = changeInput(definitionOf(request), request.submission.action, made.input);
  return changeKey(made.person.id, changed) === done.change ? done.successor : undefined;
}

/** A row put back by hand to where it once waited must not have a second successor, or one beside what was sent. */
async function assertNeverEnded(tx: StoreTransaction, { id }: RequestRecord): Promise<void> {
  const { begunAt, end } = await readLogged(tx, id);
  if (begunAt === undefined && end === undefined) return;
  throw new GatewayError('plan.tampered', { detail: 'the log says that it waits no more' });
}

/**
 * Whether this person may make this change now, and what would come of it; nothing is written. In the order of a
 * decision, but for one thing: values that no form takes are said first, whoever put them in.
 */
export async function judgeChange(
  tx: StoreTransaction,
  proven: ProvenChange,
  rules: ChangeRules,
): Promise<Judged> {
  const ballot = await openBallot(tx, proven.requestId, rules);
  const { request, people } = ballot;
  const person = people.find(({ id }) => id === proven.person.id);
  if (person === undefined) throw new GatewayError('approval.not_eligible');
  const made = { ...proven, person, decision: 'approve' } as const;
  if (request.status !== 'awaiting_approval') placeFor(ballot, made, rules, tx);
  await assertNeverEnded(tx, request);
  const changed = changeInput(definitionOf(request), request.submission.action, proven.input);
  const place = placeFor(ballot, made, rules, tx);
  const change = changeKey(person.id, changed);
  const of = { key: change, action: changed.action, people, policy: rules.policy };
  const successor = await judgeSuccessor(tx, request, of);
  return { request, successor, change, fields: changed.fields, place };
}

/** Logs the attempt, whatever was wrong with it. */
export async function refuseChange(
  tx: StoreTransaction,
  made: ProvenChange,
  error: GatewayError,
): Promise<Changed> {
  const code = isTampered(error) ? await endTampered(tx, made.requestId, error) : error.code;
  await tx.log.append({
    event: 'approval.refused',
    requestId: made.requestId,
    actor: `person:${made.person.id}`,
    code,
    digest: made.digest,
    facts: { decision: 'change', ...proofFacts(made) },
  });
  return { kind: 'refused', code, detail: error.detail };
}

/** Both in one commit: the original ends, and its successor waits for a card and for people of its own. */
async function apply(
  tx: StoreTransaction,
  { request, successor: next, change, fields, place }: Judged,
  made: ProvenChange,
  { approvalMs }: ChangeRules,
): Promise<Changed> {
  const by = made.person.id;
  const actor = `person:${by}`;
  const facts = { changed_from: request.id, changed_by: by, changed_fields: fields };
  await recordSuccessor(tx, next, { actor, facts, approvalMs });
  const successor = next.id;
  const result = { successor, by, change };
  const ending = {
    status: 'changed',
    code: 'approval.changed',
    detail: made.reason,
    result,
  } as const;
  const cause = { successor, changed_fields: fields, ...proofFacts(made), ...placeFacts(place) };
  await closeRequest(tx, request, ending, { event: 'approval.changed', actor, facts: cause });
  await tx.requests.setWake(request.id, tx.now);
  return { kind: 'changed', successor };
}

/**
 * Puts a request with a person's values in the place of one that waits: judged anew, shown anew, decided anew.
 * The decisions on the original are about its digest and count for nothing here. The same change by the same
 * person is one change however often it comes. What does not count is recorded as a refused attempt and
 * returned, never thrown. The caller wakes both workflows; losing that message costs time only.
 */
export async function recordChange(
  tx: StoreTransaction,
  made: ProvenChange,
  rules: ChangeRules,
): Promise<Changed> {
  let judged: Judged;
  try {
    const request = await tx.requests.get(made.requestId);
    const before = request && madeBefore(request, made);
    if (before !== undefined) return { kind: 'changed', successor: before };
    judged = await judgeChange(tx, made, rules);
  } catch (error) {
    if (error instanceof GatewayError && error.code !== 'store.unavailable')
      return refuseChange(tx, made, error);
    throw error;
  }
  return apply(tx, judged, made, rules);
}
