import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolderAuditLog } from '../../src/adapters/log-folder/folder-audit-log.ts';
import { createPinoLogger } from '../../src/adapters/logger/pino-logger.ts';
import { generateSignerKey, parseSigner } from '../../src/audit/note.ts';
import { arrayStore, sampleEntries, scratchFolder } from '../audit/support.ts';
import { createInstallation, type Installation } from './support.ts';

let at: Installation;

beforeAll(async () => {
  at = await createInstallation();
});
afterAll(() => {
  at.remove();
});

const signer = parseSigner(generateSignerKey('log.example/cli'));

/** A log with a checkpoint kept from each of these sizes. */
async function publishedLog(sizes: readonly number[]) {
  const [folder, kept] = [scratchFolder(), scratchFolder()];
  const entries: Uint8Array[] = [];
  const log = createFolderAuditLog({
    folder,
    signer,
    everyMs: 1,
    logger: createPinoLogger('silent'),
    store: arrayStore(entries),
  });
  for (const size of sizes) {
    entries.push(...sampleEntries(size).slice(entries.length));
    await log.publish();
    copyFileSync(join(folder, 'checkpoint'), join(kept, String(size)));
  }
  const putBack = (size: number) => {
    copyFileSync(join(kept, String(size)), join(folder, 'checkpoint'));
  };
  return { folder, putBack };
}

const verify = (folder: string, ...more: string[]) =>
  at.sallyport(['audit', 'verify', '--folder', folder, '--vkey', signer.vkey, ...more]);

describe('audit verify', () => {
  it('says nothing of unsigned entries when there are none', async () => {
    const { folder } = await publishedLog([300]);
    const said = await verify(folder);
    expect(said).toMatchObject({ status: 0, err: '' });
    expect(said.out).toMatch(/Entries {4}300\n/);
    expect(said.out).not.toContain('not signed');
  });

  it('says how many entries lie beyond the checkpoint, and where, when they fill no tile', async () => {
    const log = await publishedLog([300, 330]);
    log.putBack(300);
    const said = await verify(log.folder);
    expect(said.status).toBe(0);
    expect(said.out).toContain('30 entries that are not signed, 300 to 329');
    expect(said.out).toContain('  tile/entries/001.p/74\n');
  });

  it('fails, with the same words, when whole tiles stay beyond the checkpoint', async () => {
    const log = await publishedLog([300, 1_000]);
    log.putBack(300);
    const [said, asJson] = await Promise.all([verify(log.folder), verify(log.folder, '--json')]);
    expect([said.status, asJson.status]).toEqual([1, 1]);
    expect(said.out).toContain('NOT VERIFIED: 1 finding\n  checkpoint: ');
    expect(said.out).toContain('700 entries that are not signed, 300 to 999');
    expect(said.out).toContain('  tile/entries/003.p/232\n');
    expect(said.out).not.toContain('Verified:');
    expect(JSON.parse(asJson.out)).toMatchObject({ ok: false, size: 300, unsignedEntries: 700 });
  });

  it('where there is no log says so, and what to give', async () => {
    const nowhere = join(scratchFolder(), 'nowhere');
    const [said, asJson] = await Promise.all([verify(nowhere), verify(nowhere, '--json')]);
    expect(said).toEqual(asJson);
    expect(said).toMatchObject({ status: 1, out: '' });
    expect(said.err).toContain(`There is no log at ${nowhere}.`);
    expect(said.err).toMatch(/--folder.*log_dir of run\.json/);
  });

  it('of a log whose checkpoint was taken away is a finding', async () => {
    const { folder } = await publishedLog([3]);
    rmSync(join(folder, 'checkpoint'));
    const said = await verify(folder);
    expect(said).toMatchObject({ status: 1, err: '' });
    expect(said.out).toContain('NOT VERIFIED: 1 finding\n  checkpoint: is missing');
  });

  it('names no more than 20 of the tiles, and counts the rest', async () => {
    const log = await publishedLog(Array.from({ length: 13 }, (_, i) => i + 1));
    log.putBack(1);
    const said = await verify(log.folder);
    const named = said.out.split('\n').filter((line) => /^ {2}tile/.test(line));
    expect(named).toHaveLength(20);
    // Twelve bundles and as many hash tiles.
    expect(said.out).toContain('  and 4 more\n');
  });
});
