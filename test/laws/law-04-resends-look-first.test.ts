import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());
afterEach(() => gateway.simulator.control('DELETE', '/faults'));

const fault = (match: object, mode: string, times = 1) =>
  gateway.simulator.control('POST', '/faults', { match, mode, times });

const update = (id: string, jobtitle: string) => ({
  action: 'update_contact',
  contact_id: id,
  jobtitle,
});

describe('law 4: a write is sent again only on the record that was seen', () => {
  it('and not over what a person changed before the second attempt', async () => {
    const { body } = await gateway.submit(update('20005', 'By the agent'));
    await fault({ method: 'PATCH' }, 'drop');
    await gateway.approve(body.id, body.digest);
    const absences = async (): Promise<number> =>
      (await gateway.context.store.log.ofRequest(body.id)).filter(
        ({ leaf }) => JSON.parse(new TextDecoder().decode(leaf)).event === 'hubspot.absent',
      ).length;
    await expect.poll(absences, { timeout: 30_000, interval: 10 }).toBeGreaterThanOrEqual(3);
    await gateway.simulator.control('POST', '/edits', {
      object_type: 'contacts',
      id: '20005',
      properties: { jobtitle: 'By a person' },
    });
    await expect
      .poll(() => gateway.context.store.requests.status(body.id), { timeout: 30_000 })
      .toMatch(/failed|outcome_unknown/);
    const effects = await gateway.simulator.effects();
    expect(effects.filter(({ properties }) => properties['jobtitle'] === 'By the agent')).toEqual(
      [],
    );
  }, 60_000);
});
