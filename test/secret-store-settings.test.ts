import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

const ADDRESS = 'https://vault.acme.test:8200';
const TOKEN = { SALLYPORT_VAULT_AUTH: 'token', SALLYPORT_VAULT_TOKEN_FILE: '/run/token' };

const storeOf = (environment: Record<string, string>) => readConfig(environment).secretStore;
const onVault = (more: Record<string, string>) =>
  storeOf({ SALLYPORT_SECRET_STORE: 'vault', SALLYPORT_VAULT_ADDR: ADDRESS, ...more });

const invalid = (part: string) =>
  expect.objectContaining({
    code: 'config.invalid',
    detail: expect.stringContaining(part),
  }) as Error;

describe('Where secrets are kept', () => {
  it('is a file in the data folder where nothing is set', () => {
    expect(storeOf({})).toEqual({ kind: 'age' });
    expect(storeOf({ SALLYPORT_SECRET_STORE: '', SALLYPORT_VAULT_ADDR: '' })).toEqual({
      kind: 'age',
    });
  });

  it('is no other store than the ones that there are', () => {
    expect(() => storeOf({ SALLYPORT_SECRET_STORE: 'valt' })).toThrow(
      invalid('SALLYPORT_SECRET_STORE must be one of age, vault, aws'),
    );
  });

  it('is not a file while somebody names a server', () => {
    expect(() => storeOf({ SALLYPORT_VAULT_ADDR: ADDRESS })).toThrow(
      invalid('SALLYPORT_SECRET_STORE=vault'),
    );
  });

  it('is AWS where that is chosen and a region is named, and not while one is named alone', () => {
    const region = { SALLYPORT_AWS_REGION: 'eu-central-1' };
    expect(storeOf({ SALLYPORT_SECRET_STORE: 'aws', ...region })).toMatchObject({
      ...{ kind: 'aws', region: 'eu-central-1', prefix: 'sallyport' },
    });
    expect(() => storeOf(region)).toThrow(invalid('SALLYPORT_SECRET_STORE=aws'));
    expect(() => storeOf({ SALLYPORT_SECRET_STORE: 'aws' })).toThrow(
      invalid('SALLYPORT_AWS_REGION'),
    );
  });

  it('is a server with mount and prefix of their own, however the gateway logs in', () => {
    const place = {
      kind: 'vault',
      address: ADDRESS,
      mount: 'secret',
      prefix: 'sallyport',
      namespace: undefined,
      caFile: undefined,
    };
    expect(onVault(TOKEN)).toEqual({
      ...place,
      auth: { method: 'token', tokenFile: '/run/token' },
    });
    const role = { SALLYPORT_VAULT_ROLE_ID: 'r', SALLYPORT_VAULT_SECRET_ID_FILE: '/run/s' };
    const auth = { method: 'approle', roleId: 'r', secretIdFile: '/run/s', isWrapped: false };
    expect(onVault({ SALLYPORT_VAULT_AUTH: 'approle', ...role })).toEqual({ ...place, auth });
    expect(
      onVault({
        SALLYPORT_VAULT_AUTH: 'approle',
        ...role,
        SALLYPORT_VAULT_SECRET_ID_WRAPPED: 'true',
      }),
    ).toEqual({ ...place, auth: { ...auth, isWrapped: true } });
    expect(
      onVault({
        SALLYPORT_VAULT_AUTH: 'kubernetes',
        SALLYPORT_VAULT_ROLE: 'sallyport',
        SALLYPORT_VAULT_JWT_FILE: '/run/jwt',
        SALLYPORT_VAULT_MOUNT: 'team/kv',
        SALLYPORT_VAULT_PREFIX: 'crm/sallyport',
        SALLYPORT_VAULT_NAMESPACE: 'acme/sales',
        SALLYPORT_VAULT_CA_FILE: '/etc/ca.pem',
      }),
    ).toEqual({
      kind: 'vault',
      address: ADDRESS,
      mount: 'team/kv',
      prefix: 'crm/sallyport',
      namespace: 'acme/sales',
      caFile: '/etc/ca.pem',
      auth: { method: 'kubernetes', role: 'sallyport', jwtFile: '/run/jwt' },
    });
  });

  it.each([
    [{ SALLYPORT_SECRET_STORE: 'vault' }, 'SALLYPORT_VAULT_ADDR'],
    [{ SALLYPORT_SECRET_STORE: 'vault', SALLYPORT_VAULT_ADDR: ADDRESS }, 'SALLYPORT_VAULT_AUTH'],
  ])('names what is missing: %j', (environment, name) => {
    expect(() => storeOf(environment)).toThrow(invalid(`${name} is missing`));
  });

  it.each([
    ['token', {}, 'SALLYPORT_VAULT_TOKEN_FILE'],
    ['approle', { SALLYPORT_VAULT_SECRET_ID_FILE: '/s' }, 'SALLYPORT_VAULT_ROLE_ID'],
    ['approle', { SALLYPORT_VAULT_ROLE_ID: 'r' }, 'SALLYPORT_VAULT_SECRET_ID_FILE'],
    ['kubernetes', { SALLYPORT_VAULT_JWT_FILE: '/j' }, 'SALLYPORT_VAULT_ROLE'],
    ['kubernetes', { SALLYPORT_VAULT_ROLE: 'r' }, 'SALLYPORT_VAULT_JWT_FILE'],
  ])('names what a login by %s misses with %j', (method, more, name) => {
    const environment = { SALLYPORT_VAULT_AUTH: method, ...more } as Record<string, string>;
    expect(() => onVault(environment)).toThrow(
      invalid(`${name} is missing: SALLYPORT_VAULT_AUTH=${method} needs it`),
    );
  });

  it.each([
    ['SALLYPORT_VAULT_ADDR', 'http://vault.acme.test:8200', 'https, except on this machine'],
    ['SALLYPORT_VAULT_ADDR', 'https://kim:pw@vault.acme.test', 'nothing before or after'],
    ['SALLYPORT_VAULT_ADDR', 'https://vault.acme.test/v1', 'nothing before or after'],
    ['SALLYPORT_VAULT_ADDR', 'vault.acme.test', 'SALLYPORT_VAULT_ADDR'],
    ['SALLYPORT_VAULT_MOUNT', '/secret', 'parted by slashes'],
    ['SALLYPORT_VAULT_MOUNT', 'secret/../sys', 'parted by slashes'],
    ['SALLYPORT_VAULT_PREFIX', 'a/', 'parted by slashes'],
    ['SALLYPORT_VAULT_PREFIX', 'a?b', 'parted by slashes'],
    ['SALLYPORT_VAULT_NAMESPACE', 'a\r\nX-Vault-Token: b', 'namespace'],
    ['SALLYPORT_VAULT_AUTH', 'userpass', 'token, approle, kubernetes'],
  ])('refuses %s=%s', (name, value, why) => {
    expect(() => onVault({ ...TOKEN, [name]: value })).toThrow(invalid(why));
  });

  it.each(['http://127.0.0.1:8200', 'http://localhost:8200', 'http://[::1]:8200'])(
    'takes plain http on this machine: %s',
    (address) => {
      expect(onVault({ ...TOKEN, SALLYPORT_VAULT_ADDR: address })).toMatchObject({ address });
    },
  );
});
