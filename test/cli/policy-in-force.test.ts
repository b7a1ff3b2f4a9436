import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runSallyport } from '../support/command.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const DEFAULT = readFileSync('policy/default.cedar', 'utf8');

let gateway: TestGateway;
let file: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress'), policy: DEFAULT });
  file = gateway.config.files.policy;
});
afterAll(() => gateway.close());

const sallyport = (...args: string[]) =>
  runSallyport(args, {
    env: {
      PATH: process.env['PATH'],
      SALLYPORT_DATA_DIR: gateway.config.dataDir,
      SALLYPORT_PORT: String(gateway.config.ports.api),
      SALLYPORT_POLICY: file,
    },
  });

describe('a policy file and the gateway that runs', () => {
  it('are one after a start, and nothing is said of it', async () => {
    const { body } = await gateway.caller(undefined)('GET', '/readyz');
    expect(body.policy).toBe(gateway.context.policy.digest);
    expect((await sallyport('policy', 'explain')).err).toBe('');
    expect((await sallyport('policy', 'check')).err).toBe('');
    expect((await sallyport('doctor')).out).toMatch(/^ok +policy reads/m);
  });

  it('are two once the file was changed: each command says that the gateway has to be restarted', async () => {
    writeFileSync(file, `${DEFAULT}\n// Narrower from today on.\n`);
    const words = /still uses the policy of its start \(digest [0-9a-f]{16}\), not this file/;
    for (const args of [
      ['policy', 'explain'],
      ['policy', 'check'],
      ['policy', 'check', file],
    ]) {
      const said = await sallyport(...args);
      expect([args, said.status, said.err]).toEqual([args, 0, expect.stringMatching(words)]);
      expect(said.err).toContain('restart it.');
    }
    const { out } = await sallyport('doctor');
    expect(out).toMatch(/^FAIL {2}policy reads .*still uses the policy of its start/m);
    expect(out).toContain('Restart it.');
  });

  it('are not compared where another file is checked', async () => {
    const draft = join(gateway.config.dataDir, 'draft.cedar');
    writeFileSync(draft, DEFAULT);
    expect((await sallyport('policy', 'check', draft)).err).toBe('');
  });
});
