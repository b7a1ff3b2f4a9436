import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());
afterEach(() => gateway.simulator.control('DELETE', '/faults'));

const edit = (id: string, change: object) =>
  gateway.simulator.control('POST', '/edits', { object_type: 'contacts', id, ...change });

/** An update whose answer is lost; HubSpot answers no look before `since` has been done. */
async function lostUpdate(
  id: string,
  jobtitle: string,
  mode: string,
  since: () => Promise<unknown>,
) {
  const { body } = await gateway.submit({ action: 'update_contact', contact_id: id, jobtitle });
  await gateway.fault({ method: 'PATCH' }, mode);
  await gateway.approve(body.id, body.digest);
  const isBegun = async (): Promise<boolean> =>
    (await gateway.entriesOf(body.id)).some(({ facts }) => facts.purpose === 'execute');
  await expect.poll(isBegun, { timeout: 10_000, interval: 5 }).toBe(true);
  await gateway.fault({ method: 'GET' }, '500', 0);
  const now = async () => (await gateway.agent.call('GET', `/v1/actions/${body.id}`)).body.status;
  await expect.poll(now, { timeout: 10_000, interval: 20 }).toBe('outcome_unknown');
  await since();
  await gateway.simulator.control('DELETE', '/faults');
  return gateway.ended(body.id, 30_000);
}

describe('law 4: what people did to the record since is told apart from what we did', () => {
  it.each(['By somebody else', 'As it was before'])(
    'an update that arrived and was changed to "%s" was executed, and is not done again',
    async (value) => {
      const id = value === 'By somebody else' ? '20007' : '20008';
      await edit(id, { properties: { jobtitle: 'As it was before' } });
      const text = `Arrived at ${id}`;
      const ended = await lostUpdate(id, text, 'commit_then_hang', () =>
        edit(id, { properties: { jobtitle: value } }),
      );
      expect(ended.body.status).toBe('succeeded');
      expect(await gateway.timesSent(text)).toBe(1);
    },
    60_000,
  );

  it('an update that never arrived at a record that was changed meanwhile is not executed', async () => {
    const ended = await lostUpdate('20009', 'Never arrived', 'hang', () =>
      edit('20009', { properties: { jobtitle: 'By a person' } }),
    );
    expect(ended.body.problem.code).toBe('outcome.not_executed');
    expect(await gateway.timesSent('Never arrived')).toBe(0);
  }, 60_000);

  it('an update that arrived at a record that was archived since was executed', async () => {
    const ended = await lostUpdate('20010', 'Then archived', 'commit_then_hang', () =>
      edit('20010', { archive: true }),
    );
    expect(ended.body.status).toBe('succeeded');
  }, 60_000);

  it('an update that never arrived at a record that was archived since is not executed', async () => {
    const ended = await lostUpdate('20011', 'Too late for it', 'hang', () =>
      edit('20011', { archive: true }),
    );
    expect(ended.body.problem.code).toBe('outcome.not_executed');
    expect(await gateway.timesSent('Too late for it')).toBe(0);
  }, 60_000);
});
