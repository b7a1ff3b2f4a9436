import type { Assertion, RequestOptions } from '../contracts/passkey.ts';
import { errorCodeOf, GatewayError } from '../core/gateway-error.ts';
import type { PersonRecord, SessionRecord } from '../core/records.ts';
import { isStanding, SIGN_IN } from '../core/sign-in-rules.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { issueChallenge, takeChallenge } from './challenges.ts';
import { newId } from './ids.ts';
import { hashKey, keyMatches, keyOwner, mintKey } from './keys.ts';
import {
  type PasskeyDependencies,
  type StandingPasskey,
  standingPasskey,
  usePasskey,
} from './passkeys.ts';

/** A person who is signed in. */
export interface SignedIn {
  readonly session: SessionRecord;
  readonly person: PersonRecord;
}

/** What the browser is asked to sign; nobody has said yet who they are. Throws `store.unavailable`. */
export async function beginSignIn({
  store,
  ceremonies,
}: PasskeyDependencies): Promise<RequestOptions> {
  const challenge = await store.commit((tx) =>
    issueChallenge(tx, { purpose: 'sign_in', personId: null }),
  );
  return ceremonies.requestOptions({ challenge, allowed: [] });
}

async function startSession(
  tx: StoreTransaction,
  { passkey, person }: StandingPasskey,
): Promise<SignedIn & { readonly token: string }> {
  const id = newId('ses');
  const token = mintKey('session', id);
  const session: SessionRecord = {
    id,
    personId: person.id,
    tokenHash: hashKey(token),
    proof: 'passkey',
    passkeyId: passkey.id,
    createdAt: tx.now,
    lastSeenAt: tx.now,
    expiresAt: new Date(tx.now.getTime() + SIGN_IN.sessionMs),
    endedAt: null,
  };
  await tx.sessions.insert(session);
  await tx.log.append({
    event: 'session.started',
    actor: `person:${person.id}`,
    facts: { session: id, proof: session.proof, passkey: passkey.id },
  });
  return { session, person, token };
}

/**
 * Signs a person in by their passkey. The token is given out here and never stored. Throws
 * `passkey.refused` for whatever is wrong, in one form, and `store.unavailable`.
 */
export async function finishSignIn(
  { store, ceremonies }: PasskeyDependencies,
  assertion: Assertion,
): Promise<SignedIn & { readonly token: string }> {
  const challenge = ceremonies.claimedChallenge(assertion) ?? '';
  const found = await store.commit(async (tx) => {
    // First, so that no challenge is good for a second guess.
    const isFresh = await takeChallenge(tx, {
      purpose: 'sign_in',
      personId: null,
      value: challenge,
    });
    return isFresh ? standingPasskey(tx, await tx.passkeys.find(assertion.id)) : undefined;
  });
  if (found === undefined) throw new GatewayError('passkey.refused');
  const { passkey } = found;
  const of = { assertion, challenge, passkey, isDiscoverable: true };
  const verified = await ceremonies.verifyAssertion(of);
  if (verified === undefined) throw new GatewayError('passkey.refused');
  const signedIn = await store.commit(async (tx) => {
    const used = await usePasskey(tx, { passkeyId: passkey.id, ...verified });
    return used && startSession(tx, used);
  });
  if (signedIn === undefined) throw new GatewayError('passkey.refused');
  return signedIn;
}

/** A use that cannot be noted makes the session idle earlier, and must not hide the queue from anybody. */
async function noteUse(store: Pick<Store, 'commit'>, session: SessionRecord): Promise<void> {
  try {
    await store.commit((tx) => tx.sessions.touch(session.id));
  } catch (error) {
    if (errorCodeOf(error) !== 'store.unavailable') throw error;
  }
}

/**
 * Whose session this token is of, if it still stands: it ends by sign-out, by time, by idling, and with
 * its person and its passkey. Notes that it was used.
 */
export async function sessionOf(
  store: Pick<Store, 'sessions' | 'people' | 'passkeys' | 'commit'>,
  token: string,
  now: Date,
): Promise<SignedIn | undefined> {
  const id = keyOwner('session', token);
  const session = id === undefined ? undefined : await store.sessions.get(id);
  if (session === undefined || !keyMatches(token, session.tokenHash) || !isStanding(session, now))
    return undefined;
  const standing = await standingPasskey(store, await store.passkeys.get(session.passkeyId));
  if (standing?.person.id !== session.personId) return undefined;
  if (now.getTime() - session.lastSeenAt.getTime() >= SIGN_IN.touchMs)
    await noteUse(store, session);
  return { session, person: standing.person };
}

/** Signs out. Ending an ended one does nothing. */
export async function endSession(tx: StoreTransaction, session: SessionRecord): Promise<void> {
  if (!(await tx.sessions.end(session.id))) return;
  await tx.log.append({
    event: 'session.ended',
    actor: `person:${session.personId}`,
    facts: { session: session.id },
  });
}
