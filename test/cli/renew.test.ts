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

async function renewing(...args: string[]) {
  const said = await person.sallyport(['approvals', 'renew', ...args, ...person.door]);
  return { status: said.status, said: `${said.out}${said.err}` };
}

describe('sallyport approvals renew', () => {
  it('shows the new card of what was out of date, and the command that sends it', async () => {
    const action = { action: 'update_contact', contact_id: '20031', jobtitle: 'Head of Doors' };
    const { body } = await gateway.submit(action);
    await gateway.simulator.control('POST', '/edits', {
      ...{ object_type: 'contacts', id: '20031', properties: { jobtitle: 'Moved on' } },
    });
    await gateway.approve(body.id, body.digest);
    await gateway.ended(body.id);
    const { status, said } = await renewing(body.id);
    expect(status, said).toBe(0);
    expect(said).toContain('Moved on');
    expect(said).toMatch(/npx sallyport approve act_\w+/);
    const again = await renewing(body.id, '--json');
    expect(JSON.parse(again.said)).toMatchObject({ successor: { status: 'awaiting_approval' } });
  });

  it('refuses what still waits, by its code', async () => {
    const { body } = await gateway.submit({
      ...{ action: 'create_note', contact_id: '20001', note: 'It waits.' },
    });
    const { status, said } = await renewing(body.id);
    expect([status, said]).toEqual([1, expect.stringContaining('approval.closed')]);
  });
});
