import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from 'otplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { type Context, openContext } from '../src/context.ts';
import { connectDependencies } from '../src/dependencies.ts';
import {
  ensureDemoConnection,
  ensureDemoCredential,
  ensureDemoRoster,
  withdrawDemoRoster,
} from '../src/demo.ts';
import { liftFreeze, placeFreeze } from '../src/gate/freezes.ts';
import { keyMatches, keyOwner } from '../src/gate/keys.ts';
import { addAgent, addPerson, revokeAgent } from '../src/gate/roster.ts';
import { startSimulator } from './support/simulator.ts';

let folder: string;
let context: Context;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
  context = await openContext(
    readConfig({ SALLYPORT_DATA_DIR: join(folder, 'data'), SALLYPORT_LOG_LEVEL: 'silent' }),
  );
});
afterEach(async () => {
  await context.close();
  rmSync(folder, { recursive: true, force: true });
});

const standing = async () => ({
  agents: (await context.store.agents.list()).rows.filter(({ revokedAt }) => revokedAt === null),
  people: (await context.store.people.list()).filter(({ revokedAt }) => revokedAt === null),
});

async function expectWorking(keys: { agentKey: string; approverKey: string }): Promise<void> {
  const { agents, people } = await standing();
  expect(agents).toHaveLength(1);
  expect(people).toHaveLength(1);
  expect(keyMatches(keys.agentKey, agents[0]?.keyHash ?? '')).toBe(true);
  expect(keyMatches(keys.approverKey, people[0]?.keyHash ?? '')).toBe(true);
}

/** What a kill -9 leaves between the commit of the roster and the note of its keys. */
async function commitRosterWithoutKeys(): Promise<void> {
  const by = 'gateway';
  const person = { name: 'Robin Vale', email: 'robin@sallyport.test', roles: ['approver'] };
  await context.store.commit(async (tx) => {
    await addAgent(tx, { name: 'demo-assistant', groups: ['assistants'], by });
    await addPerson(tx, { ...person, totpSecret: generateSecret(), by });
  });
}

describe('the demo roster', () => {
  it('has the same keys at every start', async () => {
    const keys = await ensureDemoRoster(context);
    await expectWorking(keys);
    expect(await ensureDemoRoster(context)).toEqual(keys);
  });

  it('is made anew when a kill left it without its keys, and the old one is revoked', async () => {
    await commitRosterWithoutKeys();
    await expectWorking(await ensureDemoRoster(context));
    expect((await context.store.agents.list()).rows).toHaveLength(2);
  });

  it('is made anew when a kill left one key of two', async () => {
    await commitRosterWithoutKeys();
    await context.secrets.put('demo/agent-key', 'spa_lost', 0);
    await expectWorking(await ensureDemoRoster(context));
  });

  it('is made anew for a new store beside old secrets', async () => {
    const absent = `_0123456789abcdef_${'A'.repeat(43)}`;
    await context.secrets.put('demo/agent-key', `spa${absent}`, 0);
    await context.secrets.put('demo/approver-key', `spp${absent}`, 0);
    await expectWorking(await ensureDemoRoster(context));
  });

  it('stays revoked once the operator has revoked it', async () => {
    const { agentKey } = await ensureDemoRoster(context);
    const id = keyOwner('agent', agentKey) ?? '';
    await context.store.commit((tx) => revokeAgent(tx, { id, by: 'operator' }));
    await ensureDemoRoster(context);
    expect((await standing()).agents).toEqual([]);
  });
});

describe('beside a real HubSpot the demo roster', () => {
  it('of a start before is revoked and its keys are forgotten', async () => {
    await ensureDemoRoster(context);
    expect(await withdrawDemoRoster(context)).toBe(true);
    expect(await standing()).toEqual({ agents: [], people: [] });
    expect(await withdrawDemoRoster(context)).toBe(false);
  });

  it('comes back, with other keys, when the simulator does', async () => {
    const before = await ensureDemoRoster(context);
    await withdrawDemoRoster(context);
    const after = await ensureDemoRoster(context);
    expect(after.agentKey).not.toBe(before.agentKey);
    await expectWorking(after);
  });

  it('is not looked for by name: an agent of the operator’s may be called the same', async () => {
    await context.store.commit((tx) =>
      addAgent(tx, { name: 'demo-assistant', groups: [], by: 'operator' }),
    );
    expect(await withdrawDemoRoster(context)).toBe(false);
    expect((await standing()).agents).toHaveLength(1);
  });
});

describe('the demo connection', () => {
  it('is prepared at the first start, and left alone at the next; a freeze keeps no start from going on', async () => {
    const simulator = await startSimulator();
    try {
      await ensureDemoCredential(context, simulator.controlUrl);
      const of = { reason: 'Stop.', by: 'operator', configured: 'main' };
      const target = { kind: 'connection', id: 'main' } as const;
      const deps = () => connectDependencies(context, simulator.url);
      const { id } = await context.store.commit((tx) => placeFreeze(tx, { target, ...of }));
      await ensureDemoConnection(context, deps);
      expect(await context.store.connections.get('main')).toBeUndefined();
      await context.store.commit((tx) => liftFreeze(tx, { freezeId: id, by: 'operator' }));
      await ensureDemoConnection(context, deps);
      expect(await context.store.connections.get('main')).toMatchObject({
        timeZone: 'America/New_York',
        uniqueProperties: { deals: 'sallyport_request_id', tickets: 'sallyport_request_id' },
      });
      const { count } = (await simulator.control<{ count: number }>('GET', '/requests')).body;
      await ensureDemoConnection(context, deps);
      const after = await simulator.control<{ count: number }>('GET', '/requests');
      expect(after.body.count).toBe(count);
    } finally {
      await simulator.stop();
    }
  });
});
