import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { LogFormatError } from '../../src/audit/format-error.ts';
import { generateSignerKey, parseSigner } from '../../src/audit/note.ts';
import { checkProof, proveEntry } from '../../src/audit/proof.ts';
import { type TestLog, createTestLog, sampleEntries, scratchFolder } from './support.ts';

async function publishedLog(size: number): Promise<TestLog & { vkey: string }> {
  const log = createTestLog(scratchFolder());
  log.entries.push(...sampleEntries(size));
  await log.publish();
  return { ...log, vkey: log.signer.vkey };
}

describe('the proof of an entry', () => {
  it.each([1, 2, 255, 256, 257, 600, 4_112])(
    'in a log of %i checks with the key and the leaf alone, and stays under 2 KB',
    async (size) => {
      const log = await publishedLog(size);
      const indexes = new Set([0, size - 1, Math.floor(size / 2), Math.min(255, size - 1)]);
      for (const index of indexes) {
        const { text, leaf } = await proveEntry(log.folder, log.vkey, index);
        expect(Buffer.from(leaf)).toEqual(log.entries[index]);
        expect(text.length).toBeLessThanOrEqual(2_048);
        const checked = checkProof(text, log.vkey, log.entries[index]!);
        expect(checked).toMatchObject({ index, checkpoint: { size } });
      }
    },
  );

  it('has the form of the specification', async () => {
    const log = await publishedLog(3);
    const { text } = await proveEntry(log.folder, log.vkey, 2);
    const [header, index, hash, blank, ...note] = text.split('\n');
    expect([header, index, blank]).toEqual(['c2sp.org/tlog-proof@v1', 'index 2', '']);
    expect(Buffer.from(hash!, 'base64')).toHaveLength(32);
    expect(note.join('\n')).toBe(readFileSync(join(log.folder, 'checkpoint'), 'utf8'));
  });

  it('still checks when the log has grown, or is gone', async () => {
    const log = await publishedLog(300);
    const { text, leaf } = await proveEntry(log.folder, log.vkey, 280);
    log.entries.push(...sampleEntries(400));
    await log.publish();
    rmSync(log.folder, { recursive: true });
    expect(checkProof(text, log.vkey, leaf).index).toBe(280);
  });

  it('may carry extra data, which proves nothing', async () => {
    const log = await publishedLog(3);
    const { text, leaf } = await proveEntry(log.folder, log.vkey, 1);
    expect(checkProof(text.replace('\nindex', '\nextra aGk=\nindex'), log.vkey, leaf).index).toBe(
      1,
    );
    const malformed = text.replace('\nindex', '\nextra hi\nindex');
    expect(() => checkProof(malformed, log.vkey, leaf)).toThrow('extra line');
  });

  it('is refused for another leaf, index or key', async () => {
    const log = await publishedLog(300);
    const { text, leaf } = await proveEntry(log.folder, log.vkey, 7);
    expect(() => checkProof(text, log.vkey, log.entries[8]!)).toThrow(LogFormatError);
    const moved = text.replace('index 7', 'index 6');
    expect(() => checkProof(moved, log.vkey, leaf)).toThrow('does not lead');
    const other = parseSigner(generateSignerKey(log.signer.name));
    expect(() => checkProof(text, other.vkey, leaf)).toThrow('no known key');
  });

  it('is refused after any one-byte change, cut or addition', async () => {
    const log = await publishedLog(300);
    const { text, leaf } = await proveEntry(log.folder, log.vkey, 7);
    const good = Buffer.from(text, 'utf8');
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1 << (at % 7);
      expect(() => checkProof(bad.toString('latin1'), log.vkey, leaf), String(at)).toThrow();
      const cut = good.subarray(0, at).toString('utf8');
      expect(() => checkProof(cut, log.vkey, leaf), String(at)).toThrow(LogFormatError);
    }
    const hash = text.split('\n')[2]!;
    const endless = text.replace(hash, Array(65).fill(hash).join('\n'));
    expect(() => checkProof(endless, log.vkey, leaf)).toThrow('too many hashes');
    const lines = text.split('\n');
    for (const [at, line] of lines.entries()) {
      const without = lines.toSpliced(at, 1).join('\n');
      expect(() => checkProof(without, log.vkey, leaf), String(at)).toThrow(LogFormatError);
      // A note may carry the same signature twice.
      if (line.startsWith('— ')) continue;
      const doubled = lines.toSpliced(at, 0, line).join('\n');
      expect(() => checkProof(doubled, log.vkey, leaf), String(at)).toThrow(LogFormatError);
    }
  });

  it('is refused as LogFormatError whatever text comes in', () => {
    const { vkey } = parseSigner(generateSignerKey('log.example/any'));
    const texts = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `c2sp.org/tlog-proof@v1\n${rest}`),
      fc.string().map((rest) => `c2sp.org/tlog-proof@v1\nindex 0\n\n${rest}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(() => checkProof(text, vkey, Buffer.from('{}'))).toThrow(LogFormatError);
      }),
    );
  });

  it('is not made for entries that are not signed, or from a log that does not hold together', async () => {
    const log = await publishedLog(300);
    for (const index of [300, -1, 0.5, NaN]) {
      await expect(proveEntry(log.folder, log.vkey, index)).rejects.toThrow(LogFormatError);
    }
    const tile = join(log.folder, 'tile/0/000');
    const bytes = readFileSync(tile);
    bytes[40]! ^= 1;
    writeFileSync(tile, bytes);
    await expect(proveEntry(log.folder, log.vkey, 7)).rejects.toThrow('does not lead');
    rmSync(tile);
    await expect(proveEntry(log.folder, log.vkey, 7)).rejects.toThrow('is missing');
    rmSync(join(log.folder, 'checkpoint'));
    await expect(proveEntry(log.folder, log.vkey, 7)).rejects.toThrow('no checkpoint');
  });
});
