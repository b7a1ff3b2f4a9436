import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { revokePasskey } from '../../src/gate/passkeys.ts';
import { revokePerson } from '../../src/gate/roster.ts';
import type { Answer, Caller } from '../support/gateway.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';
import { enrol, type PasskeyHolder, signIn } from '../support/passkeys.ts';

/** Who may ask and who may decide is changed by an operator whose passkey signed exactly that, now and once. */

let gateway: TestGateway;
let operator: PasskeyHolder;
let call: Caller;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  operator = await enrol(gateway, gateway.approver.record);
  ({ call } = await signIn(gateway, operator));
});
afterAll(() => gateway.close());

interface Step {
  readonly by?: PasskeyHolder;
  readonly as?: Caller;
}

type Change = Record<string, unknown> & { change: string };

const optionsFor = (change: Change, as = call): Promise<Answer> =>
  as('POST', '/v1/roster/passkey-options', { body: change });

/** What the passkey signs for this change. */
async function signed(change: Change, { by = operator, as = call }: Step = {}): Promise<any> {
  const { status, body } = await optionsFor(change, as);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return { nonce: body.nonce, credential: by.authenticator.get(body.options, by.passkey) };
}

const PATHS: Readonly<Record<string, (change: any) => [method: string, path: string]>> = {
  add_agent: () => ['POST', '/v1/agents'],
  add_person: () => ['POST', '/v1/people'],
  revoke_agent: ({ id }) => ['DELETE', `/v1/agents/${id}`],
  revoke_person: ({ id }) => ['DELETE', `/v1/people/${id}`],
  change_roles: ({ id }) => ['POST', `/v1/people/${id}/roles`],
};

function send(change: Change, stepUp: unknown, as = call): Promise<Answer> {
  const fields = Object.fromEntries(
    Object.entries(change).filter(([name]) => name !== 'change' && name !== 'id'),
  );
  const [method, path] = PATHS[change.change]!(change);
  return as(method, path, { body: { ...fields, step_up: stepUp } });
}

const make = async (change: Change, of: Step = {}): Promise<Answer> =>
  send(change, await signed(change, of), of.as ?? call);

let made = 0;
const agent = (): Change => {
  made += 1;
  return { change: 'add_agent', name: `made-${made}`, groups: ['assistants'] };
};
const person = (roles = ['approver']): Change => {
  made += 1;
  const email = `made.${made}@sallyport.test`;
  return { change: 'add_person', name: `Made ${made}`, email, roles };
};

const lastEntry = async (event: string): Promise<any> =>
  (await logEntries(gateway.context.store)).findLast((entry: any) => entry.event === event);

describe('an operator in the console', () => {
  it('adds an agent, whose key is shown once and works until they revoke it', async () => {
    const change = agent();
    const added = await make(change);
    expect(added.status, JSON.stringify(added.body)).toBe(201);
    const { id, key } = added.body;
    expect((await gateway.caller(key)('GET', '/v1/tools')).status).toBe(200);
    expect(await lastEntry('agent.added')).toMatchObject({
      actor: `person:${operator.person.id}`,
      agent_id: id,
    });
    expect(JSON.stringify((await call('GET', '/v1/agents')).body)).not.toContain(key);
    expect((await make({ change: 'revoke_agent', id })).status).toBe(204);
    expect((await gateway.caller(key)('GET', '/v1/tools')).status).toBe(401);
    expect(await lastEntry('agent.revoked')).toMatchObject({
      actor: `person:${operator.person.id}`,
      agent_id: id,
    });
  });

  it('adds a person, who enrols by the link, decides, and does not once revoked', async () => {
    const added = await make(person());
    expect(added.status, JSON.stringify(added.body)).toBe(201);
    const { person: view, enrolment } = added.body;
    expect(enrolment.link).toContain(`${gateway.config.origin}/console/enrol#spi_`);
    expect(JSON.stringify(added.body)).not.toMatch(/spp_|otpauth/);
    expect(await lastEntry('person.added')).toMatchObject({
      actor: `person:${operator.person.id}`,
      facts: { person: view.id, roles: ['approver'] },
    });
    expect(JSON.stringify(await logEntries(gateway.context.store))).not.toContain(view.email);
    const record = await gateway.context.store.people.get(view.id);
    const theirs = await signIn(gateway, await enrol(gateway, record!));
    const waits = await gateway.submit({
      ...{ action: 'create_note', contact_id: '20001', note: 'By a new one.' },
    });
    const yes = await gateway.approve(waits.body.id, waits.body.digest, theirs.call);
    expect(yes.body.status).toBe('approved');
    await gateway.ended(waits.body.id);
    expect((await make({ change: 'revoke_person', id: view.id })).status).toBe(204);
    expect((await theirs.call('GET', '/v1/people/me')).status).toBe(401);
  });

  it('changes a person’s roles, effective at once: what they had approved is asked anew', async () => {
    const { record, call: theirs } = await gateway.addPerson('Ria Roles');
    const asked = { action: 'create_note', contact_id: '20001', note: 'By their roles.' };
    const waits = (await gateway.submit(asked)).body;
    const mayDecide = async () =>
      (await theirs('GET', `/v1/approvals/${waits.id}`)).body.you.can_decide;
    expect(await mayDecide()).toBe(true);
    const changed = await make({ change: 'change_roles', id: record.id, roles: ['operator'] });
    expect(changed.status, JSON.stringify(changed.body)).toBe(200);
    expect(changed.body).toMatchObject({ id: record.id, roles: ['operator'] });
    expect(await mayDecide()).toBe(false);
    expect((await gateway.approve(waits.id, waits.digest, theirs)).body.code).toBe(
      'approval.not_eligible',
    );
    expect(await lastEntry('person.changed')).toMatchObject({
      actor: `person:${operator.person.id}`,
      facts: { person: record.id, roles: ['operator'], former: ['approver'] },
    });
    await make({ change: 'change_roles', id: record.id, roles: ['approver'] });
    expect(await mayDecide()).toBe(true);
    await gateway.agent.call('DELETE', `/v1/actions/${waits.id}`);
  });

  it('gives no role that no rule asks for, and takes none away that they have', async () => {
    const { record } = await gateway.addPerson('Vic Viewer', ['viewer']);
    const of = (roles: string[]): Change => ({ change: 'change_roles', id: record.id, roles });
    const unknown = await optionsFor(of(['aprover']));
    expect(unknown).toMatchObject({ status: 422, body: { code: 'person.unknown_role' } });
    expect(unknown.body.detail).toMatch(/^aprover; roles that count are approver, /);
    expect((await optionsFor(of([]))).status).toBe(400);
    expect((await make(of(['viewer', 'approver']))).body.roles).toEqual(['viewer', 'approver']);
    const nobody = { change: 'change_roles', id: 'per_0000000000000000', roles: ['approver'] };
    expect((await make(nobody)).body.code).toBe('request.not_found');
  });

  it('is told what stands against it before a passkey is asked for', async () => {
    const { name } = gateway.agent.record;
    const twice = await optionsFor({ change: 'add_agent', name, groups: [] });
    expect(twice.body.code).toBe('agent.exists');
    const { email } = operator.person;
    const known = await optionsFor({ ...person(), email: email.toUpperCase() });
    expect(known.body.code).toBe('person.exists');
    expect((await optionsFor(person(['aprover']))).body.code).toBe('person.unknown_role');
    for (const change of [
      { ...agent(), name: 'a\u202Eb' },
      { ...agent(), name: '' },
      { ...agent(), name: 'two\nlines' },
      { ...person(), email: 'nobody' },
      { ...person(), roles: [] },
      { ...person(), totp_secret: 'x' },
      { change: 'revoke_agent', id: 'agt_' },
    ])
      expect((await optionsFor(change)).status, JSON.stringify(change)).toBe(400);
  });

  it('revokes no unknown one, and not the gateway’s own agent', async () => {
    const unknown = await make({ change: 'revoke_agent', id: 'agt_0000000000000000' });
    expect(unknown.body.code).toBe('request.not_found');
    const own = await make({ change: 'revoke_agent', id: 'agt_sa11yp0rt0' });
    expect(own.body.code).toBe('policy.denied');
    const nobody = await make({ change: 'revoke_person', id: 'per_0000000000000000' });
    expect(nobody.body.code).toBe('request.not_found');
  });

  it('does not go as the last one', async () => {
    const { id } = operator.person;
    const own: Change = { change: 'revoke_person', id };
    expect((await optionsFor(own)).body.code).toBe('person.last_operator');
    const less: Change = { change: 'change_roles', id, roles: ['approver'] };
    expect((await optionsFor(less)).body.code).toBe('person.last_operator');
    const other = await gateway.addPerson('Other Operator', ['operator']);
    const ready = await signed(own);
    await gateway.context.store.commit((tx) =>
      revokePerson(tx, { id: other.record.id, by: 'test' }),
    );
    expect((await send(own, ready)).body.code).toBe('person.last_operator');
    expect((await call('GET', '/v1/people/me')).status).toBe(200);
  });
});

describe('nobody else changes who may ask and who may decide', () => {
  const count = async (): Promise<number> => {
    const { store } = gateway.context;
    const [agents, people] = [await store.agents.list(), await store.people.list()];
    return agents.rows.length + people.length;
  };

  async function refused(change: Change, stepUp: unknown, code: string, as = call) {
    const before = await count();
    const answer = await send(change, stepUp, as);
    expect(answer.body.code, JSON.stringify(answer.body)).toBe(code);
    expect(await count()).toBe(before);
  }

  it('without the role, whatever they sign', async () => {
    const { record } = await gateway.addPerson('Only Approves');
    const holder = await enrol(gateway, record);
    const { call: as } = await signIn(gateway, holder);
    expect((await optionsFor(agent(), as)).body.code).toBe('person.forbidden');
    const change = person(['operator']);
    const { body } = await optionsFor(change);
    const credential = holder.authenticator.get(body.options, holder.passkey);
    await refused(change, { nonce: body.nonce, credential }, 'passkey.refused', as);
  });

  it('with a key instead of a session', async () => {
    const byKey = gateway.approver.call;
    expect((await optionsFor(agent(), byKey)).body.code).toBe('passkey.session_needed');
    const change = agent();
    await refused(change, await signed(change), 'passkey.session_needed', byKey);
    const asAgent = await send(change, await signed(change), gateway.agent.call);
    expect(asAgent.status).toBe(401);
  });

  it('without a signature, and with the session alone', async () => {
    const fields = { name: agent()['name'], groups: [] };
    expect((await call('POST', '/v1/agents', { body: fields })).status).toBe(400);
    const { id } = gateway.agent.record;
    expect((await call('DELETE', `/v1/agents/${id}`, { body: {} })).status).toBe(400);
    expect((await call('DELETE', `/v1/agents/${id}`)).status).toBe(415);
  });

  it.each([
    ['another name', (change: Change) => ({ ...change, name: 'Another Name' })],
    ['one role more', (change: Change) => ({ ...change, roles: ['approver', 'operator'] })],
    ['another address', (change: Change) => ({ ...change, email: 'mallory@evil.test' })],
  ])('with a signature for %s', async (_what, forge) => {
    const change = person();
    await refused(forge(change), await signed(change), 'passkey.refused');
  });

  it('with a signature for another kind of change', async () => {
    const { record } = await gateway.addPerson('Stays Here');
    const stepUp = await signed(agent());
    await refused({ change: 'revoke_person', id: record.id }, stepUp, 'passkey.refused');
    expect((await gateway.context.store.people.get(record.id))?.revokedAt).toBeNull();
  });

  it('with a signature for other roles, or for somebody else’s', async () => {
    const { record } = await gateway.addPerson('Keeps Roles');
    const { record: other } = await gateway.addPerson('Keeps Them Too');
    const change: Change = { change: 'change_roles', id: record.id, roles: ['approver'] };
    const more = { ...change, roles: ['approver', 'operator'] };
    await refused(more, await signed(change), 'passkey.refused');
    await refused({ ...more, id: other.id }, await signed(more), 'passkey.refused');
    for (const { id } of [record, other])
      expect((await gateway.context.store.people.get(id))?.roles).toEqual(['approver']);
  });

  it('with a signature that was used, also when it came to nothing', async () => {
    const change = agent();
    const stepUp = await signed(change);
    expect((await send(change, stepUp)).status).toBe(201);
    await refused(change, stepUp, 'passkey.refused');
    const failed = person();
    const spent = await signed(failed);
    await refused({ ...failed, name: 'Else' }, spent, 'passkey.refused');
    await refused(failed, spent, 'passkey.refused');
  });

  it('twenty times at once with one signature: it counts once', async () => {
    const change = agent();
    const stepUp = await signed(change);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(change, stepUp)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const { rows } = await gateway.context.store.agents.list();
    expect(rows.filter(({ name }) => name === change['name'])).toHaveLength(1);
  });

  it('with the nonce of another operator, or one of their own making', async () => {
    const other = await gateway.addPerson('Second Operator', ['operator']);
    const holder = await enrol(gateway, other.record);
    const { call: as } = await signIn(gateway, holder);
    const change = agent();
    const theirs = await signed(change, { by: holder, as });
    await refused(change, theirs, 'passkey.refused');
    const mine = await signed(change);
    await refused(change, { ...mine, nonce: 'A'.repeat(43) }, 'passkey.refused');
    expect((await make(change, { by: holder, as })).status).toBe(201);
  });

  it('with what was signed for a sign-in or an approval', async () => {
    const change = agent();
    const { body } = await gateway.caller(undefined)('POST', '/v1/sessions/options');
    const signIn = operator.authenticator.get(body, operator.passkey);
    await refused(change, { nonce: body.challenge, credential: signIn }, 'passkey.refused');
  });

  it('without a person before the authenticator, and with a passkey that is revoked', async () => {
    const change = agent();
    const options = (await optionsFor(change)).body;
    const unseen = operator.authenticator.get(options.options, operator.passkey, {
      isVerified: false,
    });
    await refused(change, { nonce: options.nonce, credential: unseen }, 'passkey.refused');
    const leaver = await gateway.addPerson('Loses Passkey', ['operator']);
    const holder = await enrol(gateway, leaver.record);
    const { call: as } = await signIn(gateway, holder);
    const ready = await signed(change, { by: holder, as });
    const [passkey] = await gateway.context.store.passkeys.of(leaver.record.id);
    await gateway.context.store.commit((tx) => revokePasskey(tx, { id: passkey!.id, by: 'test' }));
    const answer = await send(change, ready, as);
    expect(answer.status).toBe(401);
  });

  it('and each attempt is in the log, by whose session it was', async () => {
    const change = agent();
    const stepUp = await signed(change);
    await refused({ ...change, name: 'Forged' }, stepUp, 'passkey.refused');
    await expect
      .poll(async () => lastEntry('request.refused'), { timeout: 10_000 })
      .toMatchObject({
        actor: `person:${operator.person.id}`,
        code: 'passkey.refused',
        facts: { route: '/v1/agents' },
      });
  });
});
