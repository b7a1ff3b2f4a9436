import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { IncidentStage } from '../../src/core/incident.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import { revokePasskey } from '../../src/gate/passkeys.ts';
import type { Answer, Caller } from '../support/gateway.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';
import { enrol, type PasskeyHolder, signIn } from '../support/passkeys.ts';

/** What becomes of the key, and whether calls start again, is signed as an approval is: exactly that, now and once. */

let gateway: TestGateway;
/** Who contains, and who opens again; each with the caller of their session. */
let first: Signer;
let second: Signer;

interface Signer extends PasskeyHolder {
  readonly call: Caller;
}

async function signer(name: string, roles = ['operator']): Promise<Signer> {
  const { record } = await gateway.addPerson(name, roles);
  const holder = await enrol(gateway, record);
  return { ...holder, call: (await signIn(gateway, holder)).call };
}

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  first = await signer('Lena First');
  second = await signer('Omar Second');
});
afterAll(() => gateway.close());

const storeOf = () => gateway.context.store;
const WAY: readonly IncidentStage[] = [
  ...(['rotating', 'verifying', 'assessing', 'reverting', 'resuming'] as const),
];
let opened = 0;

/** One of its own connection, as its workflow would have moved it. */
async function incidentAt(stage: IncidentStage, by = first): Promise<string> {
  opened += 1;
  const of = { connection: `elsewhere${opened}`, reason: 'A test', by: `person:${by.person.id}` };
  const { id } = await storeOf().commit((tx) => openIncident(tx, of));
  for (const next of WAY.slice(0, WAY.indexOf(stage) + 1))
    await storeOf().commit((tx) => tx.incidents.update(id, { stage: next }));
  return id;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const newKey = (): string => `pat-na1-${randomUUID()}`;
const viewOf = async (id: string): Promise<any> =>
  (await second.call('GET', `/v1/incidents/${id}`)).body;
const stageOf = async (id: string): Promise<string> => (await viewOf(id)).stage;

type Step =
  | { step: 'resume'; checklist: string }
  | { step: 'false_alarm'; reason: string }
  | { step: 'supply_key'; key_sha256: string };

const resuming = async (id: string): Promise<Step> => ({
  step: 'resume',
  checklist: (await viewOf(id)).checklist,
});
const falseAlarm = (reason = 'It was us.'): Step => ({ step: 'false_alarm', reason });
const supplying = (key: string): Step => ({ step: 'supply_key', key_sha256: sha256(key) });

const optionsFor = (id: string, step: unknown, { call }: { call: Caller }): Promise<Answer> =>
  call('POST', `/v1/incidents/${id}/passkey-options`, { body: step });

/** What the passkey signs for this step. */
async function signed(id: string, step: Step, by: Signer): Promise<any> {
  const { status, body } = await optionsFor(id, step, by);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return { nonce: body.nonce, credential: by.authenticator.get(body.options, by.passkey) };
}

const send = (path: string, body: object, { call }: { call: Caller }): Promise<Answer> =>
  call('POST', `/v1/incidents/${path}`, { body });

/** Refused with this code, and the incident stands where it stood. */
async function refused(path: string, body: object, by: { call: Caller }, code = 'passkey.refused') {
  const id = path.slice(0, path.indexOf('/'));
  const before = await stageOf(id);
  const answer = await send(path, body, by);
  expect(answer.body.code, JSON.stringify(answer.body)).toBe(code);
  expect(await stageOf(id)).toBe(before);
}

const entryOf = async (id: string, event: string): Promise<any> =>
  (await logEntries(storeOf(), 0)).findLast(
    (entry: any) => entry.event === event && entry.facts.incident === id,
  );
const passkeyOf = async ({ person }: PasskeyHolder): Promise<string> =>
  (await storeOf().passkeys.of(person.id))[0]!.id;

describe('an operator signed in', () => {
  it('gives the new key, with a signature over its SHA-256; the log has the passkey and not the key', async () => {
    const id = await incidentAt('rotating');
    const key = newKey();
    const stepUp = await signed(id, supplying(key), first);
    const answer = await send(`${id}/key`, { key, step_up: stepUp }, first);
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    expect(await entryOf(id, 'incident.key_supplied')).toMatchObject({
      actor: `person:${first.person.id}`,
      facts: { proof: 'passkey', passkey: await passkeyOf(first) },
    });
    const everything = JSON.stringify([await logEntries(storeOf(), 0), answer.body]);
    expect(everything).not.toContain(key);
  });

  it('says that it was a false alarm, and another opens again: each by their passkey', async () => {
    const id = await incidentAt('rotating');
    const reason = 'It was our own test.';
    const stepUp = await signed(id, falseAlarm(reason), first);
    expect((await send(`${id}/false-alarm`, { reason, step_up: stepUp }, first)).status).toBe(200);
    expect(await entryOf(id, 'incident.false_alarm')).toMatchObject({
      facts: { proof: 'passkey', passkey: await passkeyOf(first) },
    });
    const step = await resuming(id);
    const open = { checklist: (step as any).checklist, step_up: await signed(id, step, second) };
    expect((await send(`${id}/resume`, open, second)).body.stage).toBe('closed');
    expect(await entryOf(id, 'incident.closed')).toMatchObject({
      actor: `person:${second.person.id}`,
      facts: { proof: 'passkey', passkey: await passkeyOf(second) },
    });
    const { body } = await second.call('GET', `/v1/incidents/${id}/post-mortem`);
    expect(body.markdown).toContain(`passkey: ${await passkeyOf(second)}`);
  });

  it('is told what stands against it before a passkey is asked for', async () => {
    const id = await incidentAt('resuming');
    const step = await resuming(id);
    expect((await optionsFor(id, step, first)).body.code).toBe('incident.same_person');
    expect((await optionsFor(id, falseAlarm(), second)).body.code).toBe('incident.wrong_stage');
    const { body } = await optionsFor(id, supplying(newKey()), second);
    expect(body.code).toBe('incident.wrong_stage');
    const stale = { step: 'resume', checklist: 'f'.repeat(64) };
    expect((await optionsFor(id, stale, second)).body.code).toBe('incident.changed');
    const unknown = 'inc_0000000000000000';
    expect((await optionsFor(unknown, step, second)).body.code).toBe('request.not_found');
    for (const malformed of [
      { step: 'resume' },
      { step: 'supply_key', key_sha256: 'short' },
      { step: 'supply_key', key: newKey() },
      { step: 'false_alarm', reason: '' },
      { step: 'contain' },
    ])
      expect((await optionsFor(id, malformed, second)).status, JSON.stringify(malformed)).toBe(400);
    const watcher = await signer('Only Watches', ['approver']);
    expect((await optionsFor(id, step, watcher)).body.code).toBe('person.forbidden');
  });
});

describe('nobody takes a step of an incident', () => {
  it('with a signature for another incident', async () => {
    const [mine, other] = [await incidentAt('resuming'), await incidentAt('resuming')];
    const stepUp = await signed(other, await resuming(other), second);
    const { checklist } = await viewOf(mine);
    await refused(`${mine}/resume`, { checklist, step_up: stepUp }, second);
  });

  it('with a signature for another step of the same incident', async () => {
    const id = await incidentAt('rotating');
    const key = newKey();
    const said = await signed(id, falseAlarm(), first);
    await refused(`${id}/key`, { key, step_up: said }, first);
    const supplied = await signed(id, supplying(key), first);
    await refused(`${id}/false-alarm`, { reason: 'It was us.', step_up: supplied }, first);
  });

  it('with a signature for a change of the roster, and the other way round', async () => {
    const id = await incidentAt('resuming');
    const change = { change: 'add_agent', name: 'Never there', groups: [] };
    const { body } = await second.call('POST', '/v1/roster/passkey-options', { body: change });
    const credential = second.authenticator.get(body.options, second.passkey);
    const { checklist } = await viewOf(id);
    const roster = { nonce: body.nonce, credential };
    await refused(`${id}/resume`, { checklist, step_up: roster }, second);
    const stepUp = await signed(id, await resuming(id), second);
    const fields = { name: 'Never there', groups: [], step_up: stepUp };
    const added = await second.call('POST', '/v1/agents', { body: fields });
    expect(added.body.code).toBe('passkey.refused');
  });

  it('with a signature over another reason, or over another key', async () => {
    const id = await incidentAt('rotating');
    const said = await signed(id, falseAlarm(), first);
    await refused(`${id}/false-alarm`, { reason: 'It was them.', step_up: said }, first);
    const supplied = await signed(id, supplying(newKey()), first);
    await refused(`${id}/key`, { key: newKey(), step_up: supplied }, first);
    const { connection } = (await storeOf().incidents.get(id))!;
    expect(await gateway.context.secrets.get(`hubspot/${connection}`)).toBeUndefined();
  });

  it('with a signature over a checklist that has changed since, whatever it says of it', async () => {
    const id = await incidentAt('resuming');
    const step = await resuming(id);
    const checklist = (step as any).checklist as string;
    const stale = await signed(id, step, second);
    const again = await signed(id, step, second);
    const check = { name: 'log_whole', state: 'failed', detail: 'A gap.', at: new Date() } as const;
    await storeOf().commit((tx) => tx.incidents.update(id, { checks: [check] }));
    await refused(`${id}/resume`, { checklist, step_up: stale }, second, 'incident.changed');
    const { checklist: now } = await viewOf(id);
    expect(now).not.toBe(checklist);
    await refused(`${id}/resume`, { checklist: now, step_up: again }, second);
  });

  it('with a signature that was used, also when it came to nothing', async () => {
    const id = await incidentAt('rotating');
    const spent = await signed(id, falseAlarm('One.'), first);
    await refused(`${id}/false-alarm`, { reason: 'Two.', step_up: spent }, first);
    await refused(`${id}/false-alarm`, { reason: 'One.', step_up: spent }, first);
    const key = newKey();
    const used = await signed(id, supplying(key), first);
    expect((await send(`${id}/key`, { key, step_up: used }, first)).status).toBe(202);
    const answer = await send(`${id}/key`, { key, step_up: used }, first);
    expect(answer.body.code).toBe('passkey.refused');
  });

  it('twenty times at once with one signature: it counts once', async () => {
    const id = await incidentAt('resuming');
    const step = await resuming(id);
    const body = { checklist: (step as any).checklist, step_up: await signed(id, step, second) };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send(`${id}/resume`, body, second)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('with the signature or the nonce of somebody else, or a nonce of their own making', async () => {
    const id = await incidentAt('rotating');
    const reason = 'It was us.';
    const theirs = await signed(id, falseAlarm(reason), second);
    await refused(`${id}/false-alarm`, { reason, step_up: theirs }, first);
    const mine = await signed(id, falseAlarm(reason), first);
    const path = `${id}/false-alarm`;
    await refused(path, { reason, step_up: { ...mine, nonce: 'A'.repeat(43) } }, first);
    const other = await signed(id, falseAlarm(reason), second);
    await refused(path, { reason, step_up: { ...mine, nonce: other.nonce } }, first);
  });

  it('with what was signed for a sign-in', async () => {
    const id = await incidentAt('resuming');
    const { body } = await gateway.caller(undefined)('POST', '/v1/sessions/options');
    const credential = second.authenticator.get(body, second.passkey);
    const { checklist } = await viewOf(id);
    const stepUp = { nonce: body.challenge, credential };
    await refused(`${id}/resume`, { checklist, step_up: stepUp }, second);
  });

  it('without a person before the authenticator, and with a passkey that is revoked', async () => {
    const id = await incidentAt('resuming');
    const step = await resuming(id);
    const checklist = (step as any).checklist as string;
    const { body } = await optionsFor(id, step, second);
    const isVerified = false;
    const unseen = second.authenticator.get(body.options, second.passkey, { isVerified });
    const stepUp = { nonce: body.nonce, credential: unseen };
    await refused(`${id}/resume`, { checklist, step_up: stepUp }, second);
    const leaver = await signer('Loses Passkey');
    const ready = await signed(id, step, leaver);
    const passkey = await passkeyOf(leaver);
    await storeOf().commit((tx) => revokePasskey(tx, { id: passkey, by: 'test' }));
    const answer = await send(`${id}/resume`, { checklist, step_up: ready }, leaver);
    expect([answer.status, await stageOf(id)]).toEqual([401, 'resuming']);
  });

  it('with a session alone', async () => {
    const id = await incidentAt('resuming');
    await refused(`${id}/resume`, {}, second, 'passkey.session_needed');
    const { checklist } = await viewOf(id);
    await refused(`${id}/resume`, { checklist }, second, 'passkey.session_needed');
    const rotating = await incidentAt('rotating');
    await refused(`${rotating}/key`, { key: newKey() }, first, 'passkey.session_needed');
    const said = { reason: 'It was us.' };
    await refused(`${rotating}/false-alarm`, said, first, 'passkey.session_needed');
  });

  it('that they contained or have said something of, whatever they sign', async () => {
    const id = await incidentAt('resuming', second);
    const ready = await signed(id, await resuming(id), first);
    const own = await incidentAt('resuming', first);
    const { checklist } = await viewOf(own);
    await refused(`${own}/resume`, { checklist, step_up: ready }, first);
    const changed = await signed(id, await resuming(id), first);
    const steppedBy = `person:${first.person.id}`;
    await storeOf().commit((tx) => tx.incidents.update(id, { steppedBy, openedBy: 'gateway' }));
    const now = (await viewOf(id)).checklist as string;
    await refused(`${id}/resume`, { checklist: now, step_up: changed }, first);
    const { body } = await optionsFor(id, { step: 'resume', checklist: now }, first);
    expect(body.code).toBe('incident.same_person');
  });

  it('and each attempt is in the log, by whose session it was', async () => {
    const id = await incidentAt('resuming');
    const lone = await signer('Tries Alone');
    const { checklist } = await viewOf(id);
    const stepUp = await signed(id, await resuming(id), second);
    await refused(`${id}/resume`, { checklist, step_up: stepUp }, lone);
    await expect
      .poll(
        async () =>
          (await logEntries(storeOf(), 0)).findLast(
            (entry: any) => entry.actor === `person:${lone.person.id}` && entry.code !== null,
          ),
        { timeout: 10_000 },
      )
      .toMatchObject({
        event: 'request.refused',
        code: 'passkey.refused',
        facts: { route: '/v1/incidents/:id/resume' },
      });
  });
});

describe('a key alone', () => {
  it('takes none of the steps for somebody who has a passkey, also beside a signature', async () => {
    const keyed = await gateway.addPerson('Has Both', ['operator']);
    const before = await incidentAt('resuming');
    const held = { ...(await enrol(gateway, keyed.record)) };
    const session = (await signIn(gateway, held)).call;
    const stepUp = await signed(before, await resuming(before), { ...held, call: session });
    const { checklist } = await viewOf(before);
    const code = 'passkey.session_needed';
    await refused(`${before}/resume`, {}, keyed, code);
    await refused(`${before}/resume`, { checklist, step_up: stepUp }, keyed, code);
    expect((await optionsFor(before, await resuming(before), keyed)).body.code).toBe(code);
    const rotating = await incidentAt('rotating');
    await refused(`${rotating}/key`, { key: newKey() }, keyed, code);
    await refused(`${rotating}/false-alarm`, { reason: 'It was us.' }, keyed, code);
  });

  it('takes them for somebody who has none, and the log says that it was a key', async () => {
    const one = await gateway.addPerson('Key One', ['operator']);
    const two = await gateway.addPerson('Key Two', ['operator']);
    const id = await incidentAt('rotating');
    const said = await send(`${id}/false-alarm`, { reason: 'It was us.' }, one);
    expect(said.status, JSON.stringify(said.body)).toBe(200);
    expect((await send(`${id}/resume`, {}, two)).body.stage).toBe('closed');
    for (const event of ['incident.false_alarm', 'incident.closed']) {
      const { facts } = await entryOf(id, event);
      expect([facts.proof, facts.passkey]).toEqual(['key', undefined]);
    }
    const rotating = await incidentAt('rotating');
    expect((await send(`${rotating}/key`, { key: newKey() }, one)).status).toBe(202);
    expect((await entryOf(rotating, 'incident.key_supplied')).facts.proof).toBe('key');
  });

  it('takes them again once the passkey is revoked, as somebody needs who has lost it', async () => {
    const { record, call } = await gateway.addPerson('Lost It', ['operator']);
    const holder = await enrol(gateway, record);
    const id = await incidentAt('resuming');
    await refused(`${id}/resume`, {}, { call }, 'passkey.session_needed');
    const passkey = await passkeyOf(holder);
    await storeOf().commit((tx) => revokePasskey(tx, { id: passkey, by: 'test' }));
    expect((await send(`${id}/resume`, {}, { call })).body.stage).toBe('closed');
  });

  it('is told so where what it has seen is no more', async () => {
    const { call } = await gateway.addPerson('Key Three', ['operator']);
    const id = await incidentAt('resuming');
    const checklist = 'f'.repeat(64);
    await refused(`${id}/resume`, { checklist }, { call }, 'incident.changed');
  });
});
