import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './support.ts';

let at: Installation;
beforeAll(async () => {
  at = await createInstallation();
});
afterAll(() => {
  at.remove();
});

describe('the kill switch', () => {
  it('works with a policy file that does not parse, and with none', async () => {
    const broken = join(at.folder, 'broken.cedar');
    writeFileSync(broken, 'permit (');
    for (const file of [broken, join(at.folder, 'missing.cedar')]) {
      const env = { SALLYPORT_POLICY: file };
      const said = await at.sallyport(['freeze'], { env });
      expect(said.err).toBe('');
      expect(said.out).toContain('Frozen: connection main');
      expect((await at.sallyport(['unfreeze'], { env })).status).toBe(0);
    }
  });

  it('says what stays frozen when one of two freezes is lifted', async () => {
    await at.sallyport(['agent', 'add', 'runaway']);
    const placed = await at.sallyport(['freeze', 'runaway']);
    expect(placed.out).toMatch(/No call of this agent's to HubSpot starts/);
    expect((await at.sallyport(['freezes'])).out).toMatch(/agent runaway \(agt_\w+\) .* operator /);
    await at.sallyport(['freeze']);
    const lifted = await at.sallyport(['unfreeze', 'runaway']);
    expect(lifted.out).toMatch(/Lifted: agent agt_/);
    expect(lifted.out).toContain('Still frozen: connection main');
    expect((await at.sallyport(['unfreeze'])).out).toContain('Nothing is frozen now.');
  });

  it('takes no reason that the API could not list', async () => {
    expect((await at.sallyport(['freeze', '--reason', ' '])).status).toBe(2);
    expect((await at.sallyport(['freeze', '--reason', 'x'.repeat(501)])).status).toBe(2);
    expect((await at.sallyport(['freezes'])).out).not.toContain('stands');
  });
});

describe("the gateway's own secrets", () => {
  it.each(['store/seal-key', 'log/signing-key', 'temporal/payload-key', 'gateway/attest-key'])(
    '%s is not replaced by hand',
    async (name) => {
      const file = join(at.folder, 'data', 'secrets', 'secrets.age');
      const before = readFileSync(file);
      const said = await at.sallyport(['secret', 'set', name], { input: 'another value\n' });
      expect(said.status).toBe(1);
      expect(said.err).toContain("the gateway's own");
      expect(readFileSync(file)).toEqual(before);
      expect((await at.sallyport(['agent', 'list'])).status).toBe(0);
    },
  );

  it.each(['hubspot/mian', 'hubspt/main'])('%s is not taken for the token', async (name) => {
    const said = await at.sallyport(['secret', 'set', name], { input: 'pat-na1-misspelt\n' });
    expect(said.status).toBe(1);
    expect(said.out).toBe('');
    expect(said.err).toContain('npx sallyport secret set hubspot/main');
    expect((await at.sallyport(['secret', 'list'])).out).not.toMatch(/hubs/);
  });

  it('a real token goes into the folder of the demo only with --yes', async () => {
    const demo = await createInstallation();
    try {
      demo.writeRunFile({ simulator: 'http://127.0.0.1:8483' });
      const token = { input: 'pat-na1-into-the-demo\n' };
      const said = await demo.sallyport(['secret', 'set', 'hubspot/main'], token);
      expect(said.status).toBe(1);
      expect(said.out).toBe('');
      expect(said.err).toMatch(/demo's data folder.*\n.*SALLYPORT_DATA_DIR to the live folder/);
      expect((await demo.sallyport(['secret', 'list'])).out).not.toContain('hubspot/');
      const sure = await demo.sallyport(['secret', 'set', 'hubspot/main', '--yes'], token);
      expect(sure.out).toContain('uses it from now on');
    } finally {
      demo.remove();
    }
  });

  it('a token that was pasted in two lines is not stored', async () => {
    const said = await at.sallyport(['secret', 'set', 'hubspot/main'], { input: 'pat-na1\n-rest' });
    expect(said.status).toBe(1);
    expect(said.err).not.toContain('pat-na1');
    expect((await at.sallyport(['secret', 'list'])).out).not.toContain('hubspot/main');
  });

  it('the secrets that are listed have no values', async () => {
    const values = await at.open(async ({ secrets }) =>
      Promise.all((await secrets.names()).map(async (name) => (await secrets.get(name))?.value)),
    );
    const { out } = await at.sallyport(['secret', 'list', '--json']);
    expect(values.length).toBeGreaterThan(1);
    for (const value of values) expect(out).not.toContain(value);
  });
});

describe('secrets that were lost', () => {
  const secrets = (): string => join(at.folder, 'data', 'secrets');
  const aside = (): string => join(at.folder, 'aside');

  it.each([
    ['the whole folder', '', ['secrets.age', 'identity.txt']],
    ['the secrets file', 'secrets.age', ['secrets.age']],
    ['the identity', 'identity.txt', ['identity.txt']],
  ])('%s: every command names what is missing, and no new ones are made', async (_, name, gone) => {
    const whole = join(secrets(), name);
    renameSync(whole, aside());
    try {
      const commands = [['requests'], ['freeze']];
      const all = await Promise.all(commands.map((args) => at.sallyport(args)));
      for (const said of all) {
        expect(said.status).toBe(1);
        expect(said.out).toBe('');
        for (const file of gone) expect(said.err).toContain(join(secrets(), file));
        expect(said.err).toContain('Restore the secrets from the backup (docs/operations.md');
        expect(said.err).toContain('move the store away too');
      }
      await expect(at.open(() => Promise.resolve())).rejects.toThrow('Restore the secrets');
      for (const file of gone) expect(existsSync(join(secrets(), file))).toBe(false);
    } finally {
      renameSync(aside(), whole);
    }
  });
});

describe('names and addresses', () => {
  it.each([
    [['agent', 'add', ' ']],
    [['agent', 'add', 'a\u001b[31mb']],
    [['agent', 'add', 'two\nlines']],
    [['agent', 'add', 'x', '--group', '\u202e']],
    [['person', 'add', 'Kim', '--email', 'nonsense']],
  ])('%j is wrong usage, and nothing is added', async (args) => {
    const said = await at.sallyport(args);
    expect(said.status).toBe(2);
    expect(said.out).toBe('');
    expect(JSON.parse((await at.sallyport(['person', 'list', '--json'])).out)).toEqual([]);
  });

  it('an agent in a group that policy does not know is told so', async () => {
    const said = await at.sallyport(['agent', 'add', 'misgrouped', '--group', 'asistants']);
    expect(said.out).toContain('Policy grants it nothing yet');
    const right = await at.sallyport(['agent', 'add', 'grouped']);
    expect(right.out).not.toContain('grants it nothing');
  });
});

describe('the roster', () => {
  it('takes nobody with a role that no rule asks for, and nobody twice', async () => {
    const kay = ['person', 'add', 'Kay', '--email', 'kay@acme.test', '--json'];
    const said = await at.sallyport([...kay, '--role', 'king']);
    expect(said).toMatchObject({ status: 1, out: '' });
    expect(said.err).toMatch(/asks for king\. Roles that count: .*approver.*operator/);
    expect(JSON.parse((await at.sallyport(kay)).out)).toMatchObject({ roles: ['approver'] });
    const again = await at.sallyport(['person', 'add', 'Kay', '--email', 'KAY@acme.test']);
    expect(again.err).toMatch(/on the roster already: Kay \(per_.*\n.*person revoke per_/);
    const known = ['person', 'add', 'Lu', '--email', 'lu@acme.test', '--role', 'operator'];
    expect((await at.sallyport(known)).err).toBe('');
  });

  it('takes no second agent of a name until the first is revoked', async () => {
    const add = ['agent', 'add', 'twin', '--json'];
    const one = JSON.parse((await at.sallyport(add)).out) as { id: string };
    const second = await at.sallyport(add);
    expect(second).toMatchObject({ status: 1, out: '' });
    expect(second.err).toMatch(/called twin already.*\n.*npx sallyport agent revoke agt_/);
    const { out } = await at.sallyport(['agent', 'list', '--json']);
    expect(out.match(/twin/g)).toHaveLength(1);
    await at.sallyport(['agent', 'revoke', one.id]);
    expect((await at.sallyport(add)).status).toBe(0);
  });

  it('agents of one name are told apart by their ids, in the very commands', async () => {
    const add = ['agent', 'add', 'double', '--same-name', '--json'];
    const made = [await at.sallyport(add), await at.sallyport(add)];
    const ids = made.map(({ out }) => (JSON.parse(out) as { id: string }).id);
    for (const command of [['freeze'], ['agent', 'revoke'], ['policy', 'explain', '--agent']]) {
      const said = await at.sallyport([...command, 'double']);
      expect(said.status).toBe(1);
      for (const id of ids)
        expect(said.err).toContain(`\n  npx sallyport ${command.join(' ')} ${id}\n`);
    }
  });
});

describe('ordinary mistakes', () => {
  it.each([
    [['agent', 'revoke', 'nobody'], 'npx sallyport agent list'],
    [['person', 'revoke', 'nobody'], 'npx sallyport person list'],
    [['unfreeze', 'frz_none'], 'npx sallyport freezes'],
    [['request', 'act_none'], 'npx sallyport requests'],
    [['audit', 'show', 'act_none'], 'npx sallyport requests'],
  ])('%j names the command that lists what there is', async (args, remedy) => {
    const said = await at.sallyport(args);
    expect(said.status).toBe(1);
    expect(said.err).toContain(remedy);
    expect(said.err).not.toMatch(/Another agent|request\.not_found/);
  });

  it('a setting that does not exist is answered in words of the terminal', async () => {
    const said = await at.sallyport(['agent', 'list'], { env: { SALLYPORT_PROT: '1' } });
    expect(said.err).toContain('docs/operations.md has every setting');
    expect(said.err).not.toContain('`detail`');
  });

  it('--version is the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await at.sallyport(['--version'])).toMatchObject({ status: 0, out: `${version}\n` });
  });

  it.each([
    [['policy', 'check', '/no/such/file'], '/no/such/file cannot be read: there is no such file.'],
    [['policy', 'check', '/'], '/ cannot be read: it is a folder.'],
    [['audit', 'verify', '--vkey', 'nonsense'], 'public key'],
    [['audit', 'verify', '--since', '/no/such/file'], 'cannot be read'],
    [['approve', '--key-file', '/no/such/file'], 'cannot be read'],
    [['approve', '--api', 'nonsense'], 'no http address'],
  ])('%j is said in plain words', async (args, words) => {
    const said = await at.sallyport(args);
    expect(said.status).toBe(1);
    expect(said.err).toContain(words);
    expect(said.err).not.toContain('internal.unexpected');
  });

  it('a policy file that is set and not there is said, with the setting', async () => {
    const env = { SALLYPORT_POLICY: '/no/such/policy.cedar' };
    const said = await at.sallyport(['policy', 'check'], { env });
    expect(said.status).toBe(1);
    expect(said.err).toMatch(
      /policy\.cedar cannot be read: there is no such file\.\n.*SALLYPORT_POLICY/,
    );
  });

  it('a damaged run.json is said in plain words', async () => {
    writeFileSync(join(at.folder, 'data', 'run.json'), '{');
    const said = await at.sallyport(['audit', 'verify']);
    at.writeRunFile({});
    expect(said.status).toBe(1);
    expect(said.err).toContain('npm start writes it anew');
    expect(said.err).toContain('--vkey');
  });

  it('a run.json that is no file is said in the same way', async () => {
    const file = join(at.folder, 'data', 'run.json');
    rmSync(file);
    mkdirSync(file);
    const said = await at.sallyport(['approvals']);
    rmSync(file, { recursive: true });
    at.writeRunFile({});
    expect(said.status).toBe(1);
    expect(said.err).toContain('npm start writes it anew');
    expect(said.err).not.toContain('internal.unexpected');
  });

  it('a data folder that is a file is said so, with the setting', async () => {
    const file = join(at.folder, 'a-file');
    writeFileSync(file, '');
    const said = await at.sallyport(['freeze'], { env: { SALLYPORT_DATA_DIR: file } });
    expect(said.status).toBe(1);
    expect(said.err).toMatch(/a-file is no folder\..*SALLYPORT_DATA_DIR/s);
  });

  it('a reader that stops reading is no failure', async () => {
    const child = spawn(process.execPath, ['src/cli/main.ts', 'agent', 'list'], { env: at.env });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect(err).toBe('');
    expect(status).toBe(0);
  });
});

describe('doctor', () => {
  it('names each thing that is wrong and what to do', async () => {
    const said = await at.sallyport(['doctor']);
    expect(said.status).toBe(1);
    expect(said.out).toMatch(/FAIL {2}gateway answers +no gateway answers .*\n +Run npm start/);
    expect(said.out).toMatch(/FAIL {2}credential is set .*\n +.*secret set hubspot\/main/);
    expect(said.out).toMatch(/ok {4}audit log verifies +1 of \d+ entries/);
    await at.sallyport(['secret', 'set', 'hubspot/main'], { input: 'pat-na1-doctor\n' });
    const after: { what: string; ok: boolean }[] = JSON.parse(
      (await at.sallyport(['doctor', '--json'])).out,
    );
    expect(after.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual(['gateway answers']);
  });

  it('tells one reason once, whatever it stands in the way of', async () => {
    const env = { SALLYPORT_DATA_DIR: join(at.folder, 'nowhere') };
    const said = await at.sallyport(['doctor'], { env });
    expect(said.status).toBe(1);
    expect(said.out.match(/There is no gateway in/g)).toHaveLength(1);
    expect(said.out.match(/Run npm start first/g)).toHaveLength(1);
    expect(said.out).toMatch(/^FAIL {2}audit log verifies +\(as above\)$/m);
  });

  it('says that something is frozen', async () => {
    const { id } = JSON.parse((await at.sallyport(['freeze', '--json'])).out) as { id: string };
    const said = await at.sallyport(['doctor']);
    await at.sallyport(['unfreeze']);
    expect(said.out).toMatch(/FAIL {2}nothing is frozen +connection main \(frz_/);
    expect(said.out).toContain(`npx sallyport unfreeze ${id}\n`);
  });
});
