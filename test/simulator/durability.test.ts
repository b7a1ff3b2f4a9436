import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import { createApi, DANA, noteOn, OBJECTS } from './api.ts';

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-durable-'));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const MAIN = new URL('../../src/simulator/main.ts', import.meta.url).pathname;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('durability', () => {
  it('keeps every answered effect, record and token over kill -9', async () => {
    const dataDir = newFolder();
    const first = await startSimulator({ dataDir });
    await first.control('POST', '/limits', { enabled: false });
    const token = await first.token();
    const api = createApi(first, token);
    const answered: string[] = [];
    let isRunning = true;
    const writers = Array.from({ length: 4 }, async () => {
      while (isRunning) {
        const reply = await api('POST', `${OBJECTS}/notes`, noteOn(DANA, 'durable')).catch(
          () => null,
        );
        if (reply?.status === 201) answered.push(reply.body.id);
        if (reply === null) return;
      }
    });
    while (answered.length < 60) await sleep(5);
    await first.kill();
    isRunning = false;
    await Promise.all(writers);

    const second = await startSimulator({ dataDir });
    try {
      await second.control('POST', '/limits', { enabled: false });
      const after = createApi(second, token);
      const effects = await second.effects();
      const created = effects.map((effect) => effect.object_id);
      expect(answered.filter((id) => !created.includes(id))).toEqual([]);
      expect(new Set(created).size).toBe(created.length);
      expect(effects.map((effect) => effect.seq)).toEqual(effects.map((_, index) => index + 1));
      const list = await after('GET', `${OBJECTS}/contacts/${DANA}/associations/notes?limit=500`);
      const linked = list.body.results.map((row) => String(row['toObjectId']));
      // The ledger, the records and the associations tell one story.
      expect(linked.filter((id) => Number(id) > 1_000_000).sort()).toEqual([...created].sort());
      const fresh = await after('POST', `${OBJECTS}/notes`, noteOn(DANA, 'after'));
      expect(created).not.toContain(fresh.body.id);
    } finally {
      await second.stop();
    }
  });

  it('keeps dead tokens dead, own properties and history over a restart', async () => {
    const dataDir = newFolder();
    const first = await startSimulator({ dataDir });
    const [live, dead] = [await first.token(), await first.token()];
    await first.control('POST', '/tokens/state', { token: dead, state: 'revoked' });
    const api = createApi(first, live);
    await api('PATCH', `${OBJECTS}/contacts/${DANA}`, { properties: { jobtitle: 'Buyer' } });
    await api('POST', '/crm/properties/2026-09/contacts', {
      name: 'kept',
      label: 'Kept',
      type: 'string',
      fieldType: 'text',
      groupName: 'contactinformation',
    });
    await first.stop();
    const second = await startSimulator({ dataDir });
    try {
      const again = createApi(second, live);
      const path = `${OBJECTS}/contacts/${DANA}?propertiesWithHistory=jobtitle`;
      const history = (await again('GET', path)).body.propertiesWithHistory['jobtitle'] ?? [];
      expect(history.map((version) => version['value'])).toEqual(['Buyer', 'Head of Procurement']);
      expect((await again('GET', '/crm/properties/2026-09/contacts/kept')).status).toBe(200);
      const refused = await createApi(second, dead)('GET', `${OBJECTS}/contacts`);
      expect(refused.status).toBe(401);
    } finally {
      await second.stop();
    }
  });

  it('stays empty over a restart after a reset without seed', async () => {
    const dataDir = newFolder();
    const first = await startSimulator({ dataDir });
    await first.control('POST', '/reset', { seed: false });
    await first.stop();
    const second = await startSimulator({ dataDir });
    try {
      const { body } = await second.control<{ counts: Record<string, number> }>('GET', '/records');
      expect(Object.values(body.counts).every((count) => count === 0)).toBe(true);
    } finally {
      await second.stop();
    }
  });
});

describe('the process', () => {
  it('ends within a second of SIGTERM, even while a request hangs', async () => {
    const sim = await startSimulator();
    const token = await sim.token();
    await sim.control('POST', '/faults', { mode: 'hang' });
    const hanging = createApi(sim, token)('GET', `${OBJECTS}/contacts`).catch(() => 'cut');
    await sleep(100);
    const begun = performance.now();
    await sim.stop();
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(await hanging).toBe('cut');
  });

  it('ends by itself when the process that started it is gone', async () => {
    const parent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env['PATH'] ?? '',
        SIMULATOR_PORT: '0',
        SIMULATOR_DATA_DIR: newFolder(),
        SIMULATOR_PARENT_PID: String(parent.pid),
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
    const pid = child.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    parent.kill('SIGKILL');
    expect(await ended).toBe(0);
  });

  it('refuses to start with a port that is none', async () => {
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env['PATH'] ?? '', SIMULATOR_PORT: 'http' },
      stdio: 'ignore',
    });
    expect(await new Promise((resolve) => child.once('exit', resolve))).not.toBe(0);
  });
});
