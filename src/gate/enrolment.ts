import type { CreationOptions, NewCredential } from '../contracts/passkey.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { InvitationRecord, PasskeyRecord, PersonRecord } from '../core/records.ts';
import { SIGN_IN, standingPasskeys } from '../core/sign-in-rules.ts';
import type { MadePasskey } from '../ports/passkey-ceremonies.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { issueChallenge, takeChallenge } from './challenges.ts';
import { newId } from './ids.ts';
import { hashKey, keyMatches, keyOwner, mintKey } from './keys.ts';
import type { PasskeyDependencies } from './passkeys.ts';

/**
 * Lets a person enrol one passkey. The token is shown once and never stored. Throws `request.not_found`
 * for somebody who is not on the roster any more.
 */
export async function invite(
  tx: StoreTransaction,
  of: { readonly personId: string; readonly by: string },
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  const person = await tx.people.get(of.personId);
  if (person === undefined || person.revokedAt !== null)
    throw new GatewayError('request.not_found', { detail: `no person ${of.personId}` });
  await assertRoom(tx, person.id);
  const id = newId('inv');
  const token = mintKey('invitation', id);
  const expiresAt = new Date(tx.now.getTime() + SIGN_IN.invitationMs);
  await tx.invitations.insert({
    id,
    personId: person.id,
    tokenHash: hashKey(token),
    createdAt: tx.now,
    expiresAt,
    usedAt: null,
  });
  await tx.log.append({
    event: 'invitation.created',
    actor: of.by,
    facts: { invitation: id, person: person.id, expires_at: expiresAt.toISOString() },
  });
  return { token, expiresAt };
}

/** Where the console takes it. Behind #, which browsers send to nobody: no log of a proxy has it. */
export const enrolmentLink = (origin: string, token: string): string =>
  `${origin}/console/enrol#${token}`;

async function assertRoom(tx: StoreTransaction, personId: string): Promise<void> {
  const standing = standingPasskeys(await tx.passkeys.of(personId));
  if (standing.length >= SIGN_IN.passkeysMax) throw new GatewayError('passkey.limit');
}

interface Invited {
  readonly invitation: InvitationRecord;
  readonly person: PersonRecord;
}

/** One answer for unknown, wrong, used, over, and of a person who was revoked: `invitation.refused`. */
async function invitedBy(tx: StoreTransaction, token: string): Promise<Invited> {
  const id = keyOwner('invitation', token);
  const invitation = id === undefined ? undefined : await tx.invitations.get(id);
  if (
    invitation === undefined ||
    !keyMatches(token, invitation.tokenHash) ||
    invitation.usedAt !== null ||
    invitation.expiresAt <= tx.now
  )
    throw new GatewayError('invitation.refused');
  const person = await tx.people.get(invitation.personId);
  if (person === undefined || person.revokedAt !== null)
    throw new GatewayError('invitation.refused');
  await assertRoom(tx, person.id);
  return { invitation, person };
}

/** What the browser is asked to make. Throws `invitation.refused`, `passkey.limit`, `store.unavailable`. */
export async function beginEnrolment(
  { store, ceremonies }: PasskeyDependencies,
  token: string,
): Promise<CreationOptions> {
  const { person, challenge, known } = await store.commit(async (tx) => {
    const invited = await invitedBy(tx, token);
    const { id: personId } = invited.person;
    const fresh = await issueChallenge(tx, { purpose: 'enrol', personId });
    return { ...invited, challenge: fresh, known: await tx.passkeys.of(personId) };
  });
  return ceremonies.creationOptions({ person, challenge, known: standingPasskeys(known) });
}

async function addPasskey(
  tx: StoreTransaction,
  of: { readonly token: string; readonly label: string; readonly made: MadePasskey },
): Promise<Enrolled> {
  // Again: the invitation may have been used, and the person revoked, while the answer was verified.
  const { invitation, person } = await invitedBy(tx, of.token);
  await tx.invitations.use(invitation.id);
  const passkey: PasskeyRecord = {
    ...of.made,
    id: newId('psk'),
    personId: person.id,
    label: of.label,
    createdAt: tx.now,
    lastUsedAt: null,
    revokedAt: null,
  };
  if (!(await tx.passkeys.insert(passkey))) throw new GatewayError('passkey.refused');
  await tx.log.append({
    event: 'passkey.enrolled',
    actor: `person:${person.id}`,
    facts: { passkey: passkey.id, person: person.id, invitation: invitation.id },
  });
  return { passkey, person };
}

interface Enrolled {
  readonly passkey: PasskeyRecord;
  readonly person: PersonRecord;
}

/**
 * Takes the passkey that the browser made and uses the invitation up. A refused one leaves the invitation
 * as it was, for another try. Throws `invitation.refused`, `passkey.refused`, `passkey.limit`,
 * `store.unavailable`.
 */
export async function finishEnrolment(
  { store, ceremonies }: PasskeyDependencies,
  of: { readonly token: string; readonly label: string; readonly credential: NewCredential },
): Promise<Enrolled> {
  const { token, label, credential } = of;
  const challenge = ceremonies.claimedChallenge(credential) ?? '';
  const isFresh = await store.commit(async (tx) => {
    const { person } = await invitedBy(tx, token);
    return takeChallenge(tx, { purpose: 'enrol', personId: person.id, value: challenge });
  });
  if (!isFresh) throw new GatewayError('passkey.refused');
  const made = await ceremonies.verifyCreation({ credential, challenge });
  if (made === undefined) throw new GatewayError('passkey.refused');
  return store.commit((tx) => addPasskey(tx, { token, label, made }));
}
