import { copyFileSync } from 'node:fs';
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

const ORIGIN = 'log.example/rotated';
const [former, present] = [1, 2].map(() => parseSigner(generateSignerKey(ORIGIN)));

/** A log that the former key signed at 3 entries, with its store now at 5. */
async function rotatedLog() {
  const folder = scratchFolder();
  const common = { folder, everyMs: 1, logger: createPinoLogger('silent') };
  const store = arrayStore(sampleEntries(3));
  await createFolderAuditLog({ ...common, store, signer: former! }).publish();
  const since = join(scratchFolder(), 'checkpoint');
  copyFileSync(join(folder, 'checkpoint'), since);
  return { ...common, since, store: arrayStore(sampleEntries(5)), signer: present! };
}

const verify = (folder: string, vkeys: readonly string[], ...more: string[]) => {
  const keys = vkeys.flatMap((vkey) => ['--vkey', vkey]);
  return at.sallyport(['audit', 'verify', '--folder', folder, ...keys, ...more]);
};

describe('a log whose signing key was rotated', () => {
  it('goes on under the new key when the former one is named, and not otherwise', async () => {
    const log = await rotatedLog();
    await expect(createFolderAuditLog(log).publish()).rejects.toThrow('log.unavailable');
    await expect(createFolderAuditLog(log).checkpoint()).rejects.toThrow('log.unavailable');
    const formerVkeys = [former!.vkey];
    const rotated = createFolderAuditLog({ ...log, formerVkeys });
    expect(await rotated.checkpoint()).toMatchObject({ size: 3 });
    await rotated.publish();
    expect(await rotated.checkpoint()).toMatchObject({ size: 5 });
  });

  it('cannot have a former key of another name', async () => {
    const log = await rotatedLog();
    const stranger = parseSigner(generateSignerKey('log.example/other'));
    expect(() => createFolderAuditLog({ ...log, formerVkeys: [stranger.vkey] })).toThrow(
      'config.invalid',
    );
  });

  it('verifies with --vkey given for each key, in any order, also since before the rotation', async () => {
    const { folder, since, ...log } = await rotatedLog();
    const formerVkeys = [former!.vkey];
    await createFolderAuditLog({ ...log, folder, formerVkeys }).publish();
    const vkeys = [former!.vkey, present!.vkey];
    for (const order of [vkeys, vkeys.toReversed()]) {
      const said = await verify(folder, order, '--since', since);
      expect(said).toMatchObject({ status: 0, err: '' });
    }
  });

  it('does not verify with a key that did not sign it', async () => {
    const { folder, since, ...log } = await rotatedLog();
    await createFolderAuditLog({ ...log, folder, formerVkeys: [former!.vkey] }).publish();
    expect(await verify(folder, [former!.vkey])).toMatchObject({ status: 1 });
    expect(await verify(folder, [present!.vkey])).toMatchObject({ status: 0 });
    const said = await verify(folder, [present!.vkey], '--since', since);
    expect(said.status).toBe(1);
    expect(said.out).toContain('since: no known key signed this note');
  });

  it('names what is no key among several', async () => {
    const { folder } = await rotatedLog();
    const said = await verify(folder, [former!.vkey, 'nonsense']);
    expect(said.status).not.toBe(0);
    expect(said.err).toContain('public key');
  });
});
