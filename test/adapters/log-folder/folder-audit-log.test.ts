import { copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createFolderAuditLog,
  type FolderAuditLog,
  type FolderAuditLogOptions,
} from '../../../src/adapters/log-folder/folder-audit-log.ts';
import { createPinoLogger } from '../../../src/adapters/logger/pino-logger.ts';
import { signCheckpoint } from '../../../src/audit/checkpoint.ts';
import { InconsistentLogError } from '../../../src/audit/format-error.ts';
import { rootOf } from '../../../src/audit/merkle.ts';
import { generateSignerKey, parseSigner } from '../../../src/audit/note.ts';
import { GatewayError } from '../../../src/core/gateway-error.ts';
import { arrayStore, leafHashes, sampleEntries, scratchFolder } from '../../audit/support.ts';

const EVERY_MS = 5;
/** Long enough for a few dozen runs. */
const A_WHILE_MS = 200;

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly place?: string;
  readonly error?: Record<string, unknown>;
}
const ERROR_LEVEL = 50;

/** A folder audit log over an array, and what the operator reads of it. */
function createLog(changes: Partial<FolderAuditLogOptions> = {}) {
  const entries: Uint8Array[] = [];
  const lines: Line[] = [];
  const logger = createPinoLogger('info', {
    write: (line) => lines.push(JSON.parse(line) as Line),
  });
  const options: FolderAuditLogOptions = {
    folder: scratchFolder(),
    store: arrayStore(entries),
    signer: parseSigner(generateSignerKey('log.example/folder')),
    everyMs: EVERY_MS,
    logger,
    ...changes,
  };
  const auditLog = createFolderAuditLog(options);
  return {
    ...options,
    auditLog,
    entries,
    checkpointFile: join(options.folder, 'checkpoint'),
    errors: () => lines.filter(({ level }) => level === ERROR_LEVEL),
    infos: () => lines.filter(({ level }) => level < ERROR_LEVEL).map(({ msg }) => msg),
    run: () => {
      const stop = auditLog.start();
      onTestFinished(stop);
      return stop;
    },
  };
}

async function publishedLog(size: number) {
  const log = createLog();
  log.entries.push(...sampleEntries(size));
  await log.auditLog.publish();
  return log;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 5_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come about');
    await sleep(EVERY_MS);
  }
}

async function refusal(asking: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await asking.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GatewayError);
  expect((error as GatewayError).code).toBe('log.unavailable');
  return error as GatewayError;
}

const size = async (log: { readonly auditLog: FolderAuditLog }) =>
  (await log.auditLog.checkpoint()).size;

describe('the checkpoint of a log', () => {
  it('has size 0 before the first publication, and that is no error', async () => {
    const log = createLog();
    expect(await log.auditLog.checkpoint()).toEqual({ size: 0, rootPrefix: '' });
    expect(log.errors()).toEqual([]);
  });

  it('has the size and the first characters of the root that were signed', async () => {
    const log = await publishedLog(3);
    const root = Buffer.from(rootOf(leafHashes(log.entries))).toString('base64');
    expect(await log.auditLog.checkpoint()).toEqual({ size: 3, rootPrefix: root.slice(0, 12) });
  });

  it.each([
    ['altered', (good: Buffer) => Buffer.from(String(good).replace('\n3\n', '\n2\n'))],
    ['cut', (good: Buffer) => good.subarray(0, 40)],
    ['emptied', () => Buffer.alloc(0)],
  ])('that was %s is an error, never size 0', async (_, damage) => {
    const log = await publishedLog(3);
    writeFileSync(log.checkpointFile, damage(readFileSync(log.checkpointFile)));
    const { cause } = await refusal(log.auditLog.checkpoint());
    expect(cause).toBeInstanceOf(InconsistentLogError);
    expect((cause as InconsistentLogError).place).toBe('checkpoint');
  });

  it('of another key is an error', async () => {
    const log = await publishedLog(3);
    const stranger = parseSigner(generateSignerKey(log.signer.name));
    const forged = signCheckpoint({ origin: stranger.name, size: 0, root: rootOf([]) }, [stranger]);
    writeFileSync(log.checkpointFile, forged);
    await refusal(log.auditLog.checkpoint());
  });

  it('that cannot be read is an error, and is read again when it can be', async () => {
    const log = await publishedLog(3);
    const good = readFileSync(log.checkpointFile);
    rmSync(log.checkpointFile);
    symlinkSync(log.checkpointFile, log.checkpointFile);
    const { cause } = await refusal(log.auditLog.checkpoint());
    expect(cause).not.toBeInstanceOf(InconsistentLogError);
    rmSync(log.checkpointFile);
    writeFileSync(log.checkpointFile, good);
    expect(await size(log)).toBe(3);
  });

  it('that does not verify is said once, at error level, with what to do', async () => {
    const log = await publishedLog(3);
    writeFileSync(log.checkpointFile, 'torn');
    for (let i = 0; i < 5; i++) await refusal(log.auditLog.checkpoint());
    expect(log.errors()).toHaveLength(1);
    const [{ msg, place, error }] = log.errors() as [Line];
    expect(msg).toContain('contradict');
    expect(msg).toContain('docs/operations.md');
    expect(place).toBe('checkpoint');
    expect(error).toMatchObject({ name: 'InconsistentLogError' });
  });
});

describe('a running log', () => {
  it('publishes what comes, and the rest when it is stopped', async () => {
    const log = createLog();
    const stop = log.run();
    log.entries.push(...sampleEntries(3));
    await until(async () => (await size(log)) === 3);
    log.entries.push(...sampleEntries(300));
    await stop();
    expect(await size(log)).toBe(303);
  });

  it('says once that its folder cannot be written, and heals by itself', async () => {
    const log = createLog();
    const inTheWay = join(log.folder, 'tile');
    writeFileSync(inTheWay, 'in the way');
    log.entries.push(...sampleEntries(1));
    log.run();
    await until(() => log.errors().length > 0);
    await sleep(A_WHILE_MS);
    expect(log.errors().map(({ msg }) => msg)).toEqual(['the audit log cannot be published']);
    rmSync(inTheWay);
    await until(async () => (await size(log)) === 1);
    await until(() => log.infos().includes('the audit log is published again'));
  });

  it('says that it cannot be published while the store is away', async () => {
    const size = () => Promise.reject(new GatewayError('store.unavailable'));
    const log = createLog({ store: { log: { ...arrayStore([]).log, size } } });
    log.run();
    await until(() => log.errors().length > 0);
    expect(log.errors()[0]).toMatchObject({ error: { code: 'store.unavailable' } });
  });

  it('hears of a checkpoint that was exchanged, also when there is nothing to publish', async () => {
    const log = await publishedLog(3);
    log.run();
    writeFileSync(log.checkpointFile, 'exchanged');
    await until(() => log.errors().length > 0);
    await refusal(log.auditLog.checkpoint());
  });
});

/** Ways to make store and folder contradict each other, on a log of 300 entries. */
const CONTRADICTIONS: [string, (log: Awaited<ReturnType<typeof publishedLog>>) => unknown][] = [
  ['the store has fewer entries than were signed', (log) => log.entries.pop()],
  [
    'the store has other entries than were published',
    (log) => {
      log.entries[270] = Buffer.from('{"event":"forged"}');
      log.entries.push(...sampleEntries(1));
    },
  ],
  [
    'an older checkpoint was put back',
    async (log) => {
      const older = createLog({ signer: log.signer });
      older.entries.push(...log.entries.slice(0, 280));
      await older.auditLog.publish();
      copyFileSync(older.checkpointFile, log.checkpointFile);
    },
  ],
  [
    'another history was signed with the true key',
    (log) => {
      const root = rootOf(leafHashes(sampleEntries(300, 'fork')));
      const fork = signCheckpoint({ origin: log.signer.name, size: 300, root }, [log.signer]);
      writeFileSync(log.checkpointFile, fork);
    },
  ],
  [
    'the checkpoint was taken away',
    (log) => {
      rmSync(log.checkpointFile);
    },
  ],
];

describe('a contradiction between store and folder', () => {
  it.each(CONTRADICTIONS)(
    'is said once as what it is, and no checkpoint is given out from then on: %s',
    async (_, contradict) => {
      const log = await publishedLog(300);
      log.run();
      await log.auditLog.checkpoint();
      await contradict(log);
      await until(() => log.errors().length > 0);
      await sleep(A_WHILE_MS);
      expect(log.errors()).toHaveLength(1);
      expect(log.errors()[0]?.msg).toContain('contradict');
      expect(log.errors()[0]?.error).toMatchObject({ name: 'InconsistentLogError' });
      const { cause } = await refusal(log.auditLog.checkpoint());
      expect(cause).toBeInstanceOf(InconsistentLogError);
    },
  );

  it('is final: nothing is published after it, whatever is put back, until a new start', async () => {
    const log = await publishedLog(300);
    const signed = readFileSync(log.checkpointFile);
    const last = log.entries.pop()!;
    await refusal(log.auditLog.checkpoint());
    log.entries.push(last, ...sampleEntries(1));
    await refusal(log.auditLog.publish());
    await refusal(log.auditLog.checkpoint());
    log.run();
    await sleep(A_WHILE_MS);
    expect(readFileSync(log.checkpointFile)).toEqual(signed);
    expect(log.errors()).toHaveLength(1);
    const restarted = createFolderAuditLog(log);
    await restarted.publish();
    expect(await restarted.checkpoint()).toMatchObject({ size: 301 });
  });

  it('is seen by a process that publishes nothing itself', async () => {
    const log = await publishedLog(300);
    const onlooker = createLog({ ...log, store: log.store, logger: log.logger });
    await onlooker.auditLog.checkpoint();
    log.entries.length = 200;
    const { cause } = await refusal(onlooker.auditLog.checkpoint());
    expect(String(cause)).toContain('signs 300 entries, the store has 200');
  });
});
