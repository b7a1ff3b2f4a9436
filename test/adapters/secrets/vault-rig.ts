import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createVaultSecretStore,
  type VaultSecretStoreDeps,
} from '../../../src/adapters/secrets/vault/vault-secret-store.ts';
import type { SecretStore } from '../../../src/ports/secret-store.ts';
import type { OpenBao } from '../../support/openbao.ts';

export const POLICY = readFileSync('docs/vault/sallyport.hcl', 'utf8');

/** Files that are their owner's alone, gone at the end. */
export interface Files {
  readonly folder: string;
  write(name: string, text: string, mode?: number): string;
  remove(): void;
}

export function makeFiles(): Files {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-vault-'));
  return {
    folder,
    write: (name, text, mode = 0o600) => {
      const path = join(folder, name);
      rmSync(path, { force: true });
      writeFileSync(path, text, { mode });
      return path;
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** With a token of the documented policy and nothing else, unless something else is given. */
export type Open = (more?: Partial<VaultSecretStoreDeps>) => Promise<SecretStore>;

export const openOn =
  (address: string, tokenFile: string): Open =>
  (more = {}) =>
    createVaultSecretStore({
      address,
      mount: 'secret',
      prefix: 'sallyport',
      namespace: undefined,
      caFile: undefined,
      auth: { method: 'token', tokenFile },
      ...more,
    });

/** A token that has the documented policy alone. */
export async function policyToken(bao: OpenBao, more: object = {}): Promise<string> {
  await bao.ask('PUT', 'sys/policies/acl/sallyport', { policy: POLICY });
  const policies = ['sallyport'];
  const body = { policies, no_default_policy: true, ttl: '1h', ...more };
  return (await bao.ask('POST', 'auth/token/create', body)).body.auth.client_token as string;
}

/** An AppRole with the documented policy, and its role id. */
export async function makeRole(bao: OpenBao, name: string, more: object = {}): Promise<string> {
  await bao.ask('PUT', 'sys/policies/acl/sallyport', { policy: POLICY });
  await bao.ask('POST', 'sys/auth/approle', { type: 'approle' });
  const body = { token_policies: ['sallyport'], token_no_default_policy: true, ...more };
  await bao.ask('POST', `auth/approle/role/${name}`, body);
  return (await bao.ask('GET', `auth/approle/role/${name}/role-id`)).body.data.role_id as string;
}

export async function makeSecretId(bao: OpenBao, name: string): Promise<string> {
  const { body } = await bao.ask('POST', `auth/approle/role/${name}/secret-id`, {});
  return body.data.secret_id as string;
}

/** Every name under the prefix with its history, which the gateway itself has no right to. */
export async function purge(bao: OpenBao, folder = 'sallyport/'): Promise<void> {
  const { body } = await bao.ask('GET', `secret/metadata/${folder}?list=true`);
  for (const key of (body.data?.keys ?? []) as string[])
    await (key.endsWith('/')
      ? purge(bao, `${folder}${key}`)
      : bao.ask('DELETE', `secret/metadata/${folder}${key}`));
}

export interface StandIn {
  readonly address: string;
  /** What it answers from now on where it is not as a good server would. */
  turn(handler: RequestListener | undefined): void;
  /** The paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

export const json = (body: unknown, status = 200): RequestListener => {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
};

const metadata = {
  version: 1,
  created_time: '2026-11-28T00:00:00Z',
  deletion_time: '',
  destroyed: false,
};

const GOOD: Readonly<Record<string, RequestListener>> = {
  '/v1/secret/config': json({ data: { max_versions: 0, delete_version_after: '0s' } }),
  '/v1/auth/token/lookup-self': json({ data: { ttl: 0, renewable: false } }),
  '/v1/secret/data/sallyport/a/b': json({ data: { data: { value: 'kept' }, metadata } }),
};

/** Answers as Vault does, until it is told to do otherwise. */
export async function startStandIn(more: typeof GOOD = {}): Promise<StandIn> {
  let bad: RequestListener | undefined;
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    asked.push(path);
    const good = { ...GOOD, ...more }[path] ?? json({ errors: [] }, 404);
    (bad ?? good)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    turn: (handler) => (bad = handler),
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
