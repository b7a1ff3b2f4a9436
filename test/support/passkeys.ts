import type { PersonRecord } from '../../src/core/records.ts';
import { invite } from '../../src/gate/enrolment.ts';
import { type Authenticator, createAuthenticator, type SoftPasskey } from './authenticator.ts';
import type { Answer, Caller, TestGateway } from './gateway.ts';

/** A person with a passkey, at a gateway. */
export interface PasskeyHolder {
  readonly person: PersonRecord;
  readonly authenticator: Authenticator;
  readonly passkey: SoftPasskey;
}

export const inviteTo = async (gateway: TestGateway, person: PersonRecord): Promise<string> => {
  const of = { personId: person.id, by: 'test' };
  return (await gateway.context.store.commit((tx) => invite(tx, of))).token;
};

/** What a browser asks before it makes a passkey. Throws when the gateway answers anything but yes. */
export async function enrolmentOptions(gateway: TestGateway, invitation: string): Promise<any> {
  const answer = await gateway.caller(undefined)('POST', '/v1/passkeys/options', {
    body: { invitation },
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

/** Enrols a passkey for the person, as the enrolment page does. */
export async function enrol(
  gateway: TestGateway,
  person: PersonRecord,
  { counts = true }: { counts?: boolean } = {},
): Promise<PasskeyHolder> {
  const invitation = await inviteTo(gateway, person);
  const authenticator = createAuthenticator(gateway.config.origin, { counts });
  const { credential, passkey } = authenticator.create(await enrolmentOptions(gateway, invitation));
  const answer = await gateway.caller(undefined)('POST', '/v1/passkeys', {
    body: { invitation, credential, label: 'Laptop' },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return { person, authenticator, passkey };
}

export async function signInOptions(gateway: TestGateway): Promise<any> {
  return (await gateway.caller(undefined)('POST', '/v1/sessions/options')).body;
}

export const signInWith = (gateway: TestGateway, credential: unknown): Promise<Answer> =>
  gateway.caller(undefined)('POST', '/v1/sessions', { body: { credential } });

/** Signs in, and calls with the session's token from then on. */
export async function signIn(
  gateway: TestGateway,
  { authenticator, passkey }: PasskeyHolder,
): Promise<{ readonly token: string; readonly call: Caller }> {
  const options = await signInOptions(gateway);
  const answer = await signInWith(gateway, authenticator.get(options, passkey));
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  const { token } = answer.body as { token: string };
  return { token, call: gateway.caller(token) };
}
