import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Batch,
  createGroupCommit,
  type GroupCommit,
  type Scope,
} from '../../../src/adapters/store/sqlite/group-commit.ts';
import { openWriter } from '../../../src/adapters/store/sqlite/open-database.ts';
import { GatewayError } from '../../../src/core/gateway-error.ts';
import { request, requestId } from './fixtures.ts';
import { sqlitePlace } from './sqlite-place.ts';

const UNIT_MAX_MS = 100;
const unavailable = { code: 'store.unavailable' };

describe('group commit', () => {
  let folder: string;
  let raw: DatabaseSync;
  let group: GroupCommit;
  let batches: Batch[];
  let touched: string[][];
  let failures: unknown[];

  beforeEach(async () => {
    batches = [];
    touched = [];
    failures = [];
    folder = await mkdtemp(join(tmpdir(), 'sallyport-group-'));
    raw = await openWriter(join(folder, 'group.db'), 1_000, (db) => {
      db.exec('create table meta (key text primary key, value blob not null) strict');
    });
    group = createGroupCommit({
      raw,
      assertInPlace: () => undefined,
      clock: () => new Date(),
      busyTimeoutMs: 100,
      unitMaxMs: UNIT_MAX_MS,
      onCommitted: (ids) => touched.push([...ids]),
      onFailed: (error) => failures.push(error),
      onBatch: (batch) => batches.push(batch),
    });
  });

  afterEach(async () => {
    await group.close();
    raw.close();
    await rm(folder, { recursive: true, force: true });
  });

  const put =
    (key: string, bytes = 1) =>
    async ({ db, touch }: Scope) => {
      await db
        .insertInto('meta')
        .values({ key, value: new Uint8Array(bytes) })
        .execute();
      touch(key);
      return key;
    };
  const keys = () =>
    raw
      .prepare('select key from meta order by key')
      .all()
      .map((row) => row['key']);

  it('puts what comes together into one commit, and tells what it touched', async () => {
    const done = await Promise.all(['a', 'b', 'c'].map((key) => group.run(put(key))));
    expect(done).toEqual(['a', 'b', 'c']);
    expect(batches).toEqual([{ units: 3, committed: true }]);
    expect(touched).toEqual([['a', 'b', 'c']]);
  });

  it('commits with an fsync each, in a WAL', () => {
    const FULL = 2;
    expect(raw.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(raw.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: FULL });
  });

  it('leaves no trace of an erased value in the file', async () => {
    const value = Buffer.from('erase-me'.repeat(20));
    // Any part of it counts: what comes in its place may cover the rest.
    const onDisk = async () => (await readFile(join(folder, 'group.db'))).includes('erase-me');
    await group.run(({ db }) => db.insertInto('meta').values({ key: 'a', value }).execute());
    raw.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(await onDisk()).toBe(true);
    const empty = new Uint8Array();
    await group.run(({ db }) => db.updateTable('meta').set({ value: empty }).execute());
    raw.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(await onDisk()).toBe(false);
  });

  it('bounds the size of a batch', async () => {
    await Promise.all(Array.from({ length: 600 }, (_, i) => group.run(put(String(i)))));
    expect(batches.map(({ units }) => units)).toEqual([256, 256, 88]);
  });

  it('tells nothing of a unit that was undone', async () => {
    const undone = group.run(async (scope) => {
      await put('a')(scope);
      throw new Error('undone');
    });
    await Promise.all([expect(undone).rejects.toThrow('undone'), group.run(put('b'))]);
    expect(touched).toEqual([['b']]);
    expect(keys()).toEqual(['b']);
    expect(failures).toEqual([]);
  });

  it('stops a unit that waits for something else, such as a commit of its own', async () => {
    const inner: Promise<unknown>[] = [];
    const outer = group.run(async (scope) => {
      await put('outer')(scope);
      inner.push(group.run(put('inner')));
      await inner[0];
    });
    await expect(outer).rejects.toMatchObject({ code: 'internal.unexpected' });
    expect(await inner[0]).toBe('inner');
    expect(keys()).toEqual(['inner']);
  });

  it('fails all of a batch when the disk is full, and works again when there is space', async () => {
    await group.run(put('before'));
    const pages = Number(raw.prepare('PRAGMA page_count').get()?.['page_count']);
    raw.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const batch = await Promise.allSettled([
      group.run(put('small')),
      group.run(put('large', 100_000)),
      group.run(put('later')),
    ]);
    for (const outcome of batch) expect(outcome).toMatchObject({ reason: unavailable });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ ...unavailable, cause: { errcode: 13 } });
    expect(raw.isTransaction).toBe(false);
    expect(keys()).toEqual(['before']);
    raw.exec('PRAGMA max_page_count = 1000000');
    await group.run(put('large', 100_000));
    expect(keys()).toEqual(['before', 'large']);
    expect(batches.map(({ committed }) => committed)).toEqual([true, false, true]);
  });

  it('lets go of the write lock when a batch fails', async () => {
    const failed = group.run(async (scope) => {
      await put('a')(scope);
      throw new GatewayError('store.unavailable');
    });
    await expect(failed).rejects.toMatchObject(unavailable);
    const other = new DatabaseSync(join(folder, 'group.db'), { timeout: 0 });
    other.exec('BEGIN IMMEDIATE; ROLLBACK');
    other.close();
    expect(keys()).toEqual([]);
  });

  it('fails a unit that hides from itself that the transaction is gone', async () => {
    const hidden = group.run(async (scope) => {
      raw.exec('ROLLBACK');
      await put('alone')(scope).catch(() => undefined);
    });
    await expect(hidden).rejects.toMatchObject(unavailable);
    expect(keys()).toEqual([]);
    await group.run(put('after'));
    expect(keys()).toEqual(['after']);
  });
});

describe('the SQLite store under load', () => {
  it('shares commits: 200 at once cost a handful of them', async () => {
    const batches: Batch[] = [];
    const place = await sqlitePlace();
    const store = await place.open({ onBatch: (batch) => batches.push(batch) });
    const insert = (number: number) =>
      store.commit(async (tx) => {
        await tx.requests.insert(request(number));
        await tx.log.append({
          event: 'request.accepted',
          actor: 'agent:agt_1',
          requestId: requestId(number),
          personal: { user_id: 'dana@acme.test', agent_prompt: 'Note that I called.' },
        });
      });
    await Promise.all(Array.from({ length: 200 }, (_, i) => insert(i)));
    expect(batches.length).toBeLessThanOrEqual(5);
    expect(batches.reduce((sum, { units }) => sum + units, 0)).toBe(200);

    for (const width of [1, 16, 128]) {
      let next = 1_000 * width;
      const end = next + 500;
      const start = performance.now();
      const inTurn = async () => {
        while (next < end) await insert(next++);
      };
      await Promise.all(Array.from({ length: width }, inTurn));
      const perSecond = 500 / ((performance.now() - start) / 1_000);
      console.log(
        `${width} at a time: ${perSecond.toFixed(0)} commits/s, request + log entry each`,
      );
    }
    await place.close();
  });
});
