import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditEntrySchema } from '../../../src/contracts/audit-entry.ts';
import type { Store } from '../../../src/ports/store.ts';
import { request, requestId } from './fixtures.ts';
import { type SqlitePlace, sqlitePlace } from './sqlite-place.ts';

const APPENDER = fileURLToPath(new URL('./appender.ts', import.meta.url));

interface Acknowledged {
  readonly index: number;
  readonly name: string;
  readonly number: number;
}

/** An appender process; `done` has what it said was on disk, whether it ended or was killed. */
function startAppender(file: string, name: string, count: number, width: number) {
  const child = spawn(process.execPath, [APPENDER, file, name, String(count), String(width)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const done = once(child, 'close').then((): readonly Acknowledged[] =>
    // A line is whole only with its end: the kill may have cut the last one.
    [...output.matchAll(/^(\d+) (\d+)\n/gm)].map(([, index, number]) => ({
      index: Number(index),
      name,
      number: Number(number),
    })),
  );
  return { child, done, hasStarted: once(child.stdout, 'data') };
}

async function entriesOf(store: Store) {
  const leaves = await store.log.leaves(0, await store.log.size());
  return leaves.map((leaf) => AuditEntrySchema.parse(JSON.parse(Buffer.from(leaf).toString())));
}

describe('several processes on one SQLite store', () => {
  let place: SqlitePlace;

  beforeEach(async () => {
    place = await sqlitePlace();
  });

  afterEach(async () => {
    await place.close();
  });

  it('share one log without gaps, also when they make the file at the same moment', async () => {
    const appenders = ['a', 'b', 'c'].map((name) => startAppender(place.file, name, 200, 4));
    const acknowledged = (await Promise.all(appenders.map(({ done }) => done))).flat();
    expect(acknowledged).toHaveLength(600);
    const entries = await entriesOf(await place.open());
    expect(entries.map(({ index }) => index)).toEqual([...acknowledged.keys()]);
    for (const { index, name, number } of acknowledged) {
      expect(entries[index]?.facts).toEqual({ name, number });
    }
  });

  it('take a log that another one adds to for whole while they read it', async () => {
    const store = await place.open();
    const { id: of } = request(1);
    const first = { event: 'gateway.started', actor: 'gateway', requestId: of } as const;
    await store.commit((tx) => tx.log.append(first));
    const { done } = startAppender(place.file, 'other', 500, 4);
    const size = async (): Promise<number> => {
      expect(await store.log.ofRequest(of)).toHaveLength(1);
      return store.log.size();
    };
    while ((await size()) < 501) await new Promise(setImmediate);
    await done;
    expect(await store.log.size()).toBe(501);
  });

  it('lose nothing acknowledged when one is killed in the middle of its commits', async () => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < 10; round += 1) {
      const { child, done, hasStarted } = startAppender(place.file, `r${round}`, 1e9, 8);
      await hasStarted;
      await new Promise((resolve) => setTimeout(resolve, randomInt(1, 60)));
      child.kill('SIGKILL');
      acknowledged.push(...(await done));
    }
    const entries = await entriesOf(await place.open());
    expect(entries.map(({ index }) => index)).toEqual([...entries.keys()]);
    for (const { index, name, number } of acknowledged) {
      expect(entries[index]?.facts).toEqual({ name, number });
    }
    const check = new DatabaseSync(place.file, { readOnly: true });
    expect(check.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    check.close();
    console.log(`10 kills: ${acknowledged.length} acknowledged, ${entries.length} on disk`);
  });

  it('wait for each other without blocking, and give up in time', async () => {
    const store = await place.open({ busyTimeoutMs: 200 });
    const other = new DatabaseSync(place.file);
    other.exec('BEGIN IMMEDIATE');
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 5);
    await expect(store.probe()).rejects.toMatchObject({ code: 'store.unavailable' });
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(10);
    const patient = store.probe();
    setTimeout(() => {
      other.exec('ROLLBACK');
    }, 50);
    await patient;
    other.close();
  });

  it('prove by a write to the file that they can write', async () => {
    const store = await place.open();
    const other = new DatabaseSync(place.file, { readOnly: true });
    const mark = () =>
      other.prepare("select hex(value) as mark from meta where key = 'probe'").get();
    const before = mark();
    await store.probe();
    expect(mark()).not.toEqual(before);
    // As much as the largest log entry takes: room for a few bytes is no room for a begin.
    const length = other.prepare("select length(value) as n from meta where key = 'probe'").get();
    expect(length?.['n']).toBeGreaterThanOrEqual(65_535);
    other.close();
  });

  it('tell those who wait for a request when commits fail', async () => {
    const store = await place.open({ busyTimeoutMs: 50 });
    await store.commit((tx) => tx.requests.insert(request(1)));
    const other = new DatabaseSync(place.file);
    other.exec('BEGIN IMMEDIATE');
    const waiting = store.waitForRequest(requestId(1), () => false, 60_000);
    const failed = expect(waiting).rejects.toMatchObject({ code: 'store.unavailable' });
    await expect(store.probe()).rejects.toMatchObject({ code: 'store.unavailable' });
    await failed;
    other.close();
  });
});
