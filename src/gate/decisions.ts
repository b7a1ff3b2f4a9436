import type { ErrorCode } from '../core/errors.ts';
import { GatewayError, isTampered } from '../core/gateway-error.ts';
import type { GrantRecord } from '../core/grants.ts';
import type { Proof } from '../core/proofs.ts';
import { whyInConsole } from '../core/notice-text.ts';
import type { DecisionRecord, PersonRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { Policy } from '../policy/policy.ts';
import { mayDecide, requirementFor, satisfied } from '../policy/requirement.ts';
import { type Ballot, openBallot } from './ballot.ts';
import { assertNotFrozen } from './callable.ts';
import { closeRequest, endTampered } from './close.ts';
import { oweFurther } from './notices.ts';
import { type Place, placesOf } from './places.ts';
import { approverOf } from './policy-query.ts';
import { assertMayDecideOwn, type OwnRules } from './self-approval.ts';

/** A decision by a person whose identity a door has proven. */
export interface ProvenDecision {
  readonly requestId: string;
  readonly person: PersonRecord;
  readonly proof: DecisionRecord['proof'];
  /** The passkey that proved it, for proof `passkey`. */
  readonly passkeyId?: string | undefined;
  /** Who Slack says it was, for proof `slack`. */
  readonly slackUser?: string | undefined;
  /** Whose signature it was, for proof `webhook`. */
  readonly webhookSigner?: string | undefined;
  /** What they had allowed ahead, for proof `grant`. */
  readonly grant?: Pick<GrantRecord, 'id' | 'endsAt'> | undefined;
  /** The group that it was decided in, and whether the person looked at this one by itself. */
  readonly group?:
    { readonly id: string; readonly size: number; readonly isSampled: boolean } | undefined;
  readonly decision: 'approve' | 'reject';
  /** The digest the person saw. */
  readonly digest: string;
  readonly reason?: string | undefined;
}

export type Decided =
  | { readonly kind: 'decided'; readonly status: 'approved' | 'rejected' | 'awaiting_approval' }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail?: string | undefined };

export interface DecisionRules extends OwnRules {
  /** How long an approval counts after the request's own deadline, ms. */
  readonly approvalValidMs: number;
}

/** The first of these places from which such an approval lets them decide. */
function placeWith(
  { query, counted }: Ballot,
  places: readonly Place[],
  of: { readonly policy: Policy; readonly proof: Proof },
): Place | undefined {
  return places.find(({ holder }) =>
    mayDecide(of.policy, query, approverOf(holder, of.proof), counted.approvers),
  );
}

/** A place, and from when on an approval of what they asked for themselves counts; undefined of any other. */
interface Seat extends Place {
  readonly countsFrom?: Date;
}

/** Of who asked: by the dial for firms of one person alone. */
function ownPlace(
  { request, query, earlier, people, requester }: Ballot,
  { person, proof, decision }: ProvenDecision,
  rules: DecisionRules,
  now: Date,
): Seat {
  const hasApproved = earlier.some(({ personId }) => personId === person.id);
  const asked = { query, people, requester, expiresAt: request.expiresAt, now };
  const countsFrom = assertMayDecideOwn(rules, {
    ...asked,
    ...{ person, proof, decision, hasApproved },
  });
  return { holder: person, absence: null, countsFrom };
}

/**
 * The place from which this person decides, their own if they may from there. Throws the reason why their decision
 * does not count. Order: what is gone, who it is, what was seen.
 */
export function placeFor(
  ballot: Ballot,
  made: ProvenDecision,
  rules: DecisionRules,
  { now }: Pick<StoreTransaction, 'now'>,
): Seat {
  const { request, earlier, requester, counted, people, absences } = ballot;
  const { person, proof } = made;
  const { policy } = rules;
  if (request.status !== 'awaiting_approval')
    throw new GatewayError('approval.closed', { detail: `the request is ${request.status}` });
  if (request.expiresAt !== null && request.expiresAt <= now)
    throw new GatewayError('approval.expired');
  if (made.digest !== request.digest) throw new GatewayError('approval.digest_mismatch');
  if (person.revokedAt !== null) throw new GatewayError('approval.not_eligible');
  if (requester.has(person.id)) return ownPlace(ballot, made, rules, now);
  if (earlier.some(({ personId }) => personId === person.id))
    throw new GatewayError('approval.already_decided');
  if (counted.taken.has(person.id))
    throw new GatewayError('approval.already_decided', {
      detail: 'it was decided in this person’s place while they were away',
    });
  const places = placesOf(person, { people, requester, absences, taken: counted.taken, now });
  const place = placeWith(ballot, places, { policy, proof });
  if (place !== undefined) return place;
  const withPasskey = placeWith(ballot, places, { policy, proof: 'passkey' });
  if (withPasskey === undefined) throw new GatewayError('approval.not_eligible');
  // Whoever may say yes with a passkey may say no without: stopping must not wait for a device.
  if (made.decision === 'approve') throw new GatewayError('approval.passkey_required');
  return withPasskey;
}

/** A no counts from everywhere; keys are for what runs without a browser: of those policy says what they may. */
const FREE: ReadonlySet<Proof> = new Set(['passkey', 'key', 'grant']);

/**
 * A yes to what is decided in the console alone takes the passkey over this very digest, by the card and by policy as
 * it is now. A session is what a stolen cookie or an unattended browser is, too; what another system showed to whom it
 * signs for nobody here knows.
 */
function assertSteppedUp(
  { request: { card }, query }: Ballot,
  { decision, proof }: ProvenDecision,
  { policy }: DecisionRules,
): void {
  if (decision !== 'approve' || FREE.has(proof) || card === null) return;
  const requires = requirementFor(policy, query) ?? card.requires;
  const why = whyInConsole(card) ?? whyInConsole({ ...card, requires });
  if (why === undefined) return;
  if (proof === 'session') throw new GatewayError('approval.passkey_required', { detail: why });
  throw new GatewayError('approval.elsewhere', { detail: why });
}

/** A decision with the place from which it was made. */
interface Vote extends ProvenDecision {
  readonly place: Seat;
}

const inPlaceOf = ({ place }: Vote): string | null =>
  place.absence === null ? null : place.holder.id;

/** In whose place, where it was not their own, for the log. */
export const placeFacts = ({ holder, absence }: Place): Readonly<Record<string, string>> =>
  absence === null ? {} : { in_place_of: holder.id, absence };

type Facts = Readonly<Record<string, string | number | boolean>>;

/** How it was proven and in whose place it was made, for the log. */
const voteFacts = (vote: Vote): Facts => ({
  ...proofFacts(vote),
  ...placeFacts(vote.place),
});

/** How it was proven, for the log. */
export const proofFacts = ({
  proof,
  passkeyId,
  slackUser,
  webhookSigner,
  grant,
  group,
}: Pick<
  ProvenDecision,
  'proof' | 'passkeyId' | 'slackUser' | 'webhookSigner' | 'grant' | 'group'
>): Facts => ({
  proof,
  ...(slackUser === undefined ? {} : { slack_user: slackUser }),
  ...(webhookSigner === undefined ? {} : { webhook_signer: webhookSigner }),
  ...(grant === undefined ? {} : { grant: grant.id, grant_ends_at: grant.endsAt.toISOString() }),
  ...(proof === 'passkey' && passkeyId !== undefined ? { passkey: passkeyId } : {}),
  ...(group === undefined
    ? {}
    : { group: group.id, group_size: group.size, sampled: group.isSampled }),
});

/** Logs the attempt, whatever was wrong with it. */
export async function refuseDecision(
  tx: StoreTransaction,
  made: ProvenDecision,
  error: GatewayError,
): Promise<Decided> {
  const code = isTampered(error) ? await endTampered(tx, made.requestId, error) : error.code;
  await tx.log.append({
    event: 'approval.refused',
    requestId: made.requestId,
    actor: `person:${made.person.id}`,
    code,
    digest: made.digest,
    facts: { decision: made.decision, ...proofFacts(made) },
  });
  return { kind: 'refused', code, detail: error.detail };
}

async function applyDecision(
  tx: StoreTransaction,
  ballot: Ballot,
  made: Vote,
  rules: DecisionRules,
  validUntil: Date,
): Promise<Decided> {
  const { request, query } = ballot;
  const actor = `person:${made.person.id}`;
  if (made.decision === 'reject') {
    const detail = made.reason;
    await closeRequest(
      tx,
      request,
      { status: 'rejected', code: 'approval.rejected', detail },
      {
        event: 'approval.rejected',
        actor,
        facts: voteFacts(made),
      },
    );
    await tx.requests.setWake(request.id, tx.now);
    return { kind: 'decided', status: 'rejected' };
  }
  const approvers = [...ballot.counted.approvers, approverOf(made.place.holder, made.proof)];
  // Of one's own it is not: it counts after its delay.
  const isEnough = satisfied(rules.policy, { ...query, approvers });
  const { countsFrom } = made.place;
  await tx.log.append({
    event: 'approval.granted',
    requestId: request.id,
    agentId: request.agentId,
    actor,
    digest: made.digest,
    facts: {
      ...voteFacts(made),
      approvals: approvers.length,
      enough: isEnough,
      valid_until: validUntil.toISOString(),
      ...(countsFrom === undefined ? {} : { own: true, counts_from: countsFrom.toISOString() }),
    },
  });
  await oweFurther(tx, request.id, 'decided', made.person.id);
  if (countsFrom !== undefined) await tx.requests.setWake(request.id, countsFrom);
  if (!isEnough) return { kind: 'decided', status: 'awaiting_approval' };
  await tx.requests.update(request.id, { status: 'approved' });
  await tx.requests.setWake(request.id, tx.now);
  return { kind: 'decided', status: 'approved' };
}

/**
 * Records a person's decision with its log entry and, when it settles the matter, the request's new
 * state, all in the caller's transaction. A decision that does not count is recorded as a refused
 * attempt and returned, never thrown. The caller wakes the workflow afterwards; losing that message
 * costs time only, since the sweep delivers it again.
 */
export async function recordDecision(
  tx: StoreTransaction,
  proven: ProvenDecision,
  rules: DecisionRules,
): Promise<Decided> {
  try {
    const ballot = await openBallot(tx, proven.requestId, rules);
    // As they are now: since the door knew them they may have been revoked.
    const person = ballot.people.find(({ id }) => id === proven.person.id);
    if (person === undefined) throw new GatewayError('approval.not_eligible');
    const place = placeFor(ballot, { ...proven, person }, rules, tx);
    assertSteppedUp(ballot, proven, rules);
    // A yes that cannot begin would be used up by it: what waits goes on waiting, and a no counts all the same.
    if (proven.decision === 'approve') await assertNotFrozen(tx, ballot.request);
    const made = { ...proven, person, place };
    const deadline = Math.max(ballot.request.expiresAt?.getTime() ?? 0, tx.now.getTime());
    const validUntil = new Date(deadline + rules.approvalValidMs);
    await tx.decisions.insert({
      requestId: made.requestId,
      personId: made.person.id,
      decision: made.decision,
      digest: made.digest,
      reason: made.reason ?? null,
      proof: made.proof,
      decidedAt: tx.now,
      validUntil,
      inPlaceOf: inPlaceOf(made),
    });
    return await applyDecision(tx, ballot, made, rules, validUntil);
  } catch (error) {
    if (error instanceof GatewayError && error.code !== 'store.unavailable') {
      return refuseDecision(tx, proven, error);
    }
    throw error;
  }
}
