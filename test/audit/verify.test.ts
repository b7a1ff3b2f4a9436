import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import fc from 'fast-check';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { LogFormatError } from '../../src/audit/format-error.ts';
import { leafHash, rootOf } from '../../src/audit/merkle.ts';
import { generateSignerKey, parseSigner } from '../../src/audit/note.ts';
import {
  changedTiles,
  encodeEntryBundle,
  encodeHashTile,
  parseEntryBundle,
  tilePath,
} from '../../src/audit/tiles.ts';
import { type VerifyReport, verifyLog } from '../../src/audit/verify.ts';
import {
  type TestLog,
  createTestLog,
  filesOf,
  leafHashes,
  sampleEntries,
  scratchFolder,
} from './support.ts';

/** Sizes at which the log under test was published; it keeps partial tiles of some of them. */
const SIZES = [1, 130, 255, 256, 300, 511, 590, 601, 620];
const SIZE = 620;
const SIGNER_KEY = generateSignerKey('log.example/damage');
const signer = parseSigner(SIGNER_KEY);
const { vkey } = signer;

/** How many one-byte changes are tried in each file; raised for a long run. */
const CHANGES_PER_FILE = Number(process.env['SALLYPORT_LOG_CHANGES'] ?? 25);

const pristine = mkdtempSync(join(tmpdir(), 'sallyport-log-'));
const notes: string[] = [];
const files: string[] = [];

beforeAll(async () => {
  notes.push(...(await publishAll(createTestLog(pristine, SIGNER_KEY))));
  files.push(...filesOf(pristine));
});
afterAll(() => {
  rmSync(pristine, { recursive: true });
});

async function publishAll(log: TestLog, all = sampleEntries(SIZE)): Promise<string[]> {
  const published: string[] = [];
  for (const size of SIZES) {
    log.entries.push(...all.slice(log.entries.length, size));
    published.push((await log.publish()).note);
  }
  return published;
}

const verify = (folder: string, since?: string) => verifyLog({ folder, vkey, since });
const places = (report: VerifyReport) => [...new Set(report.findings.map(({ place }) => place))];

/** A copy of the log, to do damage to. */
function copyOfLog() {
  const folder = scratchFolder();
  cpSync(pristine, folder, { recursive: true });
  return {
    folder,
    read: (path: string) => readFileSync(join(folder, path)),
    write: (path: string, bytes: string | Uint8Array) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    },
  };
}

describe('an untouched log', () => {
  it('verifies, and extends every checkpoint it ever signed', async () => {
    for (const since of [undefined, ...notes]) {
      const report = await verify(pristine, since);
      expect(report).toMatchObject({ ok: true, size: SIZE, findings: [], unsigned: [] });
    }
  });

  it('has the files this suite damages: full and partial tiles, and those of earlier sizes', () => {
    expect(files).toEqual(
      [
        'checkpoint',
        'tile/0/000',
        'tile/0/001',
        'tile/0/002.p/108',
        'tile/0/002.p/78',
        'tile/0/002.p/89',
        'tile/1/000.p/1',
        'tile/1/000.p/2',
        'tile/entries/000',
        'tile/entries/001',
        'tile/entries/002.p/108',
        'tile/entries/002.p/78',
        'tile/entries/002.p/89',
      ].sort(),
    );
  });

  it('reports its progress bundle by bundle', async () => {
    const seen: number[] = [];
    const onProgress = ({ entries, size }: { entries: number; size: number }) => {
      expect(size).toBe(SIZE);
      seen.push(entries);
    };
    await verifyLog({ folder: pristine, vkey, onProgress });
    expect(seen).toEqual([256, 512, 620]);
  });
});

describe('a change of one byte', () => {
  it('is found in every file, and the file is named alone', async () => {
    const { folder, read, write } = copyOfLog();
    let changes = 0;
    for (const path of files) {
      const good = read(path);
      const positions = fc.sample(fc.nat(good.length - 1), CHANGES_PER_FILE);
      for (const at of [0, good.length - 1, ...positions]) {
        const bad = Buffer.from(good);
        bad[at]! ^= 1 << (at % 8);
        write(path, bad);
        const report = await verify(folder);
        expect(report.ok, `${path} at ${at}`).toBe(false);
        expect(places(report), `${path} at ${at}`).toEqual([path]);
        changes += 1;
      }
      write(path, good);
    }
    console.log(`one-byte changes found and named: ${changes} of ${changes}`);
    expect(await verify(folder)).toMatchObject({ ok: true });
  });

  it.each([
    ['tile/entries/000', 7],
    ['tile/entries/001', 256 + 200],
    ['tile/entries/002.p/108', 512 + 107],
    ['tile/entries/002.p/78', 512 + 3],
  ])('in %s names entry %i', async (path, entry) => {
    const { folder, read, write } = copyOfLog();
    const width = Number(/\.p\/(\d+)$/.exec(path)?.[1] ?? 256);
    const entries = parseEntryBundle(read(path), width).map((bytes) => Buffer.from(bytes));
    entries[entry % 256]![5]! ^= 1;
    write(path, encodeEntryBundle(entries));
    const report = await verify(folder);
    expect(report.findings).toMatchObject([{ place: path, entry }]);
  });

  it('is said in words: which leaf hash it does not match', async () => {
    const { folder, read, write } = copyOfLog();
    const path = 'tile/entries/002.p/108';
    const bundle = read(path);
    bundle[2 + 3]! ^= 1;
    write(path, bundle);
    expect((await verify(folder)).findings).toEqual([
      {
        place: path,
        entry: 512,
        problem: 'entry bytes do not match the leaf hash in tile/0/002.p/108',
      },
    ]);
  });

  it('is found in several files at once, and each is named', async () => {
    const { folder, read, write } = copyOfLog();
    const damaged = ['tile/0/001', 'tile/entries/000', 'tile/entries/002.p/78', 'tile/1/000.p/2'];
    for (const path of damaged) {
      const bytes = read(path);
      bytes[10]! ^= 1;
      write(path, bytes);
    }
    const named = places(await verify(folder));
    expect(damaged.filter((path) => !named.includes(path))).toEqual([]);
  });
});

describe('damage to whole files', () => {
  /** Without these the log is not whole; the rest are partial tiles that a log may delete. */
  const needed = ['checkpoint', ...[...changedTiles(0, SIZE)].map(tilePath)];

  it('is found when a file is cut, goes on, or is emptied', async () => {
    const { folder, read, write } = copyOfLog();
    for (const path of files) {
      const good = read(path);
      const lengths = fc.sample(fc.nat(good.length - 1), 10);
      const shorter = [0, 1, 31, 32, good.length - 1, ...lengths].filter((n) => n < good.length);
      const cuts = shorter.map((n) => good.subarray(0, n));
      const longer = [Buffer.alloc(1), Buffer.alloc(32), good].map((more) =>
        Buffer.concat([good, more]),
      );
      for (const bad of [...cuts, ...longer]) {
        write(path, bad);
        expect(places(await verify(folder)), `${path}: ${bad.length} bytes`).toEqual([path]);
      }
      write(path, good);
    }
  });

  it('is found when a file is gone, unless it is a partial tile of an earlier size', async () => {
    for (const path of files) {
      const { folder } = copyOfLog();
      rmSync(join(folder, path));
      const report = await verify(folder);
      expect(places(report), path).toEqual(needed.includes(path) ? [path] : []);
    }
  });

  it('is found when any file stands in the place of another', async () => {
    const { folder, read, write } = copyOfLog();
    for (const path of files) {
      const good = read(path);
      for (const other of files) {
        if (other === path) continue;
        write(path, read(other));
        expect(places(await verify(folder)), `${other} for ${path}`).toContain(path);
      }
      write(path, good);
    }
  });

  it('is found when two bundles are swapped, with their tiles or without', async () => {
    const { folder } = copyOfLog();
    const swap = (kind: string) => {
      const [a, b] = ['000', '001'].map((name) => join(folder, 'tile', kind, name));
      renameSync(a!, `${a!}.x`);
      renameSync(b!, a!);
      renameSync(`${a!}.x`, b!);
    };
    swap('entries');
    expect(places(await verify(folder))).toEqual(['tile/entries/000', 'tile/entries/001']);
    swap('0');
    const both = ['tile/0/000', 'tile/0/001', 'tile/entries/000', 'tile/entries/001'];
    expect(places(await verify(folder)).sort()).toEqual(both);
  });

  it('is found when two entries are swapped, one is doubled, or one is left out', async () => {
    const { folder, read, write } = copyOfLog();
    const path = 'tile/entries/000';
    const entries = parseEntryBundle(read(path), 256);
    const swapped = entries.with(3, entries[4]!).with(4, entries[3]!);
    write(path, encodeEntryBundle(swapped));
    const report = await verify(folder);
    expect(report.findings.map(({ entry }) => entry)).toEqual([3, 4]);
    write(path, encodeEntryBundle(entries.with(3, entries[4]!)));
    expect(places(await verify(folder))).toEqual([path]);
    write(path, encodeEntryBundle(entries.toSpliced(3, 1)));
    expect(places(await verify(folder))).toEqual([path]);
  });

  it('is found when an entry and its hash tile are rewritten to agree', async () => {
    for (const [index, width] of [[0, 256] as const, [2, 108] as const]) {
      const { folder, read, write } = copyOfLog();
      const bundle = tilePath({ level: 'entries', index, width });
      const entries = parseEntryBundle(read(bundle), width);
      const forged = entries.with(9, Buffer.from('{"event":"forged"}'));
      write(bundle, encodeEntryBundle(forged));
      write(tilePath({ level: 0, index, width }), encodeHashTile(forged.map(leafHash)));
      const report = await verify(folder);
      expect(report.ok).toBe(false);
      if (index === 0) expect(places(report)).toEqual(['tile/0/000', 'tile/entries/000']);
      else expect(places(report)).toContain('checkpoint');
    }
  });

  it('is found when tiles of every level are gone, and everything else is still checked', async () => {
    const log = createTestLog(scratchFolder(), SIGNER_KEY);
    log.entries.push(...sampleEntries(65_800));
    await log.publish();
    const gone = ['tile/1/000', 'tile/0/000', 'tile/entries/000', 'tile/0/180'];
    for (const path of gone) rmSync(join(log.folder, path));
    const changed = join(log.folder, 'tile/entries/200');
    const bundle = readFileSync(changed);
    bundle[100]! ^= 1;
    writeFileSync(changed, bundle);
    const report = await verify(log.folder);
    expect(places(report).sort()).toEqual([...gone, 'tile/entries/200'].sort());
  });

  it('is found when a file cannot be read or is not a file', async () => {
    for (const path of ['tile/0/000', 'tile/entries/001', 'tile/1/000.p/2', 'checkpoint']) {
      const { folder } = copyOfLog();
      rmSync(join(folder, path));
      mkdirSync(join(folder, path));
      expect(places(await verify(folder))).toContain(path);
      rmSync(join(folder, path), { recursive: true });
      execFileSync('mkfifo', [join(folder, path)]);
      expect(places(await verify(folder))).toContain(path);
    }
  });

  it('is found when a file is too large to be one of a log, without reading it', async () => {
    for (const path of ['tile/0/000', 'tile/entries/000', 'checkpoint']) {
      const { folder } = copyOfLog();
      execFileSync('truncate', ['--size', '1G', join(folder, path)]);
      const problem = expect.stringContaining('is longer than') as string;
      expect((await verify(folder)).findings).toMatchObject([{ place: path, problem }]);
    }
  });

  it.each([
    'notes.txt',
    'checkpoint.old',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/002.p/078',
    'tile/entries/x000/001',
    'tile/00/000',
    'tile/data/000',
    'tile/entries/000.gz',
    '.hidden/file',
  ])('is found when a file that belongs to no log is added: %s', async (path) => {
    const { folder, write } = copyOfLog();
    write(path, 'anything');
    expect(places(await verify(folder))).toEqual([path]);
  });

  it('is found when a link is added', async () => {
    const { folder } = copyOfLog();
    symlinkSync('/etc/hostname', join(folder, 'link'));
    expect(places(await verify(folder))).toEqual(['link']);
  });

  it('has no more than 1,000 findings in its report, and counts the rest', async () => {
    const log = createTestLog(scratchFolder(), SIGNER_KEY);
    log.entries.push(...sampleEntries(1_300));
    await log.publish();
    const forged = sampleEntries(1_300, 'other');
    for (const { level, index, width } of changedTiles(0, 1_300)) {
      if (level !== 'entries') continue;
      const bundle = encodeEntryBundle(forged.slice(index * 256, index * 256 + width));
      writeFileSync(join(log.folder, tilePath({ level, index, width })), bundle);
    }
    const report = await verify(log.folder);
    expect(report.findings).toHaveLength(1_000);
    expect(report.findingsOmitted).toBe(300);
  });
});

describe('the checkpoint', () => {
  it('of another key, or none, ends the verification', async () => {
    const { folder } = copyOfLog();
    const other = parseSigner(generateSignerKey(signer.name));
    const report = await verifyLog({ folder, vkey: other.vkey });
    expect(report).toMatchObject({ ok: false, size: 0, checkpoint: undefined });
    expect(places(report)).toEqual(['checkpoint']);
    expect(places(await verify(join(folder, 'nowhere')))).toEqual(['checkpoint']);
  });

  it('cannot be verified with a key that is none', async () => {
    await expect(verifyLog({ folder: pristine, vkey: 'log.example' })).rejects.toThrow(
      LogFormatError,
    );
  });

  it('put back to an earlier one is seen by what lies beyond it, and caught by a later one', async () => {
    for (const [i, note] of notes.slice(0, -1).entries()) {
      const { folder, write } = copyOfLog();
      write('checkpoint', note);
      const report = await verify(folder);
      expect(report, `size ${SIZES[i] ?? 0}`).toMatchObject({ ok: true, size: SIZES[i] });
      expect(report.unsigned).not.toEqual([]);
      for (const later of notes.slice(i + 1)) {
        const caught = await verify(folder, later);
        expect(caught.findings).toMatchObject([
          { place: 'checkpoint', problem: expect.stringContaining('rolled back') as string },
        ]);
      }
    }
  });

  it('of a rewritten log, signed with the true key, is caught by any one seen before', async () => {
    for (const changed of [0, 129, 255, 299, 600]) {
      const fork = createTestLog(scratchFolder(), SIGNER_KEY);
      const forged = sampleEntries(SIZE).with(changed, Buffer.from('{"event":"forged"}'));
      await publishAll(fork, forged);
      expect(await verify(fork.folder)).toMatchObject({ ok: true, size: SIZE });
      for (const [i, seen] of notes.entries()) {
        const report = await verify(fork.folder, seen);
        expect(report.ok).toBe(changed >= (SIZES[i] ?? 0));
        if (!report.ok) expect(places(report)).toEqual(['checkpoint']);
      }
    }
  });

  it('seen earlier must itself be a signed checkpoint of this log', async () => {
    const other = createTestLog(scratchFolder());
    const { note } = await other.publish();
    for (const since of ['', 'hello', note, notes[0]!.replace('\n1\n', '\n2\n')]) {
      expect(places(await verify(pristine, since))).toEqual(['since']);
    }
  });

  it('of the empty log is extended by every log', async () => {
    const log = createTestLog(scratchFolder(), SIGNER_KEY);
    const { note } = await log.publish();
    expect(await verify(log.folder, note)).toMatchObject({ ok: true, size: 0 });
    expect(await verify(pristine, note)).toMatchObject({ ok: true, size: SIZE });
    const lie = signCheckpoint({ origin: signer.name, size: 0, root: Buffer.alloc(32) }, [signer]);
    expect(places(await verify(pristine, lie))).toEqual(['checkpoint']);
  });

  it('with a size that only its topmost tile bears out ends at the files that are missing', async () => {
    const folder = scratchFolder();
    const hashes = leafHashes(sampleEntries(4));
    const checkpoint = { origin: signer.name, size: 4 * 256 ** 6, root: rootOf(hashes) };
    mkdirSync(join(folder, 'tile/6/000.p'), { recursive: true });
    writeFileSync(join(folder, 'tile/6/000.p/4'), encodeHashTile(hashes));
    writeFileSync(join(folder, 'checkpoint'), signCheckpoint(checkpoint, [signer]));
    const missing = ['000', '001', '002', '003'].map((name) => `tile/5/${name}`);
    expect(places(await verify(folder))).toEqual(missing);
  });

  it('with a root that nothing in the folder has is named', async () => {
    const { folder, write } = copyOfLog();
    const root = Buffer.alloc(32, 1);
    write('checkpoint', signCheckpoint({ origin: signer.name, size: SIZE, root }, [signer]));
    expect(places(await verify(folder))).toEqual(['checkpoint']);
  });

  it('with a size that is not that of the tiles is found', async () => {
    const root = (await verify(pristine)).checkpoint!.root;
    for (const size of [0, 1, SIZE - 1, SIZE + 1, 65_536, 2 ** 50]) {
      const { folder, write } = copyOfLog();
      write('checkpoint', signCheckpoint({ origin: signer.name, size, root }, [signer]));
      expect((await verify(folder)).ok, String(size)).toBe(false);
    }
  });
});

describe('entries', () => {
  it.each(['{"b":1,"a":1}', '{"a": 1}', 'plain text', '', '\ufeff{}'])(
    'that are not canonical JSON are found, although they are signed: %j',
    async (text) => {
      const folder = scratchFolder();
      const entries = [Buffer.from('{"seq":0}'), Buffer.from(text)];
      const leaves = leafHashes(entries);
      const root = rootOf(leaves);
      for (const kind of ['entries', '0']) {
        mkdirSync(join(folder, 'tile', kind, '000.p'), { recursive: true });
      }
      writeFileSync(join(folder, 'tile/entries/000.p/2'), encodeEntryBundle(entries));
      writeFileSync(join(folder, 'tile/0/000.p/2'), encodeHashTile(leaves));
      const note = signCheckpoint({ origin: signer.name, size: 2, root }, [signer]);
      writeFileSync(join(folder, 'checkpoint'), note);
      expect((await verify(folder)).findings).toEqual([
        { place: 'tile/entries/000.p/2', entry: 1, problem: 'entry is not canonical JSON' },
      ]);
    },
  );
});

describe('tiles beyond the checkpoint', () => {
  /** What a publisher leaves that is killed just before it signs 900 entries after 300. */
  async function unsignedTail(): Promise<{ folder: string; unsigned: string[] }> {
    const log = createTestLog(scratchFolder(), SIGNER_KEY);
    log.entries.push(...sampleEntries(300));
    await log.publish();
    const checkpoint = readFileSync(join(log.folder, 'checkpoint'));
    const before = filesOf(log.folder);
    log.entries.push(...sampleEntries(900).slice(300));
    await log.publish();
    writeFileSync(join(log.folder, 'checkpoint'), checkpoint);
    return {
      folder: log.folder,
      unsigned: filesOf(log.folder).filter((path) => !before.includes(path)),
    };
  }

  it('are listed and are no finding', async () => {
    const { folder, unsigned } = await unsignedTail();
    const report = await verify(folder);
    expect(report).toMatchObject({ ok: true, size: 300, findings: [] });
    expect([...report.unsigned].sort()).toEqual(unsigned);
    expect(unsigned).toHaveLength(7);
  });

  it('are found and named after any change of one byte', async () => {
    const { folder, unsigned } = await unsignedTail();
    for (const path of unsigned) {
      const good = readFileSync(join(folder, path));
      for (const at of fc.sample(fc.nat(good.length - 1), CHANGES_PER_FILE)) {
        const bad = Buffer.from(good);
        bad[at]! ^= 1 << (at % 8);
        writeFileSync(join(folder, path), bad);
        expect(places(await verify(folder)), `${path} at ${at}`).toContain(path);
      }
      writeFileSync(join(folder, path), good);
    }
  });

  it('are counted in entries', async () => {
    const { folder } = await unsignedTail();
    expect((await verify(folder)).unsignedEntries).toBe(600);
    expect((await verify(pristine)).unsignedEntries).toBe(0);
  });

  describe('when someone waits for their signature', () => {
    const PATIENCE_MS = 400;
    const patient = (folder: string) => verifyLog({ folder, vkey, patienceMs: PATIENCE_MS });
    const later = (size: number, label = 'entry') => {
      const root = rootOf(leafHashes(sampleEntries(size, label)));
      return signCheckpoint({ origin: signer.name, size, root }, [signer]);
    };
    const writeLater = (folder: string, note: string) =>
      setTimeout(() => {
        writeFileSync(join(folder, 'checkpoint'), note);
      }, PATIENCE_MS / 2);

    it('are a finding when it does not come: an older checkpoint was put back', async () => {
      const { folder } = await unsignedTail();
      const report = await patient(folder);
      expect(report).toMatchObject({ ok: false, size: 300, unsignedEntries: 600 });
      expect(report.findings).toEqual([
        { place: 'checkpoint', problem: expect.stringContaining('600 entries') as string },
      ]);
    });

    it('are none when it comes', async () => {
      const { folder } = await unsignedTail();
      writeLater(folder, later(900));
      expect(await patient(folder)).toMatchObject({ ok: true, size: 300, findings: [] });
    });

    it.each([
      ['is of another history', later(900, 'fork')],
      ['is torn', 'torn'],
    ])('are a finding when what comes %s', async (_, note) => {
      const { folder } = await unsignedTail();
      writeLater(folder, note);
      expect(places(await patient(folder))).toEqual(['checkpoint']);
    });

    it('are waited for as long as more of them come', async () => {
      const { folder } = await unsignedTail();
      const more = sampleEntries(900 + 4 * 256);
      for (let bundle = 3; bundle < 7; bundle++)
        setTimeout(
          () => {
            const bytes = encodeEntryBundle(more.slice(bundle * 256, (bundle + 1) * 256));
            writeFileSync(join(folder, `tile/entries/00${bundle}`), bytes);
          },
          (bundle - 2) * PATIENCE_MS * 0.7,
        );
      const signed = setTimeout(
        () => {
          writeFileSync(join(folder, 'checkpoint'), later(900));
        },
        4.5 * PATIENCE_MS * 0.7,
      );
      expect(await patient(folder)).toMatchObject({ ok: true, findings: [] });
      clearTimeout(signed);
    });

    it('are not waited for when they fill no tile, which is how a killed publisher may leave them', async () => {
      const { folder, write } = copyOfLog();
      write('checkpoint', notes.at(-3)!);
      const report = await patient(folder);
      expect(report).toMatchObject({ ok: true, size: 590, findings: [], unsignedEntries: 30 });
    });

    it('are no false alarm beside a publisher at work', async () => {
      const folder = scratchFolder();
      const program = join(import.meta.dirname, 'publish-forever.ts');
      const child = spawn(process.execPath, [program, folder, SIGNER_KEY], { stdio: 'pipe' });
      onTestFinished(() => {
        child.kill('SIGKILL');
      });
      await once(child.stdout, 'data');
      child.stdout.resume();
      let overtaken = 0;
      // Forty runs, and more until one of them fell between tiles and signature.
      for (let run = 0; run < 40 || (overtaken === 0 && run < 2_000); run++) {
        const report = await verifyLog({ folder, vkey, patienceMs: 10_000 });
        expect(report).toMatchObject({ ok: true, findings: [] });
        const whole = (size: number) => Math.floor(size / 256);
        if (whole(report.size + report.unsignedEntries) > whole(report.size)) overtaken += 1;
      }
      expect(overtaken).toBeGreaterThan(0);
    });
  });

  it('are found when they stand alone', async () => {
    const planted: [string, Uint8Array][] = [
      ['tile/entries/009', encodeEntryBundle(sampleEntries(256))],
      ['tile/0/009.p/5', encodeHashTile(leafHashes(sampleEntries(5)))],
      ['tile/1/000.p/9', encodeHashTile(leafHashes(sampleEntries(9)))],
      ['tile/7/000.p/1', encodeHashTile(leafHashes(sampleEntries(1)))],
    ];
    for (const [path, bytes] of planted) {
      const { folder, write } = copyOfLog();
      write(path, bytes);
      const report = await verify(folder);
      expect(report.ok, path).toBe(false);
      expect(report.unsigned).toEqual([path]);
    }
  });
});
