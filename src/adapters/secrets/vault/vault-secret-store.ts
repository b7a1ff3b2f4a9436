import { readFile } from 'node:fs/promises';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { SecretStore } from '../../../ports/secret-store.ts';
import { errnoOf, unavailable } from '../private-file.ts';
import { isSecretName, requireStorable } from '../storable.ts';
import { createVersionCache } from '../version-cache.ts';
import { createVaultExchange } from './vault-exchange.ts';
import { createVaultKv, type VaultKv, type VaultPlace, VERSIONS_MAX } from './vault-kv.ts';
import { createVaultLogin, type VaultAuth } from './vault-login.ts';
import { createVaultSession } from './vault-session.ts';

export interface VaultSecretStoreDeps extends VaultPlace {
  /** Scheme, host and port. */
  readonly address: string;
  readonly namespace: string | undefined;
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly caFile: string | undefined;
  readonly auth: VaultAuth;
}

/**
 * A secret store in the KV v2 engine of HashiCorp Vault or OpenBao: `NAME` lies at `MOUNT/data/PREFIX/NAME`, in the
 * field `value`.
 *
 * Any number of processes may read and write it: the server compares each put with the newest version. A version
 * that was read by its number is kept for half a minute at most; the newest is asked for each time.
 *
 * Throws `secret.unavailable` when the server cannot be reached, does not take our login, or would drop old versions.
 */
export async function createVaultSecretStore(deps: VaultSecretStoreDeps): Promise<SecretStore> {
  const { address, namespace, caFile } = deps;
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  const exchange = createVaultExchange({ address, namespace, ca });
  const session = createVaultSession(exchange, createVaultLogin(exchange, deps.auth));
  const kv = createVaultKv(deps, exchange, session);
  await kv.assertKeeps();
  return storeOn(kv);
}

function storeOn(kv: VaultKv): SecretStore {
  const cache = createVersionCache();
  return {
    async get(name, version) {
      if (!isSecretName(name)) return undefined;
      if (version === undefined) return kv.read(name);
      if (!isVersion(version)) return undefined;
      const kept = cache.get(name, version);
      if (kept !== undefined) return kept;
      const mark = cache.mark();
      const secret = await kv.read(name, version);
      if (secret !== undefined) cache.keep(secret, mark);
      return secret;
    },
    async put(name, value, expectedVersion, stage = 'current') {
      requireStorable(name, value);
      await prepare(kv, name, expectedVersion);
      const version = await kv.append(name, value, expectedVersion);
      if (version === undefined)
        throw conflict(name, expectedVersion, (await kv.history(name))?.newest ?? 0);
      // It is stored: a label that cannot be written is no reason to say that it is not.
      if (stage === 'current') await kv.label(name, version).catch(() => undefined);
      return version;
    },
    async promote(name, version) {
      const history = isSecretName(name) ? await kv.history(name) : undefined;
      if (history?.isReadable(version) === true) await kv.label(name, version);
    },
    async destroy(name, version) {
      if (!isSecretName(name) || !isVersion(version)) return;
      await kv.destroy(name, version);
      cache.forget(name, version);
    },
    names: async () => (await namesUnder(kv, '')).sort(),
    probe: () => kv.assertReadable(),
  };
}

/** To the server version 0 is the newest one, and a fraction an error; to the port both are unknown. */
const isVersion = (version: number): boolean =>
  Number.isInteger(version) && version >= 1 && version <= VERSIONS_MAX;

/** Before each version, so that also a name that somebody made by hand keeps what is put there. */
async function prepare(kv: VaultKv, name: string, expectedVersion: number): Promise<void> {
  const history = await kv.history(name);
  const newest = history?.newest ?? 0;
  if (newest !== expectedVersion) throw conflict(name, expectedVersion, newest);
  if (newest >= VERSIONS_MAX)
    throw new GatewayError('config.invalid', { detail: `${name} has too many versions` });
  if (history?.isKept !== true) await kv.keepAll(name);
}

const conflict = (name: string, expected: number, newest: number): GatewayError =>
  new GatewayError('secret.conflict', {
    detail: `${name} is at version ${newest}, not ${expected}`,
  });

/** A name that was only prepared, or made by hand in another form, is none. */
async function namesUnder(kv: VaultKv, folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const key of await kv.list(folder)) {
    const name = `${folder}${key}`;
    if (key.endsWith('/')) names.push(...(await namesUnder(kv, name)));
    else if (isSecretName(name) && ((await kv.history(name))?.newest ?? 0) > 0) names.push(name);
  }
  return names;
}

async function readCa(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unavailable(`cannot read ${file} (${errnoOf(error)}); SALLYPORT_VAULT_CA_FILE names it`);
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw unavailable(`${file} holds no certificate in PEM; SALLYPORT_VAULT_CA_FILE names it`);
}
