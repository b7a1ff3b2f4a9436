import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, inject, it } from 'vitest';
import type { Unmatched } from '../support/matched-calls.ts';
import { scaled } from './scale.ts';

/** A1: a log that cannot be written stops every call, and nothing else is needed than space. */
const TRIES = scaled(100, 500);
const TOLD_WITHIN_MS = 5_000;
const CHILD = fileURLToPath(new URL('./unwritable-log.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sallyport-unwritable-'));
const MOUNT = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"';
const onSmallDisk = (...command: string[]): [string, string[]] => [
  'unshare',
  ['--map-root-user', '--mount', 'sh', '-c', MOUNT, folder, ...command],
];
const isPossible = spawnSync(...onSmallDisk('true')).status === 0;
const isRequired = process.env['SALLYPORT_CI'] === '1';

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Witnesses {
  readonly calls: number;
  readonly intents: number;
  readonly unmatched: Unmatched;
}

/** Each call has an intent of its own, and each intent its call. */
const ONE_TO_ONE: Unmatched = { calls: [], intents: [] };

interface Report {
  readonly answers: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** Until `/readyz` said so. */
  readonly toldAfterMs: number;
  /** Refusals with 503 that did not say when to come back. */
  readonly withoutRetryAfter: number;
  /** Calls before the disk was full. */
  readonly beforehand: number;
  readonly whenFull: Witnesses;
  readonly isHealed: boolean;
  readonly ends: Readonly<Record<string, number>>;
  readonly effects: number;
  readonly afterwards: Witnesses;
}

async function run(): Promise<Report> {
  const [command, args] = onSmallDisk(
    process.execPath,
    CHILD,
    folder,
    inject('temporalAddress'),
    String(TRIES),
  );
  const child = spawn(command, args);
  const ended = once(child, 'exit');
  const [out, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  // The engine's native part writes warnings of its own to the same place.
  const report = out.split('\n').findLast((line) => line.startsWith('{'));
  if (report === undefined) throw new Error(`ended with ${String(await ended)}: ${complaints}`);
  return JSON.parse(report) as Report;
}

// Where the kernel allows no mount of one's own, law 1 still meets a locked store.
describe.runIf(isPossible || isRequired)('A1: the disk of store and log is full', () => {
  it(
    'no call goes out without a durable intent, and it heals by itself',
    async () => {
      const report = await run();
      const { whenFull, afterwards } = report;
      const during = whenFull.calls - report.beforehand;
      console.info(`A1: ${TRIES} tries on a full disk, ${during} calls: ${JSON.stringify(report)}`);
      expect(report.answers['503 store.unavailable'] ?? 0).toBeGreaterThan(TRIES * 0.8);
      expect(report.withoutRetryAfter).toBe(0);
      expect(report.toldAfterMs).toBeLessThan(TOLD_WITHIN_MS);
      expect(whenFull.calls).toBeGreaterThan(0);
      expect(whenFull.unmatched).toEqual(ONE_TO_ONE);
      expect(report.slowestMs).toBeLessThan(5_000);
      expect(report.isHealed).toBe(true);
      expect(report.ends).toEqual({ succeeded: 20 });
      expect(report.effects).toBe(20);
      expect(afterwards.calls).toBeGreaterThan(whenFull.calls);
      expect(afterwards.unmatched).toEqual(ONE_TO_ONE);
    },
    scaled(300_000, 1_800_000),
  );
});
