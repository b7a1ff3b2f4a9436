import type { StepUp, StepUpOptions } from '../contracts/step-up.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Proof } from '../core/proofs.ts';
import type { ChallengeRecord, PersonRecord, SessionRecord } from '../core/records.ts';
import { standingPasskeys } from '../core/sign-in-rules.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { challengeOver, issueChallenge, takeChallenge } from './challenges.ts';
import {
  type PasskeyDependencies,
  signingOptions,
  usePasskey,
  verifyOwnPasskey,
} from './passkeys.ts';

/** Who is at the door. */
export interface AtDoor {
  readonly person: PersonRecord;
  /** That a passkey began; undefined when they came with their key. */
  readonly session?: SessionRecord | undefined;
}

/** What one person does with a signature of their own passkey over exactly that, now and once. */
interface Act {
  readonly purpose: Extract<ChallengeRecord['purpose'], 'roster' | 'incident'>;
  /** All of it: what is not in here is not signed. */
  readonly what: object;
}

/** How a step was proven, for the log. */
export interface StepProof {
  readonly proof: Extract<Proof, 'passkey' | 'key'>;
  readonly passkeyId?: string;
}

/** Once for this person, this act and this moment: none of them can be put in another's place. */
const challengeOf = (nonce: string, { person }: AtDoor, { purpose, what }: Act): string =>
  challengeOver({ purpose, ...{ nonce, person: person.id, what } });

/** A key that lies in a file is not enough where a passkey is to sign. */
function assertSession({ session }: AtDoor): void {
  if (session === undefined) throw new GatewayError('passkey.session_needed');
}

/**
 * What the person's passkey is asked to sign for this act, once `assertFits` is sure that it could be done. Throws
 * `passkey.session_needed`, `passkey.missing`, `store.unavailable`, and why it could not.
 */
export async function stepUpOptions(
  deps: PasskeyDependencies,
  at: AtDoor,
  act: Act,
  assertFits: (tx: StoreTransaction) => Promise<unknown>,
): Promise<StepUpOptions> {
  assertSession(at);
  const { person } = at;
  const nonce = await deps.store.commit(async (tx) => {
    await assertFits(tx);
    return issueChallenge(tx, { purpose: act.purpose, personId: person.id });
  });
  return { nonce, options: await signingOptions(deps, person, challengeOf(nonce, at, act)) };
}

/**
 * Does it for a person whose passkey has signed exactly this, now and once. The nonce is used up, whatever becomes of
 * the rest. Throws `passkey.session_needed`, `passkey.refused`, `store.unavailable`, and what `work` throws.
 */
export async function withStepUp<T>(
  deps: PasskeyDependencies,
  at: AtDoor,
  act: Act,
  { nonce, credential }: StepUp,
  work: (tx: StoreTransaction, proof: StepProof) => Promise<T>,
): Promise<T> {
  assertSession(at);
  const { person } = at;
  const isFresh = await deps.store.commit((tx) =>
    takeChallenge(tx, { purpose: act.purpose, personId: person.id, value: nonce }),
  );
  const challenge = challengeOf(nonce, at, act);
  const verified = isFresh
    ? await verifyOwnPasskey(deps, { person, challenge, assertion: credential })
    : undefined;
  if (verified === undefined) throw new GatewayError('passkey.refused');
  const { passkeyId } = verified;
  const done = await deps.store.commit(async (tx) => {
    const used = await usePasskey(tx, verified);
    // An entry about a suspected copy must stay, so this is no throw.
    if (used?.person.id !== person.id) return undefined;
    return { result: await work(tx, { proof: 'passkey', passkeyId }) };
  });
  if (done === undefined) throw new GatewayError('passkey.refused');
  return done.result;
}

/**
 * The same where a firm without passkeys must not be stuck: by a key alone for whoever has no passkey, and for nobody
 * else. A signature that comes along is no ground to fall back on less. Throws as `withStepUp`.
 */
export async function withStepUpOrKey<T>(
  deps: PasskeyDependencies,
  at: AtDoor,
  act: Act,
  stepUp: StepUp | undefined,
  work: (tx: StoreTransaction, proof: StepProof) => Promise<T>,
): Promise<T> {
  if (stepUp !== undefined) return withStepUp(deps, at, act, stepUp, work);
  return deps.store.commit(async (tx) => {
    // A session, too, ends with the last passkey.
    const known = standingPasskeys(await tx.passkeys.of(at.person.id));
    if (at.session !== undefined || known.length > 0)
      throw new GatewayError('passkey.session_needed');
    return work(tx, { proof: 'key' });
  });
}
