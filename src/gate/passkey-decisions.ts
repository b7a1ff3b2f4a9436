import type { Assertion, RequestOptions } from '../contracts/passkey.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { PersonRecord } from '../core/records.ts';
import {
  type Decided,
  type DecisionRules,
  type ProvenDecision,
  recordDecision,
  refuseDecision,
} from './decisions.ts';
import {
  type PasskeyDependencies,
  signingOptions,
  usePasskey,
  verifyOwnPasskey,
} from './passkeys.ts';

/** The challenge of a decision is the digest: 32 bytes, of this request and no other. */
const challengeOf = (digest: string): string => Buffer.from(digest, 'hex').toString('base64url');

/**
 * What the browser is asked to sign: the digest of the request as it is stored, with a passkey of this
 * person. Throws `approval.not_found`, `approval.closed`, `passkey.missing`.
 */
export async function approvalOptions(
  deps: PasskeyDependencies,
  of: { readonly requestId: string; readonly person: PersonRecord },
): Promise<RequestOptions> {
  const request = await deps.store.requests.get(of.requestId);
  if (request?.digest == null || request.risk === 'read')
    throw new GatewayError('approval.not_found');
  if (request.status !== 'awaiting_approval')
    throw new GatewayError('approval.closed', { detail: `the request is ${request.status}` });
  return signingOptions(deps, of.person, challengeOf(request.digest));
}

/**
 * Records a decision that comes with a passkey's signature over the digest. One that does not verify is
 * a refused attempt, `approval.unproven`, whatever else proves the person: a signature that was asked for
 * and is wrong is no ground to fall back on less. Throws `approval.not_found`, `store.unavailable`.
 */
export async function recordPasskeyDecision(
  deps: PasskeyDependencies,
  made: Omit<ProvenDecision, 'proof' | 'passkeyId'>,
  assertion: Assertion,
  rules: DecisionRules,
): Promise<Decided> {
  const request = await deps.store.requests.get(made.requestId);
  if (request?.digest == null) throw new GatewayError('approval.not_found');
  const { digest } = request;
  const challenge = challengeOf(digest);
  const verified = await verifyOwnPasskey(deps, { person: made.person, challenge, assertion });
  const proven = { ...made, proof: 'passkey', passkeyId: verified?.passkeyId } as const;
  return deps.store.commit(async (tx) => {
    if (made.digest !== digest)
      return refuseDecision(tx, proven, new GatewayError('approval.digest_mismatch'));
    const used = verified && (await usePasskey(tx, verified));
    if (used?.person.id !== made.person.id)
      return refuseDecision(tx, proven, new GatewayError('approval.unproven'));
    return recordDecision(tx, proven, rules);
  });
}
