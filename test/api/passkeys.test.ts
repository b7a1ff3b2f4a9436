import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  enrol,
  enrolmentOptions,
  inviteTo,
  type PasskeyHolder,
  signIn,
  signInOptions,
} from '../support/passkeys.ts';

const WITH_PASSKEY = `
@id("tasks-need-a-passkey")
@reason("Tasks need a passkey.")
forbid (principal, action == Action::"create_task", resource)
when { Role::"approver".passkeyApprovals < 1 };
`;
const TASK = {
  action: 'create_task',
  contact_id: '20001',
  subject: 'Call back',
  due: '2027-01-04T15:00:00Z',
};
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Called.' };

let gateway: TestGateway;
let lena: PasskeyHolder;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    policy: `${readFileSync('policy/default.cedar', 'utf8')}${WITH_PASSKEY}`,
  });
  lena = await enrol(gateway, (await gateway.addPerson('Lena Ott')).record);
});
afterAll(() => gateway.close());

/** Every entry of the log with this event, parsed. */
async function entries(event: string): Promise<any[]> {
  const { log } = gateway.context.store;
  const all = (await log.leaves(0, await log.size())).map((leaf) =>
    JSON.parse(new TextDecoder().decode(leaf)),
  );
  return all.filter((entry) => entry.event === event);
}

describe('enrolling a passkey', () => {
  it('asks for a discoverable one with user verification, bound to the host name', async () => {
    const { record } = await gateway.addPerson('New Here');
    const options = await enrolmentOptions(gateway, await inviteTo(gateway, record));
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'Sallyport' },
      user: { name: record.email, displayName: record.name },
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32);
    expect(Buffer.from(options.user.id, 'base64url').toString()).toBe(record.id);
  });

  it('leaves out authenticators that hold one of the person’s', async () => {
    const options = await enrolmentOptions(gateway, await inviteTo(gateway, lena.person));
    expect(options.excludeCredentials).toEqual([
      { id: lena.passkey.credentialId, type: 'public-key', transports: ['internal'] },
    ]);
  });

  it('answers with whose it is, and logs it', async () => {
    const { record } = await gateway.addPerson('Second Key');
    const holder = await enrol(gateway, record);
    const [passkey] = await gateway.context.store.passkeys.of(record.id);
    expect(passkey).toMatchObject({ credentialId: holder.passkey.credentialId, label: 'Laptop' });
    expect((await entries('passkey.enrolled')).at(-1)).toMatchObject({
      actor: `person:${record.id}`,
      facts: { passkey: passkey?.id, person: record.id },
    });
  });

  it('stops at ten, and goes on when one of them was revoked', async () => {
    const { record } = await gateway.addPerson('Many Keys');
    const eleventh = await inviteTo(gateway, record);
    for (let number = 1; number <= 10; number += 1) await enrol(gateway, record);
    const ask = () =>
      gateway.caller(undefined)('POST', '/v1/passkeys/options', { body: { invitation: eleventh } });
    expect(await ask()).toMatchObject({ status: 409, body: { code: 'passkey.limit' } });
    await expect(inviteTo(gateway, record)).rejects.toMatchObject({ code: 'passkey.limit' });
    const [first] = await gateway.context.store.passkeys.of(record.id);
    await gateway.context.store.commit((tx) => tx.passkeys.revoke(first?.id ?? ''));
    expect((await ask()).status).toBe(200);
  });

  it.each(['', ' ', 'x'.repeat(61), 'Lap\u200btop', 'two\nlines'])(
    'takes no label such as %j',
    async (label) => {
      const { record } = await gateway.addPerson(`Label ${label.length}${label.charCodeAt(0)}`);
      const invitation = await inviteTo(gateway, record);
      const { credential } = lena.authenticator.create(await enrolmentOptions(gateway, invitation));
      const answer = await gateway.caller(undefined)('POST', '/v1/passkeys', {
        body: { invitation, credential, label },
      });
      expect(answer).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
    },
  );
});

describe('signing in', () => {
  it('names nobody beforehand, and answers with a token, the person and the end', async () => {
    const options = await signInOptions(gateway);
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' });
    expect(options.allowCredentials).toEqual([]);
    const { token, call } = await signIn(gateway, lena);
    expect(token).toMatch(/^sps_[0-9a-z]{16}_[\w-]{43}$/);
    const current = await call('GET', '/v1/sessions/current');
    expect(current.status).toBe(200);
    const { id, name, email, roles } = lena.person;
    expect(current.body.person).toEqual({
      ...{ id, name, email, roles, revoked_at: null },
      created_at: lena.person.createdAt.toISOString(),
    });
    const left = Date.parse(current.body.expires_at) - Date.now();
    expect(left).toBeGreaterThan(11.9 * 3_600_000);
    expect(left).toBeLessThanOrEqual(12 * 3_600_000);
  });

  it('is in the log with the passkey, and so is signing out, which holds at once', async () => {
    const { token, call } = await signIn(gateway, lena);
    const started = (await entries('session.started')).at(-1);
    expect(started).toMatchObject({
      actor: `person:${lena.person.id}`,
      facts: { proof: 'passkey', passkey: expect.stringMatching(/^psk_/) },
    });
    expect(JSON.stringify(started)).not.toContain(token);
    expect((await call('DELETE', '/v1/sessions/current')).status).toBe(204);
    expect((await entries('session.ended')).at(-1)?.facts).toEqual({
      session: started.facts.session,
    });
    expect(await call('GET', '/v1/sessions/current')).toMatchObject({
      status: 401,
      body: { code: 'person.unauthenticated' },
    });
  });

  it('works with an authenticator that keeps no counter', async () => {
    const synced = await enrol(gateway, (await gateway.addPerson('Synced')).record, {
      counts: false,
    });
    await signIn(gateway, synced);
    await signIn(gateway, synced);
  });

  it('opens every door of a person, and no agent’s', async () => {
    const { call } = await signIn(gateway, lena);
    for (const path of ['/v1/approvals', '/v1/freezes', '/v1/settlements'])
      expect((await call('GET', path)).status).toBe(200);
    expect((await call('GET', '/v1/actions')).status).toBe(401);
  });

  it('has no session for a key, which is none', async () => {
    for (const method of ['GET', 'DELETE'])
      expect((await gateway.approver.call(method, '/v1/sessions/current')).status).toBe(404);
  });
});

describe('deciding', () => {
  it('by session counts as a session, in the answer and in the log', async () => {
    const { call } = await signIn(gateway, lena);
    const { id, digest } = (await gateway.submit(NOTE)).body;
    expect((await gateway.approve(id, digest, call)).body.status).toBe('approved');
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    const { decisions } = (await call('GET', `/v1/approvals/${id}`)).body;
    expect(decisions).toMatchObject([{ person: lena.person.id, proof: 'session' }]);
    const granted = (await gateway.entriesOf(id)).find(({ event }) => event === 'approval.granted');
    expect(granted.facts.proof).toBe('session');
  });

  it('with a passkey signs the digest itself, and the write is carried out', async () => {
    const { call } = await signIn(gateway, lena);
    const { id, digest } = (await gateway.submit(TASK)).body;
    expect((await gateway.approve(id, digest, call)).body.code).toBe('approval.passkey_required');
    const options = (await call('POST', `/v1/approvals/${id}/passkey-options`)).body;
    expect(Buffer.from(options.challenge, 'base64url').toString('hex')).toBe(digest);
    expect(options).toMatchObject({ userVerification: 'required', rpId: 'localhost' });
    expect(options.allowCredentials).toMatchObject([{ id: lena.passkey.credentialId }]);
    const passkey = lena.authenticator.get(options, lena.passkey);
    const answer = await call('POST', `/v1/approvals/${id}/decisions`, {
      body: { decision: 'approve', digest, passkey },
    });
    expect(answer.body).toMatchObject({ status: 'approved' });
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    const granted = (await gateway.entriesOf(id)).find(({ event }) => event === 'approval.granted');
    expect(granted.facts).toMatchObject({
      proof: 'passkey',
      passkey: (await gateway.context.store.passkeys.find(lena.passkey.credentialId))?.id,
    });
    expect((await gateway.context.store.decisions.of(id))[0]?.proof).toBe('passkey');
  });

  it('takes a rejection from the session, and no signature with it', async () => {
    const { call } = await signIn(gateway, lena);
    const { id, digest } = (await gateway.submit(TASK)).body;
    const path = `/v1/approvals/${id}/decisions`;
    const options = (await call('POST', `/v1/approvals/${id}/passkey-options`)).body;
    const passkey = lena.authenticator.get(options, lena.passkey);
    const both = await call('POST', path, { body: { decision: 'reject', digest, passkey } });
    expect(both).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
    const answer = await call('POST', path, { body: { decision: 'reject', digest } });
    expect(answer.body.status).toBe('rejected');
    const closed = await call('POST', `/v1/approvals/${id}/passkey-options`);
    expect(closed.body.code).toBe('approval.closed');
  });

  it('says to whoever has no passkey that they have none, and that there is no such request', async () => {
    const { id } = (await gateway.submit(TASK)).body;
    const ask = (of: string) =>
      gateway.approver.call('POST', `/v1/approvals/${of}/passkey-options`);
    expect((await ask(id)).body.code).toBe('passkey.missing');
    expect((await ask(`act_${'0'.repeat(26)}`)).body.code).toBe('approval.not_found');
  });
});

describe('strangers', () => {
  it('are told to wait when they ask too often, and nobody with a key is', async () => {
    const busy = await startTestGateway({
      temporalAddress: inject('temporalAddress'),
      env: { SALLYPORT_STRANGER_REQUESTS_PER_MINUTE: '5' },
    });
    const call = busy.caller(undefined);
    const answers = [];
    for (let i = 0; i < 4; i += 1) answers.push(await call('POST', '/v1/sessions/options'));
    for (const body of [{ invitation: 'x' }, { invitation: 'x' }])
      answers.push(await call('POST', '/v1/passkeys/options', { body }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 401, 429]);
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await busy.approver.call('GET', '/v1/approvals')).status).toBe(200);
    expect((await call('GET', '/healthz')).status).toBe(200);
    await busy.close();
  });
});
