import type {
  AuthenticationResponseJSON,
  AuthenticatorTransport,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { z } from 'zod';
import type { Assertion, NewCredential } from '../../contracts/passkey.ts';
import { CreationOptionsSchema, RequestOptionsSchema } from '../../contracts/passkey.ts';
import type { PasskeyRecord } from '../../core/records.ts';
import type { MadePasskey, PasskeyCeremonies } from '../../ports/passkey-ceremonies.ts';

/** Three hundred modules that no start has to wait for: loaded when the first person comes with a passkey. */
const library = () => import('@simplewebauthn/server');

/** COSE: EdDSA, ES256, RS256. */
const ALGORITHMS = [-8, -7, -257];
const RP_NAME = 'Sallyport';
/** How long the browser waits for the person, as long as the challenge lives. */
const TIMEOUT_MS = 300_000;

/** WebAuthn Level 3, 5.8.1. */
const ClientDataSchema = z.looseObject({
  challenge: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
});

function clientDataOf({ response }: NewCredential | Assertion) {
  try {
    const text = Buffer.from(response.clientDataJSON, 'base64url').toString('utf8');
    return ClientDataSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** No page of ours is framed: the library lets a frame pass that does not say whose it is. */
const isFramed = (answer: NewCredential | Assertion): boolean => {
  const data = clientDataOf(answer);
  return data === undefined || data.crossOrigin === true || data.topOrigin !== undefined;
};

/**
 * None was asked for, so browsers send none. The library would fetch the revocation lists that such
 * certificates name before it asks who made them: at any address, from inside the network.
 */
async function hasCertificates({ response }: NewCredential): Promise<boolean> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers');
  try {
    const object = decodeAttestationObject(bytesOf(response.attestationObject));
    return object.get('attStmt').get('x5c') !== undefined;
  } catch {
    return true;
  }
}

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));

/** The person's id: random, and it says nothing about them to whoever holds the authenticator. */
const userHandleOf = (personId: string): string =>
  Buffer.from(personId, 'utf8').toString('base64url');

const descriptor = ({ credentialId, transports }: PasskeyRecord) => ({
  id: credentialId,
  transports: [...transports] as AuthenticatorTransport[],
});

/** Without the members that have no value: JSON has none of them. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The library throws for whatever is wrong, and what it says quotes what a stranger sent. */
async function orUndefined<T>(verified: Promise<T>): Promise<T | undefined> {
  try {
    return await verified;
  } catch {
    return undefined;
  }
}

type Of<Name extends keyof PasskeyCeremonies> = Parameters<PasskeyCeremonies[Name]>[0];

async function creationOptions(rpID: string, { person, challenge, known }: Of<'creationOptions'>) {
  const { generateRegistrationOptions } = await library();
  const options = await generateRegistrationOptions({
    rpName: RP_NAME,
    rpID,
    userID: new TextEncoder().encode(person.id),
    userName: person.email,
    userDisplayName: person.name,
    challenge: bytesOf(challenge),
    timeout: TIMEOUT_MS,
    attestationType: 'none',
    excludeCredentials: known.map(descriptor),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  });
  return CreationOptionsSchema.parse(asJson(options));
}

async function requestOptions(rpID: string, { challenge, allowed }: Of<'requestOptions'>) {
  const { generateAuthenticationOptions } = await library();
  const options = await generateAuthenticationOptions({
    rpID,
    challenge: bytesOf(challenge),
    timeout: TIMEOUT_MS,
    userVerification: 'required',
    allowCredentials: allowed.map(descriptor),
  });
  return RequestOptionsSchema.parse(asJson(options));
}

/** What every answer is held against beside its challenge. */
interface Expected {
  readonly expectedOrigin: string;
  readonly expectedRPID: string;
  readonly requireUserVerification: true;
}

async function verifyCreation(
  expected: Expected,
  { credential, challenge }: Of<'verifyCreation'>,
): Promise<MadePasskey | undefined> {
  if (isFramed(credential) || (await hasCertificates(credential))) return undefined;
  const { verifyRegistrationResponse } = await library();
  const verified = await orUndefined(
    verifyRegistrationResponse({
      response: { ...credential, clientExtensionResults: {} } as RegistrationResponseJSON,
      ...expected,
      expectedChallenge: challenge,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  if (verified?.verified !== true) return undefined;
  const { id, publicKey, counter } = verified.registrationInfo.credential;
  // What is signed names the credential; what lies around it is only the browser's word.
  if (id !== credential.id) return undefined;
  const { transports = [] } = credential.response;
  return { credentialId: id, publicKey, counter, transports };
}

/** The person that an authenticator names must be the passkey's; without a name before, it has to name one. */
function namesOwner({ assertion, passkey, isDiscoverable }: Of<'verifyAssertion'>): boolean {
  const { userHandle } = assertion.response;
  return userHandle == null ? !isDiscoverable : userHandle === userHandleOf(passkey.personId);
}

async function verifyAssertion(
  expected: Expected,
  of: Of<'verifyAssertion'>,
): Promise<{ readonly counter: number } | undefined> {
  const { assertion, challenge, passkey } = of;
  if (isFramed(assertion) || assertion.id !== passkey.credentialId || !namesOwner(of))
    return undefined;
  // Its counter is held against the record when the use is written down; the library would judge it here,
  // before the signature, and by what may be old by then.
  const { verifyAuthenticationResponse } = await library();
  const publicKey = Uint8Array.from(passkey.publicKey);
  const credential = { id: passkey.credentialId, publicKey, counter: 0 };
  const verified = await orUndefined(
    verifyAuthenticationResponse({
      response: { ...assertion, clientExtensionResults: {} } as AuthenticationResponseJSON,
      ...expected,
      expectedChallenge: challenge,
      credential,
    }),
  );
  return verified?.verified === true
    ? { counter: verified.authenticationInfo.newCounter }
    : undefined;
}

/** `origin`: scheme, host and port; its host name is the RP ID. */
export function createPasskeyCeremonies(origin: string): PasskeyCeremonies {
  const rpId = new URL(origin).hostname;
  const expected: Expected = {
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  };
  return {
    creationOptions: (of) => creationOptions(rpId, of),
    requestOptions: (of) => requestOptions(rpId, of),
    claimedChallenge: (answer) => clientDataOf(answer)?.challenge,
    verifyCreation: (of) => verifyCreation(expected, of),
    verifyAssertion: (of) => verifyAssertion(expected, of),
  };
}
