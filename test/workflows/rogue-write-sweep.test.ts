import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  ensureRadarSchedule,
  radarScheduleId,
} from '../../src/adapters/temporal/radar-schedule.ts';
import { connectDependencies } from '../../src/dependencies.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import { liftFreeze, placeFreeze } from '../../src/gate/freezes.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';

const WAIT = { timeout: 50_000, interval: 200 };

let gateway: TestGateway;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  const temporalAddress = inject('temporalAddress');
  // So seldom that no run falls into the test but those that it starts.
  const env = {
    SALLYPORT_RADAR_MINUTES: '1440',
    SALLYPORT_CALL_DEADLINE_SECONDS: '5',
    // What it finds would freeze the connection, and the next sweep could not look.
    SALLYPORT_RULE_RADAR_FOUND: '0 in 60s: notify',
  };
  gateway = await startTestGateway({ temporalAddress, env });
  connection = await Connection.connect({ address: temporalAddress });
  client = new Client({ connection });
});
afterAll(async () => {
  await schedule().delete();
  await connection.close();
  await gateway.close();
});

const schedule = () =>
  client.schedule.getHandle(radarScheduleId(gateway.config.temporal.taskQueue, 'main'));

const radarEntries = async (from = 0) =>
  (await logEntries(gateway.context.store, from)).filter(({ event }) => event.startsWith('radar.'));

const newestRun = async (): Promise<string | undefined> => {
  const newest = (await schedule().describe()).info.recentActions.at(-1)?.action;
  return newest?.workflow.workflowId;
};

/** Runs it now, and waits until it has ended. */
async function runNow(): Promise<void> {
  const before = await newestRun();
  // A run's id ends with the second: two in one second would be one.
  await sleep(1_100);
  await schedule().trigger();
  await expect.poll(newestRun, WAIT).not.toBe(before);
  const run = client.workflow.getHandle((await newestRun()) ?? '');
  await expect.poll(async () => (await run.describe()).status.name, WAIT).toBe('COMPLETED');
}

async function api(method: string, path: string, body: unknown): Promise<any> {
  const token = (await gateway.context.secrets.get('hubspot/main', 1))!.value;
  const response = await fetch(`${gateway.simulator.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  return response.json();
}

describe('the radar on its schedule', () => {
  it('is scheduled when a worker starts, and does nothing until an account is connected', async () => {
    await expect.poll(() => schedule().describe(), WAIT).toBeDefined();
    const { spec, action } = await schedule().describe();
    expect(spec.intervals).toMatchObject([{ every: 86_400_000 }]);
    expect(action).toMatchObject({ workflowType: 'rogueWriteSweep' });
    const size = await gateway.context.store.log.size();
    await runNow();
    expect(await gateway.context.store.log.size()).toBe(size);
  });

  it('finds what an approved write is not, once, and goes on from there', async () => {
    const { context, simulator } = gateway;
    const connecting = { connection: 'main', by: 'operator', isPortalForced: false };
    await connectAccount(connectDependencies(context, simulator.url), connecting);
    const { body } = await gateway.submit({
      ...{ action: 'create_note', contact_id: '20001', note: 'Ours.' },
    });
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id)).body.status).toBe('succeeded');
    await api('PATCH', '/crm/objects/2026-09/contacts/20001', { properties: { city: 'Rogue' } });
    await runNow();
    await runNow();
    const entries = await radarEntries();
    const found = entries.filter(({ event }) => event === 'radar.found');
    expect(found.map(({ facts }) => facts)).toMatchObject([
      { kind: 'changed', object_type: 'contacts', object_id: '20001', properties: ['city'] },
    ]);
    const swept = entries.filter(({ event }) => event === 'radar.swept');
    expect(swept.map(({ facts }) => facts)).toMatchObject([
      { is_whole: true, rogue: 1, found: 1, unread: {} },
      { is_whole: true, rogue: 1, found: 0, unread: {} },
    ]);
    expect(Date.parse(swept[1].facts.from)).toBe(Date.parse(swept[0].facts.to) - 180_000);
    expect(JSON.stringify(entries)).not.toContain('Rogue');
  });

  it('says in the log when it may not look', async () => {
    const { store } = gateway.context;
    const target = { kind: 'connection', id: 'main' } as const;
    const frozen = await store.commit((tx) =>
      placeFreeze(tx, { target, reason: 'Stop.', by: 'test', configured: 'main' }),
    );
    const size = await store.log.size();
    const before = await store.radar.get('main');
    await runNow();
    expect(await radarEntries(size)).toMatchObject([
      { event: 'radar.failed', code: 'freeze.active', facts: { connection: 'main' } },
    ]);
    expect(await store.radar.get('main')).toEqual(before);
    await store.commit((tx) => liftFreeze(tx, { freezeId: frozen.id, by: 'test' }));
  });
});

describe('what it finds', () => {
  it('opens an incident by itself', async () => {
    const watched = await startTestGateway({ temporalAddress: inject('temporalAddress') });
    try {
      const { context, simulator } = watched;
      const connecting = { connection: 'main', by: 'operator', isPortalForced: false };
      await connectAccount(connectDependencies(context, simulator.url), connecting);
      const token = (await context.secrets.get('hubspot/main', 1))!.value;
      await fetch(`${simulator.url}/crm/objects/2026-09/contacts/20001`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ properties: { city: 'Rogue' } }),
      });
      const { taskQueue } = watched.config.temporal;
      const workflowId = `sweep-${taskQueue}`;
      await client.workflow.start('rogueWriteSweep', { workflowId, taskQueue });
      await expect
        .poll(async () => (await context.store.incidents.open('main'))?.cause?.rule, WAIT)
        .toBe('radar_found');
      const refused = await watched.submit({ action: 'get_contact', contact_id: '20001' });
      expect(refused.body.code).toBe('freeze.active');
    } finally {
      await watched.close();
    }
  });
});

describe('its schedule', () => {
  it('is made, changed and taken away, however often it is asked for', async () => {
    const { taskQueue } = gateway.config.temporal;
    const of = { client, taskQueue: `${taskQueue}-other`, connection: 'main', deadlineMs: 5_000 };
    const handle = client.schedule.getHandle(radarScheduleId(of.taskQueue, 'main'));
    const every = async (ms: number) => {
      await ensureRadarSchedule({ ...of, everyMs: ms });
      await ensureRadarSchedule({ ...of, everyMs: ms });
      const known = await handle.describe().catch(() => undefined);
      return known?.spec.intervals?.map(({ every: found }) => found);
    };
    expect(await every(900_000)).toEqual([900_000]);
    await handle.pause('by hand');
    expect(await every(600_000)).toEqual([600_000]);
    expect((await handle.describe()).state.paused).toBe(true);
    expect(await every(0)).toBeUndefined();
  });
});
