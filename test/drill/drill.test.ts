import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../prove/support.ts';

const RUN_MAX_MS = 300_000;
let place: Place;
let data: string;

beforeAll(async () => {
  place = await makePlace();
  data = join(place.folder, 'data');
  mkdirSync(join(data, 'secrets'), { recursive: true });
  writeFileSync(join(data, 'secrets', 'secrets.age'), 'mine');
});
afterAll(() => {
  place.remove();
});

const args = (...more: readonly string[]): string[] => ['src/cli/main.ts', 'drill', ...more];
const drill = (...more: readonly string[]) =>
  spawnSync(process.execPath, args(...more), {
    env: { ...place.env, SALLYPORT_RADAR_SETTLE_SECONDS: '3' },
    encoding: 'utf8',
  });

describe('sallyport drill', () => {
  it('says that there was none yet', () => {
    expect(drill('list').stdout).toBe('No drill yet. `npx sallyport drill` plays one.\n');
    const { status, stderr } = drill('show');
    expect(status).toBe(1);
    expect(stderr).toContain('There was no drill yet.');
  });

  it(
    'plays a theft to the post-mortem, and touches nothing but its own history',
    () => {
      const { status, stdout, stderr } = drill('--seed', '5', '--search-lag', '0', '--json');
      const card = JSON.parse(stdout === '' ? '{}' : stdout);
      const left = (card.lines ?? []).filter(({ verdict }: any) => verdict !== 'passed');
      expect({ left, status }, stderr).toEqual({ left: [], status: 0 });
      expect(card.lines).toHaveLength(16);
      expect(card.clocks_ms.closed).toBeGreaterThan(card.clocks_ms.verified);
      console.info(
        `drill: ${card.lines.length} lines, noticed after ${card.detected_ms} ms, whole ${card.ms} ms`,
      );
      expect(place.left()).toEqual([]);
      expect(readdirSync(data).toSorted()).toEqual(['drills', 'secrets']);
      expect(readFileSync(join(data, 'secrets', 'secrets.age'), 'utf8')).toBe('mine');
    },
    RUN_MAX_MS,
  );

  it('keeps what it showed, for the gateway’s user alone', () => {
    const files = readdirSync(join(data, 'drills')).toSorted();
    const [card, report] = files.map((name) => join(data, 'drills', name));
    expect([card, report].map((file) => statSync(file!).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(readFileSync(report!, 'utf8')).toContain('## The clocks');
    expect(drill('list').stdout).toMatch(/yes {5}16 of 16/);
    const shown = drill('show').stdout;
    expect(shown).toMatch(/^ok {9}The theft is noticed/);
    expect(shown).toContain('16 of 16 lines passed');
    writeFileSync(join(data, 'drills', '20990101T000000Z.json'), '{"passed": true}');
    expect(drill('show').stdout).toBe(shown);
  });

  it(
    'ends its processes and removes its folder at Ctrl-C, and keeps nothing',
    async () => {
      const before = readdirSync(join(data, 'drills'));
      const child = spawn(process.execPath, args(), {
        ...{ env: place.env, stdio: ['ignore', 'pipe', 'pipe'] },
      });
      const closed = once(child, 'close');
      let told = '';
      for await (const chunk of child.stderr) {
        told += String(chunk);
        if (told.includes('enrolling')) break;
      }
      expect(place.left()).toHaveLength(1);
      child.kill('SIGINT');
      expect(((await closed) as [number])[0]).toBe(1);
      expect(place.left()).toEqual([]);
      expect(readdirSync(join(data, 'drills'))).toEqual(before);
    },
    RUN_MAX_MS,
  );
});
