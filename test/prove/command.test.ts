import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makePlace, type Place, proveAt } from './support.ts';

const RUN_MAX_MS = 180_000;
let place: Place;

afterEach(() => {
  place.remove();
});

const command = (...args: readonly string[]) =>
  [process.execPath, ['src/cli/main.ts', 'prove', ...args]] as const;

describe('sallyport prove', () => {
  it('lists its guarantees without trying one', async () => {
    place = await makePlace();
    const [node, args] = command('--list', '--law', '8');
    const { status, stdout } = spawnSync(node, args, { env: place.env, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Law 8: Freeze beats everything\n {2}L08\.1 /);
    expect(stdout).not.toContain('L09');
    expect(readdirSync(place.folder)).toEqual([]);
  });

  it(
    'tells its verdicts by exit code, JSON and JUnit, and leaves nothing behind',
    async () => {
      place = await makePlace();
      const data = join(place.folder, 'data');
      mkdirSync(join(data, 'secrets'), { recursive: true });
      writeFileSync(join(data, 'secrets', 'secrets.age'), 'mine');
      const [json, junit] = ['report.json', 'report.xml'].map((name) => join(place.folder, name));
      const [node, args] = command(
        ...[
          '--law',
          '0',
          '--law',
          '12',
          '--seed',
          '5',
          '--json',
          json ?? '',
          '--junit',
          junit ?? '',
        ],
      );
      const { status, stdout } = spawnSync(node, args, { env: place.env, encoding: 'utf8' });
      expect(stdout).toMatch(/^5 shown, 0 failed, 0 not shown, 0 not applicable; \d+ tries/m);
      expect(status).toBe(0);
      const report = JSON.parse(readFileSync(json ?? '', 'utf8'));
      expect(report).toMatchObject({ proven: true, seed: 5 });
      expect(report.results).toHaveLength(5);
      expect(readFileSync(junit ?? '', 'utf8')).toContain('<testsuites name="sallyport prove">');
      expect(place.left()).toEqual([]);
      expect(readdirSync(data, { recursive: true })).toHaveLength(2);
    },
    RUN_MAX_MS,
  );

  it(
    'ends its processes and removes its folder at Ctrl-C',
    async () => {
      place = await makePlace();
      const [node, args] = command('--law', '4');
      const child = spawn(node, args, { env: place.env, stdio: ['ignore', 'pipe', 'pipe'] });
      const closed = once(child, 'close');
      let told = '';
      for await (const chunk of child.stderr) {
        told += String(chunk);
        if (told.includes('enrolling')) break;
      }
      const [scratch] = place.left();
      expect(scratch).toBeDefined();
      child.kill('SIGINT');
      const [status] = (await closed) as [number];
      expect(status).toBe(1);
      expect(place.left()).toEqual([]);
      const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
      const own = processes.filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(scratch ?? '-');
        } catch {
          return false;
        }
      });
      expect(own).toEqual([]);
    },
    RUN_MAX_MS,
  );

  it(
    'says what a policy leaves untried, and why',
    async () => {
      place = await makePlace(
        'permit (principal == Agent::"agt_0000000000000001", action, resource);',
      );
      const ids = ['L02.2', 'L07.1', 'L07.2', 'L08.1'];
      const { results } = await proveAt(place, { ids });
      const verdicts = Object.fromEntries(results.map(({ id, verdict }) => [id, verdict]));
      expect(verdicts).toEqual({
        'L02.2': 'not_applicable',
        'L07.1': 'not_applicable',
        'L07.2': 'shown',
        'L08.1': 'not_applicable',
      });
      const reasons = results.flatMap((result) => result.reasons);
      expect(reasons.join('\n')).toMatch(/your policy lets no agent like yours/);
    },
    RUN_MAX_MS,
  );
});
