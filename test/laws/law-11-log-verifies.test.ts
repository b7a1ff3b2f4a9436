import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { verifyLog } from '../../src/audit/verify.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let folder: string;
let vkey: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  for (let i = 0; i < 80; i += 1)
    await gateway.submit({ action: 'search_contact', name: `Nobody${i}` });
  const found = await gateway.submit({ action: 'get_contact', email: 'dana.fox@acme.test' });
  expect(found.status).toBe(200);
  const waiting = await gateway.submit({
    action: 'create_note',
    contact_id: '20001',
    note: 'Logged.',
  });
  await gateway.approve(waiting.body.id, waiting.body.digest);
  await gateway.ended(waiting.body.id);
  folder = gateway.config.files.log;
  vkey = gateway.context.signer.vkey;
  await gateway.stopGateway();
}, 60_000);
afterAll(() => gateway.close());

const files = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && !path.includes('.lock'));

describe('law 11: the published log verifies with the public key alone', () => {
  it('as it stands, with an entry for everything that happened', async () => {
    const report = await verifyLog({ folder, vkey });
    expect(report.findings).toEqual([]);
    expect(report.checkpoint!.size).toBeGreaterThan(300);
  });

  it('and a change of one byte in any of its files is found and named', async () => {
    const missed: string[] = [];
    for (const path of files()) {
      const good = readFileSync(path);
      const bad = Buffer.from(good);
      const at = Math.floor(bad.length / 2);
      bad[at] = bad[at]! ^ 1;
      writeFileSync(path, bad);
      const { findings } = await verifyLog({ folder, vkey });
      const name = relative(folder, path);
      if (!findings.some(({ place }) => place.includes(name))) missed.push(name);
      writeFileSync(path, good);
    }
    expect(missed).toEqual([]);
    expect((await verifyLog({ folder, vkey })).findings).toEqual([]);
  });

  it('holds nothing personal: neither prompts nor names nor addresses', () => {
    for (const path of files()) {
      const text = readFileSync(path, 'latin1');
      expect(text).not.toContain('dana');
      expect(text).not.toContain('acme.test');
      expect(text).not.toContain('%40');
      expect(text).not.toContain('Please do it');
    }
  });
});
