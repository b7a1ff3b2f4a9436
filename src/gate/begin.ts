import type { SeenRecord } from '../contracts/card.ts';
import { ERRORS, type ErrorCode } from '../core/errors.ts';
import { GatewayError, isTampered } from '../core/gateway-error.ts';
import type { CredentialRef } from '../ports/crm.ts';
import { pathForLog } from '../core/hubspot-paths.ts';
import type { DecisionRecord, RequestRecord } from '../core/records.ts';
import { ABSENCES_MIN, type RequestStatus } from '../core/request-state.ts';
import { hasSteps, stepFact } from '../core/steps.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { satisfied } from '../policy/requirement.ts';
import type { Policy } from '../policy/policy.ts';
import { isCoveredAhead, type LookedAt } from './ahead-rules.ts';
import { assertCallable, assertSameAccount } from './callable.ts';
import { closeRequest, type Ending, endTampered } from './close.ts';
import { countApprovals, type Votes } from './counted.ts';
import { isStepOpen, type Logged, readLogged } from './logged.ts';
import { policyQueryFor } from './policy-query.ts';
import { requestEntry } from './request-entry.ts';
import { requesterIn } from './requester.ts';
import type { OwnRules } from './self-approval.ts';
import { assertUntouched, type Untouched } from './untouched.ts';

/**
 * Begin: the one transaction between a promise and the wire. Either it commits to disk with the intent
 * entry in it, or nothing is called. A refusal closes the request in the same transaction.
 */
export type Begun =
  | {
      readonly kind: 'begun';
      readonly request: RequestRecord;
      readonly step: number;
      /** The intent's own time, from which the quiet time counts, and its place in the log. */
      readonly at: Date;
      readonly entry: number;
    }
  /** Begun or ended before: a repeated activity must look at the record instead of calling. */
  | { readonly kind: 'not_due'; readonly status: RequestStatus }
  /** Nothing was begun: it may be tried again, and `code` says what it waits for. */
  | { readonly kind: 'waits'; readonly code: ErrorCode }
  /** It was ended, or put where the log says it stands. */
  | { readonly kind: 'refused'; readonly code: ErrorCode };

/** What was allowed ahead is looked at again as it would be now; what a person has decided on the card stands. */
async function isStillCovered(
  tx: StoreTransaction,
  of: LookedAt,
  { personId, proof, reason }: DecisionRecord,
): Promise<boolean> {
  if (proof !== 'grant') return true;
  const giver = of.people.find(({ id }) => id === personId);
  const grant = await tx.grants.get(reason ?? '');
  const isOfThis = grant?.agentId === of.request.agentId && grant.action === of.request.action;
  return giver !== undefined && isOfThis && isCoveredAhead(of, giver);
}

/**
 * The decisions on file against policy as it is now: distinct people, still known, still in role, still
 * valid, and by means that still stand.
 */
async function assertApproved(
  tx: StoreTransaction,
  rules: OwnRules,
  request: RequestRecord,
  votes: Votes,
  present: readonly SeenRecord[],
): Promise<void> {
  const { policy } = rules;
  const agent = await tx.agents.get(request.agentId);
  if (agent === undefined) throw new GatewayError('policy.denied');
  const people = await tx.people.list();
  const { connection, submission } = request;
  const requester = await requesterIn(tx, submission.userId, people);
  const asked = policyQueryFor({ agent, connection, submission, present, requester }, people);
  const looked = { request, agent, people, policy, present, requester };
  const isCovered = (vote: DecisionRecord): Promise<boolean> => isStillCovered(tx, looked, vote);
  // What is damaged may be restored: the write waits for that, and is not ended as one that too few have approved.
  const votesFor = { query: asked, people, requester, isCovered, damage: 'throws' } as const;
  const { approvers, ownCounts } = await countApprovals(tx, votes, votesFor, rules);
  const query = { ...asked, ownCounts };
  if (votes.decisions.some(({ decision }) => decision === 'reject'))
    throw new GatewayError('approval.rejected');
  if (!satisfied(policy, { ...query, approvers })) throw new GatewayError('approval.insufficient');
}

/**
 * Law 4: sending again needs the looks on record, the last of them begun after the quiet time, whoever
 * asks for it: an engine's message can be copied and sent again.
 */
const mayResend = ({ absences }: Logged, of: Pick<WriteToBegin, 'quietMs'>): boolean =>
  absences.length >= ABSENCES_MIN && absences.some(({ quietMs }) => quietMs >= of.quietMs);

/** Laws 3 and 4: the first begin of a step has no begin of it before, a second one has. */
async function assertLogAgrees(
  tx: StoreTransaction,
  { begunStep, doneStep }: Logged,
  { resend, publishedSize }: WriteToBegin,
): Promise<void> {
  const tampered = (detail: string) => new GatewayError('plan.tampered', { detail });
  if (!resend && begunStep > doneStep) throw tampered('the log says that it was begun before');
  if (resend && begunStep === doneStep) throw tampered('the log says that it was never begun');
  if ((await tx.log.size()) < publishedSize)
    throw tampered('the log is shorter than its checkpoint');
}

/** Sent again it was refused, and it is still not there: neither attempt has arrived, and a third one would be refused as well. */
function assertNotRefused({ refusedWith }: Logged, { resend }: WriteToBegin): void {
  if (resend && refusedWith !== undefined) throw new GatewayError(refusedWith);
}

/** Law 3: one approval is one execution. Its later steps and resends go on with the mark that the first left. */
async function useApproval(
  tx: StoreTransaction,
  requestId: string,
  of: { readonly digest: string; readonly isFirst: boolean },
): Promise<void> {
  const isFirstUse = await tx.requests.consumeApproval(requestId, of.digest);
  if (isFirstUse && !of.isFirst)
    throw new GatewayError('plan.tampered', { detail: 'the mark of the used approval is gone' });
  if (!isFirstUse && of.isFirst)
    throw new GatewayError('approval.closed', { detail: 'the approval was used before' });
}

async function assertWriteMayBegin(
  tx: StoreTransaction,
  policy: Policy,
  request: RequestRecord,
  of: WriteToBegin,
  { digest, logged, decisions }: Untouched,
): Promise<void> {
  if (of.credential.connection !== request.connection)
    throw new GatewayError('plan.tampered', { detail: 'the credential is of another connection' });
  await assertLogAgrees(tx, logged, of);
  assertNotRefused(logged, of);
  await assertSameAccount(tx, request);
  await assertCallable(tx, { agentId: request.agentId, credential: of.credential });
  await assertApproved(
    tx,
    { policy, selfApprovalMs: of.selfApprovalMs },
    request,
    { decisions, decided: logged.decided },
    of.seen,
  );
  await useApproval(tx, request.id, { digest, isFirst: logged.begunStep === 0 });
}

/** After a lost attempt it is settled that nothing was done; before the first, it is a refusal. */
const endingOf = (
  { code, detail }: GatewayError,
  { resend }: Pick<WriteToBegin, 'resend'>,
): Ending =>
  resend
    ? { status: 'failed', code: 'outcome.not_executed', detail: detail ?? ERRORS[code].title }
    : { status: 'refused', code, detail };

/** Ends the request whose begin was refused. */
async function refuseWrite(
  tx: StoreTransaction,
  of: WriteToBegin,
  error: GatewayError,
): Promise<Begun> {
  if (isTampered(error)) {
    const code = await endTampered(tx, of.requestId, error);
    return { kind: code === 'store.unavailable' ? 'waits' : 'refused', code };
  }
  const ending = endingOf(error, of);
  const request = await tx.requests.get(of.requestId);
  if (request !== undefined) {
    await closeRequest(tx, request, ending, {
      event: of.resend ? 'request.completed' : 'request.refused',
      actor: 'gateway',
      facts: { at: 'begin', refused_with: error.code },
    });
  }
  return { kind: 'refused', code: ending.code };
}

interface WriteToBegin {
  readonly requestId: string;
  readonly credential: CredentialRef;
  readonly resend: boolean;
  /** The records right before, for settling and revert; of a resend those of the first begin stay. */
  readonly seen: readonly SeenRecord[];
  /** How long HubSpot could still be working on a lost attempt, ms. */
  readonly quietMs: number;
  /** Entries of the last published checkpoint: a store with fewer has lost some. */
  readonly publishedSize: number;
  /** `gate/self-approval.ts`; undefined: nobody's own approval counts. */
  readonly selfApprovalMs?: number | undefined;
}

/** A refusal ends the request; trouble of our own does not. */
async function endOrThrow(tx: StoreTransaction, of: WriteToBegin, error: unknown): Promise<Begun> {
  if (!(error instanceof GatewayError) || error.code === 'store.unavailable') throw error;
  const { code } = error;
  // The credential was rotated after it was looked up: the next attempt takes the new one.
  const isPassing = code === 'credential.missing' || code === 'credential.unchecked';
  // A write that was lost in another account is not settled by this one: a person says what became of it.
  const isElsewhere = of.resend && code === 'connection.portal_changed';
  if (isPassing || isElsewhere) return { kind: 'waits', code };
  return refuseWrite(tx, of, error);
}

async function recordBegin(
  tx: StoreTransaction,
  request: RequestRecord,
  of: WriteToBegin,
  { digest, step }: { readonly digest: string; readonly step: number },
): Promise<Begun> {
  const seen = of.resend ? request.seen : of.seen;
  const { version: credentialVersion } = of.credential;
  const operation = request.plan?.operations[step - 1];
  if (operation === undefined)
    throw new GatewayError('plan.tampered', { detail: `there is no step ${step}` });
  const begun = { status: 'executing', credentialVersion, seen, code: null } as const;
  await tx.requests.update(request.id, begun);
  await tx.requests.setWake(request.id, null);
  const entry = await tx.log.append({
    event: 'hubspot.intended',
    ...requestEntry(request),
    digest,
    hubspotEndpoint: pathForLog(operation.path),
    facts: {
      purpose: 'execute',
      method: operation.method,
      resend: of.resend,
      credential_version: credentialVersion,
      ...stepFact(request.plan, step),
    },
  });
  return { kind: 'begun', request: { ...request, seen }, step, at: tx.now, entry };
}

/**
 * Whether a step of this request may begin: after the approval the first, after the end of one the
 * next, after a lost answer the same once more. False: it is being sent, has ended, or may have been done: asked
 * before anything else is concluded, since what its own effect has changed looks like somebody else's change.
 * Throws `plan.tampered`.
 */
export async function isDue(
  tx: Pick<StoreTransaction, 'log'>,
  request: RequestRecord,
  of: Pick<WriteToBegin, 'resend' | 'quietMs'>,
): Promise<boolean> {
  const isBetween = request.status === 'executing' && hasSteps(request.plan);
  if (!of.resend && !isBetween) return request.status === 'approved';
  if (of.resend && request.status !== 'outcome_unknown') return false;
  const logged = await readLogged(tx, request.id);
  if (!of.resend) return logged.begunStep === logged.doneStep;
  // What the log knows nothing of is somebody's doing, and begin says so.
  return !isStepOpen(logged) || mayResend(logged, of);
}

/**
 * Begins a write. `resend` begins again a write whose answer was lost and that HubSpot, read several
 * times over a quiet period, does not have; everything is checked again, today's policy, freezes and
 * roster included, on the approval that was used at the first begin.
 */
export async function beginWrite(
  tx: StoreTransaction,
  policy: Policy,
  of: WriteToBegin,
): Promise<Begun> {
  try {
    const request = await tx.requests.get(of.requestId);
    if (request === undefined) throw new GatewayError('request.not_found');
    const { status } = request;
    if (!(await isDue(tx, request, of))) return { kind: 'not_due', status };
    const untouched = await assertUntouched(tx, request);
    await assertWriteMayBegin(tx, policy, request, of, untouched);
    const { digest, logged } = untouched;
    return await recordBegin(tx, request, of, { digest, step: logged.doneStep + 1 });
  } catch (error) {
    return endOrThrow(tx, of, error);
  }
}
