import type { ChangedValues } from '../contracts/change.ts';
import type { Assertion, RequestOptions } from '../contracts/passkey.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { PersonRecord } from '../core/records.ts';
import { challengeOver } from './challenges.ts';
import {
  type Changed,
  type ChangeRules,
  judgeChange,
  type ProvenChange,
  recordChange,
  refuseChange,
} from './changes.ts';
import {
  type PasskeyDependencies,
  signingOptions,
  usePasskey,
  verifyOwnPasskey,
} from './passkeys.ts';

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
  challengeOver({ purpose: 'change', ...{ request_id: requestId, digest, input } });

/** What the browser is asked to sign, once it is sure that the change would count. Throws why it would not. */
export async function changeOptions(
  deps: PasskeyDependencies,
  asked: Asked,
  rules: ChangeRules,
): Promise<RequestOptions> {
  await deps.store.commit((tx) => judgeChange(tx, { ...asked, proof: 'passkey' }, rules));
  return signingOptions(deps, asked.person, challengeOf(asked));
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
