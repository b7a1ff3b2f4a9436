import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgeFileSecretStore } from '../../../src/adapters/secrets/age-file/age-file-secret-store.ts';
import { withFileLock } from '../../../src/adapters/secrets/age-file/file-lock.ts';
import { describeSecretStoreContract } from './secret-store-contract.ts';

const WRITER = fileURLToPath(new URL('./age-file-writer.ts', import.meta.url));
const FLIPS = Number(process.env['SECRET_FLIPS'] ?? 400);
const KILLS = Number(process.env['SECRET_KILLS'] ?? 10);
const hasAge = spawnSync('age', ['--version']).status === 0;
const unavailable = { code: 'secret.unavailable' };

interface Place {
  readonly folder: string;
  readonly file: string;
  readonly identityFile: string;
}

async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-age-'));
  return {
    folder,
    file: join(folder, 'secrets.age'),
    identityFile: join(folder, 'id', 'identity'),
  };
}

describeSecretStoreContract('The age file', async () => {
  const place = await makePlace();
  return {
    open: () => createAgeFileSecretStore(place),
    close: () => rm(place.folder, { recursive: true }),
  };
});

describe('The age file', () => {
  let place: Place;
  const open = () => createAgeFileSecretStore(place);

  beforeEach(async () => {
    place = await makePlace();
  });

  afterEach(async () => {
    await rm(place.folder, { recursive: true });
  });

  const startWriter = (mode: string, count = 0): ChildProcess =>
    spawn(process.execPath, [WRITER, place.file, place.identityFile, mode, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  it('is made with its identity at the first start, both for the owner only', async () => {
    await open();
    for (const path of [place.file, place.identityFile]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    expect(await readFile(place.identityFile, 'utf8')).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/m);
  });

  it('survives a start of four stores at once without making two identities', async () => {
    const stores = await Promise.all([open(), open(), open(), open()]);
    await stores[0].put('a/b', 'value', 0);
    for (const store of stores) expect((await store.get('a/b'))?.value).toBe('value');
  });

  it.each([0o640, 0o604, 0o620, 0o666])('is refused when its mode is %o', async (mode) => {
    const store = await open();
    await store.put('a/b', 'value', 0);
    for (const path of [place.file, place.identityFile]) {
      await chmod(path, mode);
      await expect(open()).rejects.toMatchObject({
        ...unavailable,
        detail: expect.stringContaining(`chmod 600 '${path}'`) as string,
      });
      await chmod(path, 0o600);
    }
    await chmod(place.file, mode);
    await expect(store.get('a/b')).rejects.toMatchObject(unavailable);
  });

  it(`refuses every one of ${FLIPS} single-bit flips, and stays as it was`, async () => {
    const store = await open();
    await store.put('a/b', 'value', 0);
    const good = await readFile(place.file);
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const bad = Buffer.from(good);
      const bit = Math.floor(Math.random() * good.length * 8);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      await writeFile(place.file, bad);
      await expect(store.get('a/b'), `bit ${bit}`).rejects.toMatchObject(unavailable);
      await expect(store.put('a/b', 'x', 1), `bit ${bit}`).rejects.toMatchObject(unavailable);
      expect(await readFile(place.file)).toEqual(bad);
    }
    await writeFile(place.file, good);
    expect((await store.get('a/b'))?.value).toBe('value');
  });

  it('refuses a truncated, an emptied and a foreign file', async () => {
    const store = await open();
    const good = await readFile(place.file);
    const foreign = await makePlace();
    await createAgeFileSecretStore(foreign);
    const bads = [good.subarray(0, -1), good.subarray(0, 0), await readFile(foreign.file)];
    await rm(foreign.folder, { recursive: true });
    for (const bad of bads) {
      await writeFile(place.file, bad);
      await expect(store.get('a/b')).rejects.toMatchObject(unavailable);
      await expect(open()).rejects.toMatchObject(unavailable);
    }
  });

  it('is never silently begun anew when one of the two files is lost', async () => {
    const store = await open();
    await store.put('a/b', 'value', 0);
    const [file, identity] = await Promise.all([
      readFile(place.file),
      readFile(place.identityFile),
    ]);

    await rm(place.file);
    await expect(store.get('a/b')).rejects.toMatchObject(unavailable);
    await expect(store.put('c/d', 'value', 0)).rejects.toMatchObject(unavailable);
    await expect(open()).rejects.toMatchObject(unavailable);
    await writeFile(place.file, file, { mode: 0o600 });

    await rm(place.identityFile);
    await expect(open()).rejects.toMatchObject(unavailable);
    await writeFile(place.identityFile, identity, { mode: 0o600 });
    expect((await (await open()).get('a/b'))?.value).toBe('value');
  });

  it('finishes a first start that was cut off before the identity had its name', async () => {
    await (await open()).put('a/b', 'value', 0);
    const identity = await readFile(place.identityFile);
    await rm(place.identityFile);
    await writeFile(`${place.identityFile}.pending`, identity, { mode: 0o600 });
    expect((await (await open()).get('a/b'))?.value).toBe('value');
    expect(await readFile(place.identityFile)).toEqual(identity);
  });

  it('starts empty for an identity that the operator brought', async () => {
    const made = await makePlace();
    await createAgeFileSecretStore(made);
    const key = (await readFile(made.identityFile, 'utf8')).split('\n').at(-2)!;
    await rm(made.folder, { recursive: true });
    const identityFile = join(place.folder, 'brought');
    await writeFile(identityFile, `# created: today\n${key}\n`, { mode: 0o600 });
    const store = await createAgeFileSecretStore({ file: place.file, identityFile });
    expect(await store.put('a/b', 'value', 0)).toBe(1);
  });

  // There every making is answered "no such file", on which Node's recursive mkdir turns for ever.
  it.runIf(process.platform === 'linux')('says at once that its folder cannot be made', () => {
    const args = [WRITER, place.file, '/proc/sallyport/identity', 'write', '1'];
    const limits = { timeout: 15_000, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
    const { status, stderr } = spawnSync(process.execPath, args, limits);
    expect(status).toBe(1);
    expect(stderr).toMatch(/The folder \/proc\/sallyport cannot be made \(ENOENT\)\. Make it/);
  });

  it('loses no version when two processes and this one write at once', async () => {
    const store = await open();
    const writers = [startWriter('add', 15), startWriter('add', 15)];
    for (let added = 0; added < 15;) {
      const version = (await store.get('shared/key'))?.version ?? 0;
      await store.put('shared/key', 'here', version).then(
        () => (added += 1),
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'secret.conflict' });
        },
      );
    }
    for (const writer of writers) {
      if (writer.exitCode === null) await once(writer, 'exit');
      expect(writer.exitCode).toBe(0);
    }
    expect((await store.get('shared/key'))?.version).toBe(45);
    const values = await Promise.all(
      Array.from({ length: 45 }, (_, index) => store.get('shared/key', index + 1)),
    );
    expect(values.filter((secret) => secret?.value === 'here')).toHaveLength(15);
  });

  it('frees the lock when the process that held it is killed', async () => {
    const lockFile = `${place.file}.lock`;
    const holder = fileURLToPath(new URL('./age-file-lock-holder.ts', import.meta.url));
    const child = spawn(process.execPath, [holder, lockFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    let isFree = false;
    const waiting = withFileLock(lockFile, () => Promise.resolve((isFree = true)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isFree).toBe(false);
    child.kill('SIGKILL');
    await waiting;
  });

  it(`keeps the last or the next version through ${KILLS} kills in the middle of saving`, async () => {
    await open();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const writer = startWriter('loop');
      let acknowledged = 0;
      writer.stdout!.on('data', (text: Buffer) => {
        acknowledged = Number(text.toString().trim().split('\n').at(-1));
      });
      await once(writer.stdout!, 'data');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
      writer.kill('SIGKILL');
      await once(writer, 'close');
      const kept = await (await open()).get('loop/key');
      expect([acknowledged, acknowledged + 1]).toContain(kept?.version);
      expect(kept?.value).toMatch(new RegExp(`^value ${kept!.version} x{20000}$`));
    }
    const leftovers = (await readdir(place.folder)).filter((name) => name.endsWith('.tmp'));
    expect(leftovers.length).toBeLessThanOrEqual(1);
  });

  it('holds no secret in the clear, nor its name, anywhere in its folder', async () => {
    const canary = 'canary/9d2c41f7-token';
    const store = await open();
    await store.put('hubspot/canary-name', canary, 0);
    const needles = [canary, 'canary-name', ...[0, 1, 2].map((skip) => base64Core(canary, skip))];
    for (const entry of await readdir(place.folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const text = await readFile(join(entry.parentPath, entry.name), 'latin1');
      for (const needle of needles) expect(text).not.toContain(needle);
    }
  });

  it.skipIf(!hasAge)('is opened by the stock age command', async () => {
    const store = await open();
    await store.put('hubspot/main', 'value', 0);
    await store.put('hubspot/main', 'newer', 1);
    await store.destroy('hubspot/main', 1);
    const { stdout } = await promisify(execFile)('age', [
      '--decrypt',
      '--identity',
      place.identityFile,
      place.file,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      secrets: {
        'hubspot/main': [
          { version: 1, value: null },
          { version: 2, value: 'newer' },
        ],
      },
    });
  });

  it('refuses names and values it cannot keep', async () => {
    const store = await open();
    const invalid = { code: 'config.invalid' };
    for (const name of ['', '/a', 'a/', 'a//b', 'A', '__proto__', 'a b', '../a', 'a'.repeat(201)]) {
      await expect(store.put(name, 'value', 0), name).rejects.toMatchObject(invalid);
    }
    await expect(store.put('a', '€'.repeat(22_000), 0)).rejects.toMatchObject(invalid);
    await expect(store.put('a', '\ud800', 0)).rejects.toMatchObject(invalid);
    expect(await store.names()).toEqual([]);
  });
});

/** The part of a text's base64 that is the same whatever stands around it, for one alignment. */
function base64Core(text: string, skip: number): string {
  return Buffer.from(text.slice(skip)).toString('base64').slice(0, -4);
}
