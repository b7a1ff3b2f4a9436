import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openContext } from '../../src/context.ts';

let folder: string;
let env: Record<string, string>;

interface Said {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function sallyport(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Said {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli/main.ts', ...args], {
    env: { ...env, ...options.env },
    input: options.input ?? '',
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

const json = (args: readonly string[]): any => JSON.parse(sallyport([...args, '--json']).out);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
  env = {
    PATH: process.env['PATH'] ?? '',
    SALLYPORT_DATA_DIR: join(folder, 'data'),
    SALLYPORT_LOG_LEVEL: 'silent',
  };
  const context = await openContext(readConfig(env));
  await context.store.commit((tx) => tx.log.append({ event: 'gateway.started', actor: 'gateway' }));
  await context.auditLog.publish();
  writeFileSync(
    context.config.files.run,
    JSON.stringify({
      api: 'http://127.0.0.1:9',
      approver_key: 'none',
      log_dir: context.config.files.log,
      log_vkey: context.signer.vkey,
    }),
  );
  await context.close();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('agents and people', () => {
  it('are added with a key that is shown once, listed, and revoked', () => {
    const added = json(['agent', 'add', 'helper', '--group', 'readers']);
    expect(added).toMatchObject({
      name: 'helper',
      groups: ['readers'],
      key: expect.stringMatching(/^spa_/),
    });
    expect(sallyport(['agent', 'list']).out).toContain('active');
    expect(sallyport(['agent', 'list']).out).not.toContain(added.key);
    expect(sallyport(['agent', 'revoke', 'helper']).status).toBe(0);
    expect(sallyport(['agent', 'list']).out).toContain('revoked');
    const person = json(['person', 'add', 'Kim Doe', '--email', 'Kim@Acme.test']);
    expect(person).toMatchObject({
      email: 'kim@acme.test',
      roles: ['approver'],
      totp: expect.stringMatching(/^otpauth:\/\/totp\//),
    });
    expect(sallyport(['person', 'add', 'Kim Again', '--email', 'kim@acme.test']).status).toBe(1);
    expect(sallyport(['person', 'revoke', 'kim@acme.test']).status).toBe(0);
  });

  it('that do not exist are said so', () => {
    const said = sallyport(['agent', 'revoke', 'nobody']);
    expect(said.status).toBe(1);
    expect(said.err).toContain('no agent nobody');
  });
});

describe('secrets', () => {
  it('come from standard input and activate the credential', () => {
    const said = sallyport(['secret', 'set', 'hubspot/main'], { input: 'pat-na1-cli-canary\n' });
    expect(said.err).toBe('');
    expect(said.out).toContain('version 1');
    expect(said.out).not.toContain('canary');
    expect(sallyport(['secret', 'list']).out).toMatch(/hubspot\/main +1/);
  });

  it('are never an argument', () => {
    const said = sallyport(['secret', 'set', 'hubspot/main', 'pat-na1-on-the-command-line']);
    expect(said.status).toBe(1);
    expect(said.err).toContain('never an argument');
    expect(sallyport(['secret', 'list']).out).toMatch(/hubspot\/main +1/);
  });
});

describe('freezes', () => {
  it('are placed, listed and lifted with nothing running', () => {
    expect(sallyport(['freeze', '--reason', 'test']).out).toContain('Frozen: connection main');
    expect(sallyport(['freezes']).out).toContain('stands');
    expect(sallyport(['unfreeze']).status).toBe(0);
    expect(sallyport(['unfreeze']).status).toBe(1);
  });
});

describe('policy', () => {
  it('is explained in words', () => {
    json(['agent', 'add', 'explained']);
    const { out } = sallyport(['policy', 'explain', '--agent', 'explained']);
    expect(out).toMatch(/create_note +1 approval by approver/);
  });

  it('with a typo is refused with file, line and column', () => {
    const file = join(folder, 'typo.cedar');
    writeFileSync(
      file,
      'permit (principal, action == Action::"create_note", resource)\nwhen { context.aprovals >= 1 };\n',
    );
    const said = sallyport(['policy', 'check', file]);
    expect(said.status).toBe(1);
    expect(said.err).toMatch(/typo\.cedar:2:\d+/);
    expect(sallyport(['doctor'], { env: { SALLYPORT_POLICY: file } }).out).toMatch(
      /typo\.cedar:2:\d+/,
    );
  });
});

describe('the log', () => {
  it('is verified offline, and a changed byte is named', () => {
    const good = sallyport(['audit', 'verify']);
    expect(good.status).toBe(0);
    expect(good.out).toContain('Verified');
    const bundle = join(folder, 'data', 'log', 'tile', 'entries');
    const [name] = readdirSync(bundle, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\d$/.test(path),
    );
    const path = join(bundle, name!);
    const bytes = readFileSync(path);
    const bad = Buffer.from(bytes);
    bad[20] = bad[20]! ^ 1;
    writeFileSync(path, bad);
    const said = sallyport(['audit', 'verify']);
    expect(said.status).toBe(1);
    expect(said.out).toContain('NOT VERIFIED');
    expect(said.out).toContain('tile/entries/');
    writeFileSync(path, bytes);
  });
});

describe('wrong usage', () => {
  it.each([[['no-such-command']], [['agent', 'add']], [['freeze', '--no-such-option']]])(
    '%j exits with 2 and says so',
    (args) => {
      const said = sallyport(args);
      expect(said.status).toBe(2);
      expect(said.err.length).toBeGreaterThan(10);
    },
  );

  it('without an installation says to start first', () => {
    const said = sallyport(['agent', 'list'], {
      env: { SALLYPORT_DATA_DIR: join(folder, 'nothing') },
    });
    expect(said.status).toBe(1);
    expect(said.err).toContain('npm start');
  });

  it('an unknown setting is refused by name', () => {
    const said = sallyport(['agent', 'list'], { env: { SALLYPORT_PROT: '1' } });
    expect(said.err).toContain('SALLYPORT_PROT');
  });

  it('a gateway that does not answer is said so', () => {
    const said = sallyport(['approve', '--yes']);
    expect(said.status).toBe(1);
    expect(said.err).toMatch(/No gateway answers.*\n.*npm start/);
  });
});
