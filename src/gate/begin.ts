import { GatewayError } from '../core/errors.ts';
import type { CredentialRef } from '../ports/crm.ts';
import type { DecisionRecord, FreezeTarget, RequestRecord } from '../core/records.ts';
import type { RequestStatus } from '../core/request-state.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { satisfied } from '../policy/requirement.ts';
import type { Policy } from '../policy/policy.ts';
import { closeRequest, closeTampered, type Ending } from './close.ts';
import { planDigest } from './digest.ts';
import { approversOf, policyQueryFor } from './policy-query.ts';

/**
 * Begin: the one transaction between a promise and the wire. Either it commits to disk with the intent
 * entry in it, or nothing is called. A refusal closes the request in the same transaction.
 */
export type Begun =
  | { readonly kind: 'begun'; readonly request: RequestRecord }
  /** Begun or ended before: a repeated activity must look at the record instead of calling. */
  | { readonly kind: 'not_due'; readonly status: RequestStatus }
  | { readonly kind: 'refused'; readonly ending: Ending };

export const freezeTargets = (connection: string, agentId: string): FreezeTarget[] => [
  { kind: 'connection', id: connection },
  { kind: 'agent', id: agentId },
];

/** Throws `freeze.active` or `credential.missing`: the checks of every call, reads too. */
export async function assertCallable(
  tx: StoreTransaction,
  of: { readonly agentId: string; readonly credential: CredentialRef },
): Promise<void> {
  const { connection, version } = of.credential;
  const freeze = await tx.freezes.standing(freezeTargets(connection, of.agentId));
  if (freeze !== undefined)
    throw new GatewayError('freeze.active', { detail: freezeDetail(freeze) });
  const active = await tx.credentials.active(connection);
  if (active?.version !== version) throw new GatewayError('credential.missing');
  const agent = await tx.agents.get(of.agentId);
  if (agent === undefined || agent.revokedAt !== null)
    throw new GatewayError('policy.denied', { detail: 'the agent was revoked' });
}

export const freezeDetail = (freeze: {
  readonly target: FreezeTarget;
  readonly id: string;
}): string => `${freeze.target.kind} ${freeze.target.id} is frozen (${freeze.id})`;

interface Logged {
  /** Of the entry that accepted the request. */
  readonly digest: string | null;
  /** The write was begun before. */
  readonly hasBegun: boolean;
}

const loggedEntry = (leaf: Uint8Array) =>
  JSON.parse(new TextDecoder().decode(leaf)) as {
    readonly event: string;
    readonly digest: string | null;
    readonly facts: { readonly purpose?: string };
  };

/**
 * What the log has of a request, read from the leaves themselves: whoever edits the stored plan and its
 * digest, or takes the mark of a used approval away, has still not edited the log.
 */
async function readLogged(tx: StoreTransaction, requestId: string): Promise<Logged> {
  const entries = (await tx.log.ofRequest(requestId)).map(({ leaf }) => loggedEntry(leaf));
  return {
    digest: entries.find(({ event }) => event === 'request.accepted')?.digest ?? null,
    hasBegun: entries.some(
      ({ event, facts }) => event === 'hubspot.intended' && facts.purpose === 'execute',
    ),
  };
}

/** Law 2: stored plan, its digest, the log and every decision must all name the same bytes. */
function assertOneDigest(
  request: RequestRecord,
  logged: Logged,
  decisions: readonly DecisionRecord[],
): string {
  if (request.plan === null)
    throw new GatewayError('plan.tampered', { detail: 'the plan is missing' });
  const digest = planDigest({
    requestId: request.id,
    agentId: request.agentId,
    connection: request.connection,
    plan: request.plan,
  });
  const claims = [
    ['request', request.digest],
    ['log', logged.digest],
    ['card', request.card?.digest ?? digest],
    ...decisions.map(
      ({ personId, digest: decided }) => [`decision of ${personId}`, decided] as const,
    ),
  ] as const;
  const liar = claims.find(([, claim]) => claim !== digest);
  if (liar !== undefined)
    throw new GatewayError('plan.tampered', { detail: `the ${liar[0]} names another digest` });
  return digest;
}

/** The decisions on file against policy as it is now: distinct people, still known, still in role, still valid. */
async function assertApproved(
  tx: StoreTransaction,
  policy: Policy,
  request: RequestRecord,
  decisions: readonly DecisionRecord[],
): Promise<void> {
  const agent = await tx.agents.get(request.agentId);
  if (agent === undefined) throw new GatewayError('policy.denied');
  const people = await tx.people.list();
  const valid = decisions.filter(
    ({ decision, validUntil }) => decision === 'approve' && validUntil > tx.now,
  );
  const approvers = approversOf(request.submission.userId, valid, people);
  const query = policyQueryFor(
    { agent, connection: request.connection, submission: request.submission },
    people,
  );
  if (decisions.some(({ decision }) => decision === 'reject'))
    throw new GatewayError('approval.rejected');
  if (!satisfied(policy, { ...query, approvers })) throw new GatewayError('approval.insufficient');
}

async function assertWriteMayBegin(
  tx: StoreTransaction,
  policy: Policy,
  request: RequestRecord,
  of: WriteToBegin,
): Promise<string> {
  await assertCallable(tx, { agentId: request.agentId, credential: of.credential });
  const decisions = await tx.decisions.of(request.id);
  const logged = await readLogged(tx, request.id);
  const digest = assertOneDigest(request, logged, decisions);
  if (of.resend) return digest;
  if (logged.hasBegun) {
    throw new GatewayError('plan.tampered', { detail: 'the log says that it was begun before' });
  }
  await assertApproved(tx, policy, request, decisions);
  const isFirstUse = await tx.requests.consumeApproval(request.id, digest);
  if (!isFirstUse)
    throw new GatewayError('approval.closed', { detail: 'the approval was used before' });
  return digest;
}

/** Ends the request whose begin was refused. */
async function refuseWrite(
  tx: StoreTransaction,
  of: WriteToBegin,
  error: GatewayError,
): Promise<Begun> {
  const { code, detail } = error;
  if (code === 'plan.tampered') {
    return { kind: 'refused', ending: await closeTampered(tx, of.requestId, detail) };
  }
  // After a lost attempt it is settled that nothing was done; before the first, it is a refusal.
  const ending: Ending = { status: of.resend ? 'failed' : 'refused', code, detail };
  const request = await tx.requests.get(of.requestId);
  if (request !== undefined) {
    await closeRequest(tx, request, ending, {
      event: 'request.refused',
      actor: 'gateway',
      facts: { at: 'begin' },
    });
  }
  return { kind: 'refused', ending };
}

interface WriteToBegin {
  readonly requestId: string;
  readonly credential: CredentialRef;
  readonly resend: boolean;
}

/**
 * Begins a write. `resend` begins again a write whose answer was lost and that HubSpot, read several
 * times over a quiet period, does not have; freeze and digest are checked again, the approval is the
 * one already consumed.
 */
export async function beginWrite(
  tx: StoreTransaction,
  policy: Policy,
  of: WriteToBegin,
): Promise<Begun> {
  try {
    const request = await tx.requests.get(of.requestId);
    if (request === undefined) throw new GatewayError('request.not_found');
    if (request.status !== (of.resend ? 'outcome_unknown' : 'approved')) {
      return { kind: 'not_due', status: request.status };
    }
    const digest = await assertWriteMayBegin(tx, policy, request, of);
    await tx.requests.update(request.id, {
      status: 'executing',
      credentialVersion: of.credential.version,
    });
    await tx.requests.setWake(request.id, null);
    await tx.log.append({
      event: 'hubspot.intended',
      requestId: request.id,
      agentId: request.agentId,
      actor: 'gateway',
      digest,
      hubspotEndpoint: request.plan?.operations[0]?.path,
      facts: { purpose: 'execute', resend: of.resend, credential_version: of.credential.version },
    });
    return { kind: 'begun', request };
  } catch (error) {
    // The credential was rotated after it was looked up: the next attempt takes the new one.
    if (error instanceof GatewayError && error.code === 'credential.missing') {
      return { kind: 'not_due', status: of.resend ? 'outcome_unknown' : 'approved' };
    }
    if (error instanceof GatewayError && error.code !== 'store.unavailable') {
      return refuseWrite(tx, of, error);
    }
    throw error;
  }
}
