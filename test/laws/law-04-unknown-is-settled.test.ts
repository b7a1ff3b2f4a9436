import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectDependencies } from '../../src/dependencies.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let contactId: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  // Search lags as HubSpot's does: whoever settled by search would make a second note.
  await gateway.simulator.control('POST', '/lag', { ms: 30_000 });
  const found = await gateway.submit({ action: 'search_company', name: 'Acme Corp' });
  contactId = found.body.result.companies[0].id;
});
afterAll(() => gateway.close());

const times = async (text: string): Promise<number> => {
  const effects = await gateway.simulator.effects();
  return effects.filter(({ properties }) => JSON.stringify(properties).includes(text)).length;
};

const searches = async (): Promise<number> => {
  const { body } = await gateway.simulator.control<{ requests: { path: string }[] }>(
    'GET',
    '/requests',
  );
  return body.requests.filter(({ path }) => path.includes('/search')).length;
};

describe('law 4: a lost answer is settled by reading HubSpot', () => {
  it.each([
    'commit_then_drop',
    'commit_then_500',
    'commit_then_502',
    'commit_then_hang',
    'drop',
    'hang',
    '500',
    '429',
    'html',
    'truncate',
  ])(
    'after %s the note is there exactly once and the agent hears of success',
    async (mode) => {
      const text = `Ambiguous ${mode}.`;
      const waiting = await gateway.submit({
        action: 'create_note',
        company_id: contactId,
        note: text,
      });
      const before = await searches();
      await gateway.simulator.control('POST', '/faults', {
        match: { method: 'POST', path: '/notes' },
        mode,
        times: 1,
      });
      await gateway.approve(waiting.body.id, waiting.body.digest);
      const ended = await gateway.ended(waiting.body.id, 40_000);
      expect(ended.body.status).toBe('succeeded');
      expect(await times(text)).toBe(1);
      expect(await searches()).toBe(before);
      await gateway.simulator.control('DELETE', '/faults');
    },
    60_000,
  );

  it('an update that was lost is settled by reading the record back', async () => {
    const contact = await gateway.submit({ action: 'search_contact', email: 'dana.fox@acme.test' });
    const id = contact.body.result.contacts[0].id;
    const waiting = await gateway.submit({
      action: 'update_contact',
      contact_id: id,
      jobtitle: 'Settled',
    });
    await gateway.simulator.control('POST', '/faults', {
      match: { method: 'PATCH' },
      mode: 'commit_then_drop',
      times: 1,
    });
    await gateway.approve(waiting.body.id, waiting.body.digest);
    expect((await gateway.ended(waiting.body.id, 40_000)).body.status).toBe('succeeded');
    const patches = (await gateway.simulator.effects()).filter(
      ({ properties }) => properties['jobtitle'] === 'Settled',
    );
    expect(patches).toHaveLength(1);
  }, 60_000);

  it('while it is unknown the agent is told so and not that it failed', async () => {
    const waiting = await gateway.submit({
      action: 'create_note',
      company_id: contactId,
      note: 'Unknown for a while.',
    });
    await gateway.simulator.control('POST', '/faults', {
      match: { method: 'POST', path: '/notes' },
      mode: 'commit_then_drop',
      times: 1,
    });
    await gateway.simulator.control('POST', '/faults', {
      match: { path: '/associations/' },
      mode: '503',
      times: 2,
    });
    await gateway.approve(waiting.body.id, waiting.body.digest);
    const seen = new Set<string>();
    await expect
      .poll(
        async () => {
          const { body } = await gateway.agent.call('GET', `/v1/actions/${waiting.body.id}`);
          seen.add(body.status);
          return body.status;
        },
        { timeout: 40_000, interval: 50 },
      )
      .toBe('succeeded');
    expect(seen).toContain('outcome_unknown');
    expect(seen).not.toContain('failed');
    expect(await times('Unknown for a while.')).toBe(1);
  }, 60_000);
});

describe('law 4 where HubSpot takes a unique property on notes', () => {
  it.each(['commit_then_drop', 'drop'])(
    'after %s the note is there exactly once, looked for by its marker',
    async (mode) => {
      await gateway.simulator.control('POST', '/unique-on-activities', { enabled: true });
      const by = { connection: 'main', by: 'operator', isPortalForced: false };
      const { context, simulator } = gateway;
      const { properties } = await connectAccount(connectDependencies(context, simulator.url), by);
      expect(properties.find(({ objectType }) => objectType === 'notes')?.reason).toBeNull();
      const text = `Unique ${mode}.`;
      const { body } = await gateway.submit({
        action: 'create_note',
        company_id: contactId,
        note: text,
      });
      await gateway.fault({ method: 'POST', path: '/notes' }, mode);
      await gateway.approve(body.id, body.digest);
      expect((await gateway.ended(body.id, 40_000)).body.status).toBe('succeeded');
      expect(await times(text)).toBe(1);
      expect(await times(body.id)).toBe(1);
    },
  );
});
