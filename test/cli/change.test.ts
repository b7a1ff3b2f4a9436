import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type PersonDoor, personDoor } from '../support/person-door.ts';

let gateway: TestGateway;
let person: PersonDoor;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  person = personDoor(gateway);
});
afterAll(() => gateway.close());

const changing = (...args: string[]) => asking(...args, '--yes');

async function asking(...args: string[]) {
  const change = ['approvals', 'change', ...args, ...person.door];
  const { status, out, err } = await person.sallyport(change);
  return { status, out, said: `${out}${err}` };
}

const TASK = {
  ...{ action: 'create_task', contact_id: '20001', subject: 'Call', priority: 'LOW' },
  due: '2027-01-04T15:00:00Z',
};
const ask = async (action: Record<string, unknown> = TASK): Promise<string> =>
  (await gateway.submit(action)).body.id;
const statusOf = async (id: string): Promise<string> =>
  (await gateway.agent.call('GET', `/v1/actions/${id}`)).body.status;

describe('sallyport approvals change', () => {
  it('puts the values in and shows the card that waits now', async () => {
    const id = await ask();
    const { status, said } = await changing(
      ...[id, '--set', 'subject=Call=back', '--set', 'priority=', '--reason', 'No hurry.'],
    );
    expect(said).toContain('Call=back');
    expect(status, said).toBe(0);
    expect(said).toContain('Changed by Robin Vale: Task, Priority. The agent');
    const [successor] = /(?<=npx sallyport approve )act_\w+/.exec(said) ?? [];
    expect(await statusOf(id)).toBe('changed');
    expect(await statusOf(successor ?? '')).toBe('awaiting_approval');
  });

  it('asks first, with the values of before, and changes nothing where there is nobody to ask', async () => {
    const id = await ask();
    const { status, said } = await asking(id, '--set', 'subject=Write');
    expect(status).toBe(1);
    expect(said).toContain('subject: Call -> Write');
    expect(said).toContain('There is no terminal to ask at.\nChange it with --yes.');
    expect(await statusOf(id)).toBe('awaiting_approval');
  });

  it('takes numbers for what is a number', async () => {
    const id = await ask({ action: 'update_deal', deal_id: '40001', amount: 10 });
    const { status, out, said } = await changing(id, '--set', 'amount=12.50', '--json');
    expect(status, said).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id, successor: { status: 'awaiting_approval' } });
  });

  it('says which fields there are when none is given, and what is wrong with one', async () => {
    const id = await ask();
    const none = await changing(id);
    expect(none.said).toContain('subject (Task)');
    expect(none.status).toBe(1);
    const wrong = await changing(id, '--set', 'contact_id=20002');
    expect(wrong.said).toContain('contact_id cannot be changed. Nothing was changed.');
    expect(wrong.said).toContain('subject (Task)');
    const typo = await changing(id, '--set', 'subjct=Call');
    expect(typo.said).toMatch(/subjct cannot be changed[^]*The fields that can be:\n +subject/);
    const word = await changing(id, '--set', 'subject');
    expect(word.said).toContain('field=value');
    expect(await statusOf(id)).toBe('awaiting_approval');
  });
});
