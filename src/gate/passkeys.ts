import type { Assertion, RequestOptions } from '../contracts/passkey.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { PasskeyRecord, PersonRecord } from '../core/records.ts';
import { counterMoved, standingPasskeys } from '../core/sign-in-rules.ts';
import type { PasskeyCeremonies } from '../ports/passkey-ceremonies.ts';
import type { Store, StoreReads, StoreTransaction } from '../ports/store.ts';

/** What the ceremonies with a browser take. */
export interface PasskeyDependencies {
  readonly store: Store;
  readonly ceremonies: PasskeyCeremonies;
}

/** A passkey that counts now, with its person. */
export interface StandingPasskey {
  readonly passkey: PasskeyRecord;
  readonly person: PersonRecord;
}

/** `undefined` when it is revoked or unknown, or its person is. */
export async function standingPasskey(
  reads: Pick<StoreReads, 'people'>,
  passkey: PasskeyRecord | undefined,
): Promise<StandingPasskey | undefined> {
  if (passkey === undefined || passkey.revokedAt !== null) return undefined;
  const person = await reads.people.get(passkey.personId);
  return person === undefined || person.revokedAt !== null ? undefined : { passkey, person };
}

/** What the browser is asked to sign, with a passkey of this person. Throws `passkey.missing`. */
export async function signingOptions(
  { store, ceremonies }: PasskeyDependencies,
  person: PersonRecord,
  /** base64url. */
  challenge: string,
): Promise<RequestOptions> {
  const allowed = standingPasskeys(await store.passkeys.of(person.id));
  if (allowed.length === 0) throw new GatewayError('passkey.missing');
  return ceremonies.requestOptions({ challenge, allowed });
}

/** By the person's own passkey, over this very challenge: `undefined` when it is anything else. */
export async function verifyOwnPasskey(
  { store, ceremonies }: PasskeyDependencies,
  of: {
    readonly person: PersonRecord;
    /** base64url. */
    readonly challenge: string;
    readonly assertion: Assertion;
  },
): Promise<{ readonly passkeyId: string; readonly counter: number } | undefined> {
  const passkey = await store.passkeys.find(of.assertion.id);
  if (passkey?.personId !== of.person.id) return undefined;
  const verified = await ceremonies.verifyAssertion({
    assertion: of.assertion,
    challenge: of.challenge,
    passkey,
    isDiscoverable: false,
  });
  return verified && { passkeyId: passkey.id, ...verified };
}

/**
 * Writes down that a verified answer is used, in the transaction of what it is used for. `undefined` when
 * the passkey or its person was revoked meanwhile, or its counter has not moved since the last use: then
 * there may be two of it, and the log says so.
 */
export async function usePasskey(
  tx: StoreTransaction,
  of: { readonly passkeyId: string; readonly counter: number },
): Promise<StandingPasskey | undefined> {
  const standing = await standingPasskey(tx, await tx.passkeys.get(of.passkeyId));
  if (standing === undefined) return undefined;
  const { passkey, person } = standing;
  if (!counterMoved(passkey.counter, of.counter)) {
    await tx.log.append({
      event: 'passkey.suspected',
      actor: 'unknown',
      facts: { passkey: passkey.id, person: person.id, kept: passkey.counter, shown: of.counter },
    });
    return undefined;
  }
  await tx.passkeys.used(passkey.id, of.counter);
  return standing;
}

/** Effective at once, also on the sessions it began. Throws `request.not_found`. */
export async function revokePasskey(
  tx: StoreTransaction,
  of: { readonly id: string; readonly by: string },
): Promise<PasskeyRecord> {
  const passkey = await tx.passkeys.get(of.id);
  if (passkey === undefined)
    throw new GatewayError('request.not_found', { detail: `no passkey ${of.id}` });
  if (await tx.passkeys.revoke(of.id)) {
    await tx.log.append({
      event: 'passkey.revoked',
      actor: of.by,
      facts: { passkey: passkey.id, person: passkey.personId },
    });
  }
  return passkey;
}
