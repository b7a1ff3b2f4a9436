import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SecretStore } from '../../../src/ports/secret-store.ts';
import { findOpenBao, type OpenBao, startOpenBao } from '../../support/openbao.ts';
import { describeSecretStoreContract } from './secret-store-contract.ts';
import {
  type Files,
  makeFiles,
  makeRole,
  makeSecretId,
  type Open,
  openOn,
  policyToken,
  purge,
} from './vault-rig.ts';

const binary = await findOpenBao();

const unavailable = (part: string) => ({
  code: 'secret.unavailable',
  detail: expect.stringContaining(part) as string,
});

describe.skipIf(binary === undefined)('OpenBao', () => {
  let bao: OpenBao;
  let files: Files;
  let token: string;
  let open: Open;

  beforeAll(async () => {
    files = makeFiles();
    bao = await startOpenBao(binary!);
    token = await policyToken(bao);
    open = openOn(bao.address, files.write('token', token));
  });

  afterAll(async () => {
    await bao.stop();
    files.remove();
  });

  // With the rights of docs/vault/sallyport.hcl and no others.
  describeSecretStoreContract('OpenBao', async () => {
    await purge(bao);
    return { open: () => open(), close: () => Promise.resolve() };
  });

  describe('what the documented policy grants', () => {
    it.each([
      ['GET', 'secret/data/other/name'],
      ['GET', 'secret/metadata/sallyport-2/name'],
      ['DELETE', 'secret/metadata/sallyport/hubspot/main'],
      ['DELETE', 'secret/data/sallyport/hubspot/main'],
      ['POST', 'secret/undelete/sallyport/hubspot/main'],
      ['POST', 'secret/config'],
      ['GET', 'sys/policies/acl/sallyport'],
      ['POST', 'auth/token/create'],
    ])('is not %s %s', async (method, path) => {
      expect((await bao.ask(method, path, method === 'POST' ? {} : undefined, token)).status).toBe(
        403,
      );
    });

    it('is not another prefix: what is asked for there says which policy it takes', async () => {
      const elsewhere = await open({ prefix: 'other' });
      const refused = unavailable('docs/vault/sallyport.hcl');
      await expect(elsewhere.get('hubspot/main')).rejects.toMatchObject(refused);
      await expect(elsewhere.put('hubspot/main', 'x', 0)).rejects.toMatchObject(refused);
      await expect(elsewhere.names()).rejects.toMatchObject(refused);
      await expect(elsewhere.probe()).rejects.toMatchObject(refused);
    });
  });

  describe('versions', () => {
    let store: SecretStore;

    beforeEach(async () => {
      await purge(bao);
      store = await open();
    });

    it('are all kept of a name that somebody made by hand, where Vault would keep ten', async () => {
      await bao.ask('POST', 'secret/data/sallyport/hubspot/main', { data: { value: 'by hand' } });
      for (let version = 1; version < 14; version += 1)
        await store.put('hubspot/main', `value ${version + 1}`, version);
      expect((await store.get('hubspot/main', 1))?.value).toBe('by hand');
      expect((await store.get('hubspot/main', 14))?.value).toBe('value 14');
    });

    it('are not deleted after a time of a name for which somebody has set one', async () => {
      const path = 'secret/metadata/sallyport/hubspot/main';
      await bao.ask('POST', path, { max_versions: 5_000, delete_version_after: '1h' });
      await store.put('hubspot/main', 'first', 0);
      const { data } = (await bao.ask('GET', path)).body;
      expect(data.versions['1'].deletion_time).toBe('');
      expect(data).toMatchObject({ max_versions: 1_000, delete_version_after: '0s' });
    });

    it.each([
      ['max_versions', { max_versions: 5 }, 'keeps 5 versions'],
      ['delete_version_after', { delete_version_after: '1h' }, 'deletes versions after 1h'],
    ])('are not trusted to a mount whose %s drops old ones', async (_, config, said) => {
      await bao.ask('POST', 'secret/config', config);
      try {
        await expect(open()).rejects.toMatchObject(unavailable(said));
      } finally {
        await bao.ask('POST', 'secret/config', { max_versions: 0, delete_version_after: '0s' });
      }
      await expect(open()).resolves.toBeDefined();
    });

    it('that somebody deletes by hand are gone, no older one in their place, and come back', async () => {
      await store.put('hubspot/main', 'retired', 0);
      await store.put('hubspot/main', 'second', 1);
      await bao.ask('DELETE', 'secret/data/sallyport/hubspot/main');
      expect(await store.get('hubspot/main')).toBeUndefined();
      expect(await store.get('hubspot/main', 2)).toBeUndefined();
      await bao.ask('POST', 'secret/undelete/sallyport/hubspot/main', { versions: [2] });
      expect((await store.get('hubspot/main'))?.value).toBe('second');
    });

    it('a name without any is none', async () => {
      await bao.ask('POST', 'secret/metadata/sallyport/half/made', { max_versions: 7 });
      expect(await store.names()).toEqual([]);
      expect(await store.get('half/made')).toBeUndefined();
      expect(await store.put('half/made', 'value', 0)).toBe(1);
      expect(await store.names()).toEqual(['half/made']);
    });

    it('a conflict names the version that is there', async () => {
      await store.put('hubspot/main', 'first', 0);
      await expect(store.put('hubspot/main', 'again', 0)).rejects.toMatchObject({
        code: 'secret.conflict',
        detail: 'hubspot/main is at version 1, not 0',
      });
    });

    it('one of another form is refused, and not quoted', async () => {
      const data = { token: 'canary-77d1' };
      await bao.ask('POST', 'secret/data/sallyport/hubspot/main', { data });
      const error: unknown = await store.get('hubspot/main').catch((e: unknown) => e);
      expect(error).toMatchObject(unavailable('"value"'));
      expect(String(error)).not.toContain('canary');
    });

    it('the one in use has its label, beside what others have written there', async () => {
      const path = 'secret/metadata/sallyport/hubspot/main';
      const labels = async () => (await bao.ask('GET', path)).body.data.custom_metadata as unknown;
      await store.put('hubspot/main', 'first', 0);
      expect(await labels()).toEqual({ sallyport_current: '1' });
      await bao.ask('POST', path, { custom_metadata: { owner: 'dana', sallyport_current: '1' } });
      await store.put('hubspot/main', 'second', 1, 'pending');
      expect(await labels()).toEqual({ owner: 'dana', sallyport_current: '1' });
      await store.promote('hubspot/main', 2);
      await store.promote('hubspot/main', 9);
      expect(await labels()).toEqual({ owner: 'dana', sallyport_current: '2' });
    });

    it('read by number are kept for a while, the newest never is', async () => {
      await store.put('hubspot/main', 'first', 0);
      expect((await store.get('hubspot/main', 1))?.value).toBe('first');
      await bao.seal();
      try {
        expect((await store.get('hubspot/main', 1))?.value).toBe('first');
        await expect(store.get('hubspot/main')).rejects.toMatchObject(unavailable('unseal it'));
      } finally {
        await bao.unseal();
      }
      await store.destroy('hubspot/main', 1);
      expect(await store.get('hubspot/main', 1)).toBeUndefined();
    });
  });

  describe('where it is not as it should be', () => {
    it('sealed: every call says so, and works again when it is unsealed', async () => {
      const store = await open();
      await bao.seal();
      const sealed = unavailable('is sealed or not ready; unseal it');
      try {
        await expect(store.get('log/signing-key')).rejects.toMatchObject(sealed);
        await expect(store.put('sealed/name', 'x', 0)).rejects.toMatchObject(sealed);
        await expect(store.names()).rejects.toMatchObject(sealed);
        await expect(store.probe()).rejects.toMatchObject(sealed);
        await expect(open()).rejects.toMatchObject(sealed);
      } finally {
        await bao.unseal();
      }
      expect(await store.put('sealed/name', 'x', 0)).toBe(1);
    });

    it('no such mount, and one of KV v1, are no empty stores', async () => {
      const root = files.write('root', bao.rootToken);
      const asRoot = { auth: { method: 'token', tokenFile: root } } as const;
      await expect(open({ ...asRoot, mount: 'nowhere' })).rejects.toMatchObject(
        unavailable('SALLYPORT_VAULT_MOUNT'),
      );
      await bao.ask('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } });
      await expect(open({ ...asRoot, mount: 'old' })).rejects.toMatchObject(
        unavailable('SALLYPORT_VAULT_MOUNT'),
      );
    });

    it('a namespace is another place, with a mount of its own', async () => {
      await bao.ask('POST', 'sys/namespaces/acme', {});
      await bao.ask('POST', 'acme/sys/mounts/secret', { type: 'kv', options: { version: '2' } });
      const root = files.write('root', bao.rootToken);
      const auth = { method: 'token', tokenFile: root } as const;
      const store = await open({ namespace: 'acme', auth });
      await store.put('name/space', 'there', 0);
      const there = await bao.ask('GET', 'acme/secret/data/sallyport/name/space');
      expect(there.body.data.data).toEqual({ value: 'there' });
      expect((await bao.ask('GET', 'secret/data/sallyport/name/space')).status).toBe(404);
    });

    it('a namespace that is not there is no empty store', async () => {
      await expect(open({ namespace: 'nowhere' })).rejects.toMatchObject({
        code: 'secret.unavailable',
      });
    });
  });

  describe('over TLS', () => {
    let secure: OpenBao;
    let caFile: string;
    let auth: { readonly method: 'token'; readonly tokenFile: string };

    beforeAll(async () => {
      secure = await startOpenBao(binary!, files.folder);
      caFile = join(files.folder, 'vault-ca.pem');
      auth = { method: 'token', tokenFile: files.write('secure', await policyToken(secure)) };
    });

    afterAll(() => secure.stop());

    it('is asked where its CA is named, and nowhere else', async () => {
      const { address } = secure;
      const store = await open({ address, auth, caFile });
      expect(await store.put('over/tls', 'value', 0)).toBe(1);
      await expect(open({ address, auth })).rejects.toMatchObject(
        unavailable('name the CA that signed it in SALLYPORT_VAULT_CA_FILE'),
      );
    });

    it('is told from plain http, in both directions', async () => {
      const plain = secure.address.replace('https', 'http');
      await expect(open({ address: plain, auth })).rejects.toMatchObject(
        unavailable('does not answer as Vault does (400); correct SALLYPORT_VAULT_ADDR'),
      );
      const wrapped = bao.address.replace('http', 'https');
      await expect(open({ address: wrapped, auth, caFile })).rejects.toMatchObject(
        unavailable('whether SALLYPORT_VAULT_ADDR is https'),
      );
    });

    it.each([
      ['/nowhere/ca.pem', 'cannot read /nowhere/ca.pem (ENOENT)'],
      ['docs/vault/sallyport.hcl', 'holds no certificate'],
    ])('is not asked with %s for a CA', async (file, said) => {
      const { address } = secure;
      await expect(open({ address, auth, caFile: file })).rejects.toMatchObject(unavailable(said));
    });
  });

  describe('a token file', () => {
    const asToken = (text: string, mode?: number) => ({
      auth: { method: 'token', tokenFile: files.write('other-token', text, mode) } as const,
    });

    it.each([0o640, 0o604, 0o666])('is refused with mode %o', async (mode) => {
      await expect(open(asToken(token, mode))).rejects.toMatchObject(unavailable('chmod 600'));
    });

    it('that is missing, or holds more than a token, is named with its setting', async () => {
      const auth = { method: 'token', tokenFile: '/nowhere/token' } as const;
      await expect(open({ auth })).rejects.toMatchObject(unavailable('SALLYPORT_VAULT_TOKEN_FILE'));
      const two = asToken(`${token}\n${token}`);
      await expect(open(two)).rejects.toMatchObject(unavailable('one line'));
    });

    it('with a token that nobody knows says so, and not the token', async () => {
      const error: unknown = await open(asToken('s.canary-91c2')).catch((e: unknown) => e);
      expect(error).toMatchObject(unavailable('does not know the token'));
      expect(String(error)).not.toContain('canary');
    });

    it('is read again when its token is refused: somebody may have put a new one there', async () => {
      const first = await policyToken(bao);
      const store = await open(asToken(first));
      asToken(await policyToken(bao));
      await bao.ask('POST', 'auth/token/revoke', { token: first });
      await expect(store.names()).resolves.toBeDefined();
    });

    it('with a token of two seconds is kept alive while nobody asks for anything', async () => {
      const store = await open(asToken(await policyToken(bao, { ttl: '2s' })));
      await sleep(6_000);
      await expect(store.probe()).resolves.toBeUndefined();
    });
  });

  describe('an AppRole', () => {
    const asRole = (roleId: string, secretId: string, isWrapped = false) => {
      const secretIdFile = files.write(`secret-id-${roleId}`, secretId);
      return { auth: { method: 'approle', roleId, secretIdFile, isWrapped } as const };
    };

    it('logs in anew when its token ends for good, and at once when it is revoked', async () => {
      const roleId = await makeRole(bao, 'short', { token_ttl: '2s', token_max_ttl: '3s' });
      const store = await open(asRole(roleId, await makeSecretId(bao, 'short')));
      await sleep(5_000);
      await expect(store.probe()).resolves.toBeUndefined();
      await bao.ask('POST', 'sys/leases/revoke-prefix/auth/approle/login');
      await expect(store.probe()).resolves.toBeUndefined();
    });

    it('whose secret id is good for one login lives on by renewal', async () => {
      const roleId = await makeRole(bao, 'once', { token_ttl: '2s', secret_id_num_uses: 1 });
      const once = asRole(roleId, await makeSecretId(bao, 'once'));
      const store = await open(once);
      await sleep(5_000);
      await expect(store.probe()).resolves.toBeUndefined();
      await expect(open(once)).rejects.toMatchObject(unavailable('make a new secret id'));
    });

    it('with a secret id that is not its own is refused, and the secret id is not told', async () => {
      const roleId = await makeRole(bao, 'wrong');
      const error: unknown = await open(asRole(roleId, 'canary-5521')).catch((e: unknown) => e);
      expect(error).toMatchObject(unavailable('make a new secret id'));
      expect(String(error)).not.toContain('canary');
    });

    it('opens a wrapped secret id once and keeps it for the logins that follow', async () => {
      const roleId = await makeRole(bao, 'wrapped', { token_ttl: '1s', token_max_ttl: '2s' });
      const wrapping = await bao.wrapped('POST', 'auth/approle/role/wrapped/secret-id');
      const store = await open(asRole(roleId, wrapping, true));
      await sleep(4_000);
      await expect(store.probe()).resolves.toBeUndefined();
    });

    it('does not start with a wrapped secret id that was opened before: somebody else may hold it', async () => {
      const roleId = await makeRole(bao, 'intercepted');
      const wrapping = await bao.wrapped('POST', 'auth/approle/role/intercepted/secret-id');
      await bao.ask('POST', 'sys/wrapping/unwrap', undefined, wrapping);
      const error: unknown = await open(asRole(roleId, wrapping, true)).catch((e: unknown) => e);
      expect(error).toMatchObject(unavailable('somebody else may hold the secret id'));
      expect(error).toMatchObject(unavailable('audit log'));
      expect(String(error)).not.toContain(wrapping);
    });

    it('does not open what was wrapped anywhere else, so that whoever put it there is not helped', async () => {
      const roleId = await makeRole(bao, 'exchanged');
      const wrapping = await bao.wrapped('POST', 'sys/wrapping/wrap');
      await expect(open(asRole(roleId, wrapping, true))).rejects.toMatchObject(
        unavailable('no secret id of an AppRole'),
      );
      const still = await bao.ask('POST', 'sys/wrapping/lookup', { token: wrapping });
      expect(still.status).toBe(200);
    });
  });
});
