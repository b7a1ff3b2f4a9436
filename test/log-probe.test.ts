import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { type Context, openContext } from '../src/context.ts';
import { createLogProbe } from '../src/log-probe.ts';
import { runInFile } from './support/store-file.ts';

let folder: string;
let context: Context;
let later: number;

const config = () =>
  readConfig({ SALLYPORT_DATA_DIR: join(folder, 'data'), SALLYPORT_LOG_LEVEL: 'silent' });
const append = () =>
  context.store.commit((tx) => tx.log.append({ event: 'gateway.started', actor: 'gateway' }));
const probe = () => createLogProbe({ ...context, clock: () => new Date(Date.now() + later) })();

beforeEach(async () => {
  later = 0;
  folder = mkdtempSync(join(tmpdir(), 'sallyport-probe-'));
  context = await openContext(config());
  await append();
  await context.auditLog.publish();
  // Closed once, so that the store is one file that can be copied.
  await context.close();
  context = await openContext(config());
});
afterEach(async () => {
  await context.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the probe of the log', () => {
  it('is content with a log that has everything, however old', async () => {
    later = 3_600_000;
    await expect(probe()).resolves.toBeUndefined();
  });

  it('gives a new entry its time, and no more', async () => {
    await append();
    later = 5_000;
    await expect(probe()).resolves.toBeUndefined();
    later = 20_000;
    await expect(probe()).rejects.toMatchObject({ code: 'log.unavailable' });
    await context.auditLog.publish();
    await expect(probe()).resolves.toBeUndefined();
  });

  it('finds that the next entry to be published was changed', async () => {
    const index = await append();
    const sql = 'UPDATE log_entries SET voucher = zeroblob(40) WHERE idx = ?';
    runInFile(config().files.store, sql, index);
    await expect(probe()).rejects.toMatchObject({
      code: 'log.unavailable',
      detail: `entry ${index} is gone or was changed`,
    });
  });

  it('finds a folder that has gone', async () => {
    renameSync(config().files.log, join(folder, 'elsewhere'));
    later = 20_000;
    await expect(probe()).rejects.toMatchObject({ code: 'log.unavailable' });
  });

  it('finds a checkpoint that has more than the store', async () => {
    copyFileSync(config().files.store, `${folder}/older.db`);
    await append();
    await context.auditLog.publish();
    await context.close();
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(`${config().files.store}${suffix}`, { force: true });
    copyFileSync(`${folder}/older.db`, config().files.store);
    context = await openContext(config());
    await expect(probe()).rejects.toMatchObject({ code: 'log.unavailable' });
  });
});

describe('a log whose store is gone', () => {
  it('stops the start before anything is made, and says both ways out', async () => {
    await context.close();
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(`${config().files.store}${suffix}`, { force: true });
    const refused = openContext(config());
    await expect(refused).rejects.toMatchObject({ code: 'config.invalid' });
    await expect(refused).rejects.toMatchObject({
      detail: expect.stringMatching(/store\.db is missing.*backup.*move .*log away/s),
    });
    renameSync(config().files.log, join(folder, 'elsewhere'));
    context = await openContext(config());
    expect(await context.store.log.size()).toBe(0);
  });
});
