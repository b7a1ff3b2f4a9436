import { createHash } from 'node:crypto';
import { canonicalBytes } from '../audit/leaf.ts';
import type { ChangedValues } from '../contracts/change.ts';
import type { Assertion, RequestOptions } from '../contracts/passkey.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { PersonRecord } from '../core/records.ts';
import { standingPasskeys } from '../core/sign-in-rules.ts';
import {
  type Changed,
  type ChangeRules,
  judgeChange,
  type ProvenChange,
  recordChange,
  refuseChange,
} from './changes.ts';
import { verifyOwnPasskey } from './passkey-decisions.ts';
import { type PasskeyDependencies, usePasskey } from './passkeys.ts';

interface Asked {
  readonly requestId: string;
  readonly person: PersonRecord;
  /** Of the card that the person saw. */
  readonly digest: string;
  readonly input: ChangedValues;
}

/**
 * What a passkey signs for a change: this digest and these values, as a change. A signature over the digest
 * alone would be good for an approval of it, should the change be refused.
 */
const challengeOf = ({ requestId, digest, input }: Omit<Asked, 'person'>): string =>
  createHash('sha256')
    .update(canonicalBytes({ v: 1, purpose: 'change', request_id: requestId, digest, input }))
    .digest('base64url');

/** What the browser is asked to sign, once it is sure that the change would count. Throws why it would not. */
export async function changeOptions(
  { store, ceremonies }: PasskeyDependencies,
  asked: Asked,
  rules: ChangeRules,
): Promise<RequestOptions> {
  await store.commit((tx) => judgeChange(tx, { ...asked, proof: 'passkey' }, rules));
  const allowed = standingPasskeys(await store.passkeys.of(asked.person.id));
  if (allowed.length === 0) throw new GatewayError('passkey.missing');
  return ceremonies.requestOptions({ challenge: challengeOf(asked), allowed });
}

/**
 * Records a change that comes with a passkey's signature over it. One that does not verify is a refused
 * attempt, `approval.unproven`, whatever else proves the person. Throws `store.unavailable`.
 */
export async function recordPasskeyChange(
  deps: PasskeyDependencies,
  made: Omit<ProvenChange, 'proof' | 'passkeyId'>,
  assertion: Assertion,
  rules: ChangeRules,
): Promise<Changed> {
  const challenge = challengeOf(made);
  const verified = await verifyOwnPasskey(deps, { person: made.person, challenge, assertion });
  const proven = { ...made, proof: 'passkey', passkeyId: verified?.passkeyId } as const;
  return deps.store.commit(async (tx) => {
    const used = verified && (await usePasskey(tx, verified));
    if (used?.person.id !== made.person.id)
      return refuseChange(tx, proven, new GatewayError('approval.unproven'));
    return recordChange(tx, proven, rules);
  });
}
