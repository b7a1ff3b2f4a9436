import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { openCheckpoint, signCheckpoint } from '../../src/audit/checkpoint.ts';
import { InconsistentLogError } from '../../src/audit/format-error.ts';
import { rootOf } from '../../src/audit/merkle.ts';
import { generateSignerKey, parseSigner } from '../../src/audit/note.ts';
import { createPublisher } from '../../src/audit/publisher.ts';
import { changedTiles, tilePath } from '../../src/audit/tiles.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import {
  type TestLog,
  createTestLog,
  filesOf,
  leafHashes,
  sampleEntries,
  scratchFolder,
} from './support.ts';

const root = (log: TestLog) =>
  openCheckpoint(readFileSync(join(log.folder, 'checkpoint')), log.signer.vkey).root;
const cleanReport = (log: TestLog) => verifyLog({ folder: log.folder, vkey: log.signer.vkey });

/** The cause of the refusal, which has to be `log.unavailable`. */
async function refusal(publishing: Promise<unknown>): Promise<unknown> {
  const error = await publishing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GatewayError);
  expect((error as GatewayError).code).toBe('log.unavailable');
  return (error as GatewayError).cause;
}

describe('a published log', () => {
  it.each([0, 1, 2, 255, 256, 257, 511, 512, 513, 4_112])(
    'of %i entries has the root of the list, exactly its tiles, and verifies',
    async (size) => {
      const log = createTestLog(scratchFolder());
      log.entries.push(...sampleEntries(size));
      const { checkpoint, note } = await log.publish();
      expect(checkpoint.size).toBe(size);
      expect(checkpoint.root).toEqual(rootOf(leafHashes(log.entries)));
      expect(readFileSync(join(log.folder, 'checkpoint'), 'utf8')).toBe(note);
      const expected = ['checkpoint', ...[...changedTiles(0, size)].map(tilePath)].sort();
      expect(filesOf(log.folder)).toEqual(expected);
      expect(await cleanReport(log)).toMatchObject({ ok: true, size, findings: [], unsigned: [] });
    },
  );

  it('grows over 65,535 and 65,536 entries, where a level of tiles fills', async () => {
    const log = createTestLog(scratchFolder());
    const all = sampleEntries(65_800);
    for (const size of [65_535, 65_536, 65_537, 65_800]) {
      for (const entry of all.slice(log.entries.length, size)) log.entries.push(entry);
      await log.publish();
      expect(root(log)).toEqual(rootOf(leafHashes(log.entries)));
      expect(await cleanReport(log)).toMatchObject({ ok: true, size, findings: [] });
    }
    const expected = ['checkpoint', ...[...changedTiles(0, 65_800)].map(tilePath)];
    const partials = filesOf(log.folder).filter((path) => !expected.includes(path));
    expect(partials).toEqual([]);
  });

  it('is the same, however many runs published it', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, async (steps) => {
        const signerKey = generateSignerKey('log.example/steps');
        const [stepwise, atOnce] = [1, 2].map(() => createTestLog(scratchFolder(), signerKey));
        for (const step of steps) {
          stepwise!.entries.push(...sampleEntries(step, String(stepwise!.entries.length)));
          await stepwise!.publish();
        }
        atOnce!.entries.push(...stepwise!.entries);
        await atOnce!.publish();
        for (const path of filesOf(atOnce!.folder)) {
          const [one, two] = [stepwise!, atOnce!].map((log) =>
            readFileSync(join(log.folder, path)),
          );
          expect(one, path).toEqual(two);
        }
        expect(await cleanReport(stepwise!)).toMatchObject({
          ok: true,
          findings: [],
          unsigned: [],
        });
      }),
      { numRuns: 25 },
    );
  });

  it('keeps the partial tiles of every checkpoint until the full tile is there, and no longer', async () => {
    const log = createTestLog(scratchFolder());
    for (const step of [3, 4, 200]) {
      log.entries.push(...sampleEntries(step));
      await log.publish();
    }
    const partials = ['3', '7', '207'].map((width) => `tile/entries/000.p/${width}`);
    expect(filesOf(log.folder)).toEqual(expect.arrayContaining(partials));
    log.entries.push(...sampleEntries(50));
    await log.publish();
    expect(filesOf(log.folder).filter((path) => path.includes('000.p/'))).toEqual([
      'tile/1/000.p/1',
    ]);
  });

  it('reads only the new entries and those of the last bundle from the store', async () => {
    const log = createTestLog(scratchFolder());
    log.entries.push(...sampleEntries(2_000));
    await log.publish();
    log.asked.length = 0;
    log.entries.push(...sampleEntries(10));
    await log.publish();
    expect(log.asked).toEqual([[1_792, 2_010]]);
    await log.publish();
    expect(log.asked).toHaveLength(1);
  });

  it('is published by one run at a time, and each caller finds its entry in it', async () => {
    const log = createTestLog(scratchFolder());
    const runs = Array.from({ length: 40 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i % 7));
      const size = log.entries.push(...sampleEntries(7));
      const { checkpoint } = await log.publish();
      expect(checkpoint.size).toBeGreaterThanOrEqual(size);
    });
    await Promise.all(runs);
    expect(log.mostAtOnce()).toBe(1);
    expect(log.heads()).toBeLessThan(40);
    expect(await cleanReport(log)).toMatchObject({ ok: true, size: 280 });
  });

  it('still publishes for those who waited when the run before failed', async () => {
    const log = createTestLog(scratchFolder());
    log.entries.push(...sampleEntries(5));
    log.failNext();
    const [first, second] = [log.publish(), log.publish()];
    await refusal(first);
    expect((await second).checkpoint.size).toBe(5);
  });

  it('passes on what the store refuses', async () => {
    const log = createTestLog(scratchFolder());
    const error = new GatewayError('store.unavailable');
    const publisher = createPublisher({
      ...log.deps,
      source: { ...log.deps.source, head: () => Promise.reject(error) },
    });
    await expect(publisher.publish()).rejects.toBe(error);
  });

  it('is refused with log.unavailable when the folder cannot be written', async () => {
    const log = createTestLog(scratchFolder());
    log.entries.push(...sampleEntries(1));
    writeFileSync(join(log.folder, 'tile'), 'in the way');
    const cause = await refusal(log.publish());
    expect(cause).not.toBeInstanceOf(InconsistentLogError);
    rmSync(join(log.folder, 'tile'));
    await log.publish();
    expect(await cleanReport(log)).toMatchObject({ ok: true });
  });

  it('has the name of its key as its origin', () => {
    const log = createTestLog(scratchFolder());
    expect(() => createPublisher({ ...log.deps, origin: 'other.example' })).toThrow(GatewayError);
  });
});

describe('the publisher never signs', () => {
  async function publishedLog(size: number): Promise<TestLog> {
    const log = createTestLog(scratchFolder());
    log.entries.push(...sampleEntries(size));
    await log.publish();
    return log;
  }

  /** Publishing is refused for a contradiction at `place`, and the checkpoint stays as it is. */
  async function expectRefusal(log: TestLog, place: string): Promise<void> {
    const before = readFileSync(join(log.folder, 'checkpoint'));
    const cause = await refusal(log.publish());
    expect(cause).toBeInstanceOf(InconsistentLogError);
    expect((cause as InconsistentLogError).place).toBe(place);
    expect((cause as InconsistentLogError).message).toContain('inconsistent');
    expect(readFileSync(join(log.folder, 'checkpoint'))).toEqual(before);
  }

  it('a shorter log than it signed before', async () => {
    const log = await publishedLog(10);
    log.entries.pop();
    await expectRefusal(log, 'checkpoint');
  });

  it('a log whose last entries were exchanged in the store', async () => {
    const log = await publishedLog(300);
    log.entries[260] = Buffer.from('{"event":"forged"}');
    log.entries.push(...sampleEntries(1));
    await expectRefusal(log, 'tile/entries/001.p/45');
  });

  it('over a checkpoint that is not its own', async () => {
    const log = await publishedLog(10);
    const stranger = parseSigner(generateSignerKey(log.signer.name));
    const forged = signCheckpoint({ origin: stranger.name, size: 3, root: rootOf([]) }, [stranger]);
    writeFileSync(join(log.folder, 'checkpoint'), forged);
    await expectRefusal(log, 'checkpoint');
  });

  it('over a checkpoint that was altered, torn or emptied', async () => {
    const log = await publishedLog(10);
    const path = join(log.folder, 'checkpoint');
    const good = readFileSync(path);
    for (const bad of [good.subarray(0, 60), Buffer.alloc(0), Buffer.from(`x${String(good)}`)]) {
      writeFileSync(path, bad);
      await expectRefusal(log, 'checkpoint');
    }
  });

  it.each(['tile/0/002.p/88', 'tile/1/000.p/2'])(
    'over hash tiles that do not have the root it signed: %s',
    async (place) => {
      const log = await publishedLog(600);
      const path = join(log.folder, place);
      const bytes = readFileSync(path);
      bytes[33]! ^= 1;
      writeFileSync(path, bytes);
      log.entries.push(...sampleEntries(1));
      await expectRefusal(log, 'checkpoint');
    },
  );

  it('when a tile that it builds on is exchanged while it runs', async () => {
    const log = await publishedLog(600);
    log.entries.push(...sampleEntries(1));
    const path = join(log.folder, 'tile/1/000.p/2');
    const source = {
      ...log.deps.source,
      entries: (from: number, to: number) => {
        writeFileSync(path, Buffer.alloc(64, 1));
        return log.deps.source.entries(from, to);
      },
    };
    const cause = await refusal(createPublisher({ ...log.deps, source }).publish());
    expect(String(cause)).toContain('does not extend');
    expect((await cleanReport(log)).size).toBe(600);
  });

  it('over a right edge that is gone or torn', async () => {
    const log = await publishedLog(10);
    const path = join(log.folder, 'tile/0/000.p/10');
    writeFileSync(path, Buffer.alloc(31));
    await expectRefusal(log, 'checkpoint');
    rmSync(path);
    await expectRefusal(log, 'checkpoint');
  });

  it('over files that were published before with other bytes', async () => {
    const log = await publishedLog(255);
    log.entries.push(...sampleEntries(1));
    writeFileSync(join(log.folder, 'tile/entries/000'), 'planted');
    await expectRefusal(log, 'tile/entries/000');
  });

  it('an entry that is not canonical JSON', async () => {
    const log = await publishedLog(1);
    log.entries.push(Buffer.from('{"b":1,"a":1}'));
    await expectRefusal(log, 'tile/entries/000.p/2');
  });

  it('when the store gives fewer entries than it has', async () => {
    const log = await publishedLog(1);
    log.entries.push(...sampleEntries(9));
    const source = {
      ...log.deps.source,
      entries: (from: number, to: number) => Promise.resolve(log.entries.slice(from, to - 1)),
    };
    const cause = await refusal(createPublisher({ ...log.deps, source }).publish());
    expect(cause).toBeInstanceOf(InconsistentLogError);
  });
});

describe('a new signing key', () => {
  it('goes on with the log when the former key is named, and not otherwise', async () => {
    const log = createTestLog(scratchFolder());
    log.entries.push(...sampleEntries(3));
    await log.publish();
    const next = parseSigner(generateSignerKey(log.signer.name));
    log.entries.push(...sampleEntries(3));
    const deps = { ...log.deps, signer: next };
    expect(await refusal(createPublisher(deps).publish())).toBeInstanceOf(InconsistentLogError);
    const formerVkeys = [log.signer.vkey];
    await createPublisher({ ...deps, formerVkeys }).publish();
    const report = await verifyLog({ folder: log.folder, vkey: next.vkey });
    expect(report).toMatchObject({ ok: true, size: 6 });
  });
});

describe('a run that dies', () => {
  it('before its signature leaves the log as it was, and the next run completes it', async () => {
    const log = createTestLog(scratchFolder());
    log.entries.push(...sampleEntries(300));
    await log.publish();
    log.entries.push(...sampleEntries(300));
    const dying = {
      ...log.signer,
      sign: () => {
        throw new Error('killed');
      },
    };
    await refusal(createPublisher({ ...log.deps, signer: dying }).publish());
    const report = await cleanReport(log);
    expect(report).toMatchObject({ ok: true, size: 300, findings: [] });
    expect(report.unsigned).toContain('tile/entries/001');
    log.entries.push(...sampleEntries(20));
    await log.publish();
    expect(await cleanReport(log)).toMatchObject({ ok: true, size: 620, findings: [] });
  });

  it('after any number of bundles leaves a log that verifies and goes on', async () => {
    const log = createTestLog(scratchFolder());
    for (let written = 0; written < 6; written++) {
      log.entries.push(...sampleEntries(1_500, String(written)));
      let left = written;
      const source = {
        ...log.deps.source,
        entries: (from: number, to: number) => {
          if (left-- === 0) return Promise.reject(new Error('killed'));
          return log.deps.source.entries(from, to);
        },
      };
      await refusal(createPublisher({ ...log.deps, source }).publish());
      if (existsSync(join(log.folder, 'checkpoint'))) {
        expect(await cleanReport(log)).toMatchObject({ ok: true, findings: [] });
      }
      await log.publish();
      expect(await cleanReport(log)).toMatchObject({ ok: true, unsigned: [], findings: [] });
    }
  });

  it('by SIGKILL at a random moment leaves a log that verifies and goes on', async () => {
    const folder = scratchFolder();
    const signerKey = generateSignerKey('log.example/kill');
    const { vkey } = parseSigner(signerKey);
    const program = join(import.meta.dirname, 'publish-forever.ts');
    let size = 0;
    for (let run = 0; run < 12; run++) {
      const child = spawn(process.execPath, [program, folder, signerKey], { stdio: 'pipe' });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, (run * 37) % 90));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const report = await verifyLog({ folder, vkey });
      expect(report).toMatchObject({ ok: true, findings: [] });
      expect(report.size).toBeGreaterThanOrEqual(size);
      size = report.size;
    }
    expect(size).toBeGreaterThan(12);
  });

  it('leaves temporary files that are no findings and are gone after the next run', async () => {
    const log = createTestLog(scratchFolder());
    mkdirSync(join(log.folder, '.tmp'));
    appendFileSync(join(log.folder, '.tmp', 'half'), 'half a tile');
    log.entries.push(...sampleEntries(3));
    await log.publish();
    expect(filesOf(log.folder).filter((path) => path.startsWith('.tmp'))).toEqual([]);
  });
});
