import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Said } from '../support/command.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type PersonDoor, personDoor } from '../support/person-door.ts';

let gateway: TestGateway;
let person: PersonDoor;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  person = personDoor(gateway);
});
afterAll(() => gateway.close());

const grant = (...args: string[]): Promise<Said> => person.sallyport(['grant', ...args]);

const add = (...more: string[]) => grant('add', 'test-assistant', ...more, '--yes', ...person.door);
const ask = async (note: string): Promise<string> =>
  (await gateway.submit({ action: 'create_note', contact_id: '20001', note })).body.id;

describe('sallyport grant', () => {
  it('says that nothing was ever allowed ahead', async () => {
    const { status, out } = await grant('list');
    expect([status, out]).toEqual([0, 'Nothing was ever allowed ahead.\n']);
    expect(JSON.parse((await grant('list', '--json')).out)).toEqual([]);
  });

  it('allows ahead what then is sent unseen, lists it, and ends it', async () => {
    const { status, out } = await add('create_note', '--hours', '2', '--uses', '3');
    expect(status, out).toBe(0);
    expect(out).toMatch(/^Allowed ahead: create_note by test-assistant, until 20\d\d-/);
    expect(out).toContain('At most 3 are sent in your name');
    const [id = ''] = /gra_\w+/.exec(out) ?? [];
    expect(out).toContain(`npx sallyport grant end ${id}`);
    expect((await gateway.ended(await ask('Sent ahead.'))).body.status).toBe('succeeded');
    expect((await grant('list')).out).toMatch(
      new RegExp(`${id} +test-assistant +create_note +Robin Vale +1 of 3 +until 20`),
    );
    const twice = await add('create_note', '--hours', '2');
    expect([twice.status, twice.out]).toEqual([1, '']);
    expect(twice.err).toContain('allowed this ahead already');
    expect((await grant('end', id)).out).toContain(`Ended: ${id}.`);
    expect((await grant('list')).out).toContain('ended: a person ended it');
    const waits = await ask('Waits again.');
    const { body } = await gateway.agent.call('GET', `/v1/actions/${waits}`);
    expect(body.status).toBe('awaiting_approval');
    const again = await grant('end', id);
    expect([again.status, again.out]).toEqual([
      ...[0, `${id} has ended already: npx sallyport grant list says why.\n`],
    ]);
    expect((await grant('end', 'gra_0000000000')).status).toBe(1);
  });

  it('asks before it allows anything, and allows nothing where there is nobody to ask', async () => {
    const said = await grant('add', 'test-assistant', 'log_call', '--hours', '2', ...person.door);
    expect([said.status, said.out]).toEqual([1, '']);
    expect(said.err).toContain('log_call by test-assistant: the next 20 within 2 hours');
    expect(said.err).toContain('There is no terminal to ask at.\nAllow it with --yes.');
    expect((await grant('list')).out).not.toContain('log_call');
  });

  it.each([
    [['create_note', '--hours', '9'], 2, 'It is 1 to 8.'],
    [['create_note', '--hours', '1', '--uses', '51'], 2, 'It is 1 to 50.'],
    [['create_note'], 2, '--hours'],
    [['no_such_action', '--hours', '1'], 1, 'allowed ahead'],
    [['get_contact', '--hours', '1'], 1, 'allowed ahead'],
  ])('%j is refused, and nothing is allowed', async (args, status, words) => {
    const said = await add(...args);
    expect([said.status, said.out]).toEqual([status, '']);
    expect(said.err).toContain(words);
  });

  it('takes an agent that is there, and a grant by its id', async () => {
    const nobody = await grant(
      'add',
      'nobody',
      'create_note',
      '--hours',
      '1',
      '--yes',
      ...person.door,
    );
    expect([nobody.status, nobody.out]).toEqual([1, '']);
    expect(nobody.err).toContain('nobody');
    const named = await grant('end', 'create_note');
    expect([named.status, named.out]).toEqual([1, '']);
    expect(named.err).toContain('npx sallyport grant list');
  });
});
