import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateSignerKey, parseSigner } from '../src/audit/note.ts';
import { verifyLog } from '../src/audit/verify.ts';
import { readConfig } from '../src/config.ts';
import { openContext } from '../src/context.ts';
import { createInstallation, type Installation } from './cli/support.ts';

let at: Installation;
beforeEach(async () => {
  at = await createInstallation();
});
afterEach(() => {
  at.remove();
});

const open = (former: readonly string[]) =>
  openContext(readConfig({ ...at.env, SALLYPORT_LOG_FORMER_VKEYS: former.join(', ') }));
const vkeyNow = () => at.open(({ signer }) => Promise.resolve(signer.vkey));

describe('the key of the log', () => {
  it('that is named as a former one is followed by a new one, under which the log goes on', async () => {
    const former = await vkeyNow();
    const context = await open([former]);
    const { signer, auditLog, store, config } = context;
    expect(signer.vkey).not.toBe(former);
    await store.commit((tx) => tx.log.append({ event: 'gateway.started', actor: 'gateway' }));
    await auditLog.publish();
    await context.close();
    const report = await verifyLog({ folder: config.files.log, vkey: signer.vkey });
    expect(report).toMatchObject({ ok: true, size: 2 });
    const env = { SALLYPORT_LOG_FORMER_VKEYS: former };
    expect((await at.sallyport(['doctor'], { env })).out).toMatch(/ok +audit log verifies/);
  });

  it('stays from then on, with the setting and without it', async () => {
    const former = await vkeyNow();
    const rotated = await open([former]);
    await rotated.auditLog.publish();
    await rotated.close();
    const again = await open([former]);
    expect(again.signer.vkey).toBe(rotated.signer.vkey);
    await again.close();
    expect(await vkeyNow()).toBe(rotated.signer.vkey);
  });

  it('cannot follow one of another log, nor text that is none', async () => {
    const stranger = parseSigner(generateSignerKey('another-log')).vkey;
    for (const former of [[stranger], ['nonsense']])
      await expect(open(former)).rejects.toMatchObject({ code: 'config.invalid' });
  });

  it('is the former one for whoever does not name it', async () => {
    const before = readFileSync(join(at.folder, 'data', 'log', 'checkpoint'), 'utf8');
    const context = await open([]);
    await context.auditLog.publish();
    await context.close();
    expect(readFileSync(join(at.folder, 'data', 'log', 'checkpoint'), 'utf8')).toBe(before);
  });
});
