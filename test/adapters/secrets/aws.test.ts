import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAwsSecretStore } from '../../../src/adapters/secrets/aws/aws-secret-store.ts';
import { AWS_LIMITS } from '../../../src/adapters/secrets/aws/aws-client.ts';
import { tombstoneIdOf, versionIdOf } from '../../../src/adapters/secrets/aws/stored-version.ts';
import type { SecretStore } from '../../../src/ports/secret-store.ts';
import {
  type AwsStandIn,
  type Fault,
  STAND_IN_KEY,
  startAwsStandIn,
} from '../../support/aws-stand-in.ts';
import { findMoto, type Moto, startMoto } from '../../support/moto.ts';
import { describeSecretStoreContract } from './secret-store-contract.ts';

const conflict = { code: 'secret.conflict' };
const unavailable = { code: 'secret.unavailable' };
const region = 'eu-central-1';
const motoFolder = await findMoto();

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', STAND_IN_KEY);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not checked by either');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});

afterAll(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(motoFolder === undefined)('On moto', () => {
  let moto: Moto | undefined;

  beforeAll(async () => {
    moto = await startMoto(motoFolder ?? '');
  });

  afterAll(() => {
    moto?.close();
  });

  describeSecretStoreContract('AWS Secrets Manager (moto)', () => {
    const place = { region, prefix: `t-${randomUUID()}`, endpoint: moto?.url };
    return Promise.resolve({
      open: () => Promise.resolve(createAwsSecretStore(place)),
      close: () => Promise.resolve(),
    });
  });
});

describeSecretStoreContract('AWS Secrets Manager (stand-in)', async () => {
  const aws = await startAwsStandIn();
  const place = { region, prefix: 'sallyport', endpoint: aws.url };
  return { open: () => Promise.resolve(createAwsSecretStore(place)), close: () => aws.close() };
});

describe('The AWS secret store', () => {
  let aws: AwsStandIn;
  let store: SecretStore;
  const open = () => createAwsSecretStore({ region, prefix: 'sallyport', endpoint: aws.url });
  const versions = (name: string) => aws.secrets.get(`sallyport/${name}`)!.versions;
  const labels = (name: string, id: string) => [...(versions(name).get(id)?.labels ?? [])].sort();
  const versionLabels = (name: string, version: number) => labels(name, versionIdOf(name, version));

  beforeEach(async () => {
    aws = await startAwsStandIn();
    store = open();
  });

  afterEach(async () => {
    await aws.close();
  });

  it('labels what is in use, what is to be tried and the newest, as AWS’s own tools read them', async () => {
    await store.put('hubspot/main', 'first', 0);
    await store.put('hubspot/main', 'second', 1, 'pending');
    expect(versionLabels('hubspot/main', 1)).toEqual(['AWSCURRENT']);
    expect(versionLabels('hubspot/main', 2)).toEqual(['AWSPENDING', 'sallyport-newest']);
    await store.promote('hubspot/main', 2);
    expect(versionLabels('hubspot/main', 1)).toEqual(['AWSPREVIOUS']);
    expect(versionLabels('hubspot/main', 2)).toEqual(['AWSCURRENT', 'sallyport-newest']);
  });

  it('makes the same id of a version everywhere, a UUID of version 8', () => {
    expect(versionIdOf('hubspot/main', 1)).toBe('005556a1-f797-87a4-b861-ae4f02435114');
    const ids = [1, 2, 12].flatMap((n) => [versionIdOf('a', n), tombstoneIdOf('a', n)]);
    expect(new Set([...ids, versionIdOf('a1', 2), versionIdOf('b', 1)]).size).toBe(8);
    for (const id of ids)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-/);
  });

  it('knows that it won where the answer to its first put was lost', async () => {
    aws.fail('lost', 2, 1);
    expect(await store.put('hubspot/main', 'value', 0)).toBe(1);
    expect(aws.actions.filter((action) => action === 'PutSecretValue')).toHaveLength(2);
    expect(await store.get('hubspot/main')).toMatchObject({ version: 1, value: 'value' });
  });

  it('gives a version to one of two that store the same value, as to any other two', async () => {
    const results = await Promise.allSettled([1, 2].map(() => open().put('a/b', 'same', 0)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: conflict });
  });

  it('gives a pending version to one of many writers', async () => {
    await store.put('a/b', 'first', 0);
    const writers = Array.from({ length: 8 }, (_, n) => open().put('a/b', `${n}`, 1, 'pending'));
    const results = await Promise.allSettled(writers);
    const won = results.flatMap(({ status }, n) => (status === 'fulfilled' ? [`${n}`] : []));
    expect(won).toHaveLength(1);
    expect(await open().get('a/b')).toMatchObject({ version: 2, value: won[0] });
  });

  it('does not take a number that a writer with an old view has in mind', async () => {
    await store.put('a/b', 'first', 0);
    await store.put('a/b', 'second', 1);
    const late = versions('a/b');
    late.get(versionIdOf('a/b', 2))!.labels.delete('sallyport-newest');
    late.get(versionIdOf('a/b', 1))!.labels.add('sallyport-newest');
    await expect(store.put('a/b', 'other', 1)).rejects.toMatchObject(conflict);
    expect((await open().get('a/b', 2))?.value).toBe('second');
  });

  it.each([1, 2])('finishes a first put that died after %i of its calls', async (calls) => {
    aws.fail('broken', calls);
    await expect(store.put('hubspot/main', 'lost', 0)).rejects.toMatchObject(unavailable);
    aws.fail(undefined);
    expect(await open().get('hubspot/main')).toBeUndefined();
    expect(await open().names()).toEqual([]);
    expect(await open().put('hubspot/main', 'value', 0)).toBe(1);
    expect(await open().names()).toEqual(['hubspot/main']);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('finishes a promotion that died after %i calls', async (calls) => {
    await store.put('hubspot/main', 'first', 0);
    await store.put('hubspot/main', 'second', 1, 'pending');
    aws.fail('broken', calls);
    await store.promote('hubspot/main', 2).catch(() => undefined);
    aws.fail(undefined);
    await open().promote('hubspot/main', 2);
    expect(versionLabels('hubspot/main', 1)).toEqual(['AWSPREVIOUS']);
    expect(versionLabels('hubspot/main', 2)).toEqual(['AWSCURRENT', 'sallyport-newest']);
  });

  it.each([2, 3, 4, 5, 6, 7])(
    'never gives out what was to be destroyed when it died after %i calls, and the next one ends it',
    async (calls) => {
      await store.put('hubspot/main', 'retired', 0);
      await store.put('hubspot/main', 'leaked', 1);
      aws.fail('broken', calls);
      await store.destroy('hubspot/main', 2).catch(() => undefined);
      aws.fail(undefined);
      expect(await open().get('hubspot/main')).toBeUndefined();
      expect(await open().get('hubspot/main', 2)).toBeUndefined();
      await open().destroy('hubspot/main', 2);
      expect(versionLabels('hubspot/main', 2)).toEqual([]);
      expect(await open().put('hubspot/main', 'next', 2)).toBe(3);
      expect(await open().get('hubspot/main')).toMatchObject({ version: 3, value: 'next' });
    },
  );

  it('leaves nothing that AWS would keep a destroyed version for, and no destroyed one comes back by promotion', async () => {
    await store.put('hubspot/main', 'first', 0);
    await store.put('hubspot/main', 'second', 1, 'pending');
    await store.destroy('hubspot/main', 2);
    await store.promote('hubspot/main', 2);
    expect(versionLabels('hubspot/main', 2)).toEqual([]);
    expect(versionLabels('hubspot/main', 1)).toEqual(['AWSCURRENT']);
    expect(labels('hubspot/main', tombstoneIdOf('hubspot/main', 2))).toEqual([
      'sallyport-destroyed',
      'sallyport-newest',
    ]);
  });

  it('keeps the newest where a version is added while an older one is destroyed', async () => {
    await store.put('a/b', 'first', 0);
    const [added] = await Promise.all([open().put('a/b', 'second', 1), store.destroy('a/b', 1)]);
    expect(added).toBe(2);
    expect(await open().get('a/b')).toMatchObject({ version: 2, value: 'second' });
    expect(await open().get('a/b', 1)).toBeUndefined();
  });

  it('goes on past the hundred versions that AWS keeps, and says of older ones that they are not there', async () => {
    for (let version = 0; version < 130; version += 1)
      await store.put('payload/key', `value ${version + 1}`, version);
    expect(await open().get('payload/key', 1)).toBeUndefined();
    expect((await open().get('payload/key', 31))?.value).toBe('value 31');
    expect(await open().get('payload/key')).toMatchObject({ version: 130, value: 'value 130' });
    await expect(store.put('payload/key', 'again', 0)).rejects.toMatchObject(conflict);
  });

  it('reads all pages of names, and only those under its prefix', async () => {
    const names = ['a/1', 'a/2', 'a/3', 'a/4', 'b'];
    for (const name of names) await store.put(name, 'value', 0);
    const other = createAwsSecretStore({ region, prefix: 'sallyport-2', endpoint: aws.url });
    await other.put('c', 'value', 0);
    expect(await store.names()).toEqual(names);
    expect(await other.names()).toEqual(['c']);
  });

  it('asks AWS once for a version within half a minute, and each time for the newest', async () => {
    await store.put('hubspot/main', 'value', 0);
    aws.actions.length = 0;
    for (let read = 0; read < 3; read += 1) await store.get('hubspot/main', 1);
    expect(aws.actions).toEqual(['GetSecretValue', 'GetSecretValue']);
    for (let read = 0; read < 3; read += 1) await store.get('hubspot/main');
    expect(aws.actions).toHaveLength(8);
  });

  it('has forgotten what it kept once that was destroyed', async () => {
    await store.put('a/b', 'value', 0);
    expect((await store.get('a/b', 1))?.value).toBe('value');
    await store.destroy('a/b', 1);
    expect(await store.get('a/b', 1)).toBeUndefined();
  });

  it('asks again for a version that was not there', async () => {
    await store.put('a/b', 'first', 0);
    expect(await store.get('a/b', 2)).toBeUndefined();
    await open().put('a/b', 'second', 1);
    expect((await store.get('a/b', 2))?.value).toBe('second');
  });

  it('refuses what AWS cannot keep, and never names it', async () => {
    const invalid = { code: 'config.invalid' };
    const canary = '"'.repeat(40_000);
    const error: unknown = await store.put('a/b', canary, 0).catch((e: unknown) => e);
    expect(error).toMatchObject(invalid);
    expect(String(error)).not.toContain('""');
    await expect(store.put('A', 'value', 0)).rejects.toMatchObject(invalid);
    expect(await store.get('A')).toBeUndefined();
    expect(await store.names()).toEqual([]);
  });

  it('says what somebody else has put in its place, and shows nothing of it', async () => {
    await store.put('a/b', 'value', 0);
    const id = versionIdOf('a/b', 1);
    const present = versions('a/b').get(id)!;
    const other = present.text.replace('"version":1', '"version":2');
    for (const text of ['canary-4f1d9c', '{"canary-4f1d9c":1}', other]) {
      versions('a/b').set(id, { ...present, text });
      const error: unknown = await open()
        .get('a/b')
        .catch((e: unknown) => e);
      expect(error).toMatchObject(unavailable);
      expect(shownOf(error)).toContain('sallyport/a/b holds in AWS what Sallyport did not write');
      expect(shownOf(error)).not.toContain('canary-4f1d9c');
    }
  });

  it('does not begin anew where a secret is scheduled for deletion', async () => {
    await store.put('a/b', 'value', 0);
    aws.secrets.get('sallyport/a/b')!.isDeleted = true;
    for (const attempt of [store.get('a/b'), store.get('a/b', 1), store.put('a/b', 'new', 0)])
      await expect(attempt).rejects.toMatchObject({
        ...unavailable,
        detail: expect.stringContaining('restore it in AWS') as string,
      });
  });

  const OPERATIONS: Readonly<Record<string, (store: SecretStore) => Promise<unknown>>> = {
    get: (store) => store.get('hubspot/main'),
    'get by number': (store) => store.get('hubspot/main', 1),
    put: (store) => store.put('hubspot/main', 'canary-4f1d9c', 1),
    promote: (store) => store.promote('hubspot/main', 1),
    destroy: (store) => store.destroy('hubspot/main', 1),
    names: (store) => store.names(),
    probe: (store) => store.probe(),
  };
  const FAULTS: readonly (readonly [Fault, string])[] = [
    ['throttled', 'ThrottlingException'],
    ['denied', 'docs/aws/sallyport-policy.json'],
    ['broken', 'InternalServiceError'],
    ['garbage', 'did not answer'],
  ];

  it.each(FAULTS)('is unavailable when AWS is %s, whatever is asked', async (fault, said) => {
    await store.put('hubspot/main', 'canary-4f1d9c', 0);
    aws.fail(fault);
    for (const [title, ask] of Object.entries(OPERATIONS)) {
      const error: unknown = await ask(open()).catch((e: unknown) => e);
      expect(error, title).toMatchObject(unavailable);
      expect(shownOf(error), title).toContain(said);
      expect(shownOf(error), title).not.toContain('canary-4f1d9c');
    }
  });

  it('is unavailable when AWS does not answer, at its deadline at the latest', async () => {
    const stuck = await startAwsStandIn();
    const stores = [open(), createAwsSecretStore({ region, prefix: 'p', endpoint: stuck.url })];
    aws.fail('hanging');
    stuck.fail('stuck');
    const since = performance.now();
    const results = await Promise.allSettled(
      stores.flatMap((each) => Object.values(OPERATIONS).map((ask) => ask(each))),
    );
    expect(performance.now() - since).toBeLessThan(AWS_LIMITS.operationMs + 2_000);
    for (const result of results) expect(result).toMatchObject({ reason: unavailable });
    await stuck.close();
  });

  it('is unavailable when nobody is there, and says what to look at', async () => {
    await aws.close();
    await expect(store.probe()).rejects.toMatchObject({
      ...unavailable,
      detail: expect.stringContaining('SALLYPORT_AWS_REGION') as string,
    });
    aws = await startAwsStandIn();
  });

  it('says so when its credentials are not taken', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDOFSOMEBODYELSE');
    const error: unknown = await open()
      .probe()
      .catch((e: unknown) => e);
    vi.stubEnv('AWS_ACCESS_KEY_ID', STAND_IN_KEY);
    expect(error).toMatchObject(unavailable);
    expect(shownOf(error)).toContain('UnrecognizedClientException');
    expect(shownOf(error)).toContain('docs/aws/README.md');
  });
});

describe('The IAM policy', () => {
  interface Statement {
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Resource: string;
  }
  const policy = JSON.parse(readFileSync('docs/aws/sallyport-policy.json', 'utf8')) as {
    readonly Statement: readonly Statement[];
  };
  const granted = policy.Statement.flatMap(({ Action }) => Action).sort();

  it('grants every action that is in the code, and no other', () => {
    const code = readFileSync('src/adapters/secrets/aws/aws-calls.ts', 'utf8');
    const used = [...code.matchAll(/new (\w+)Command\(/g)].map(([, action]) => action);
    expect(granted).toEqual(used.map((action) => `secretsmanager:${action}`).sort());
  });

  it('grants what is really called, and no other', async () => {
    const aws = await startAwsStandIn();
    const store = createAwsSecretStore({ region, prefix: 'sallyport', endpoint: aws.url });
    await store.put('a', 'value', 0);
    await store.put('a', 'newer', 1, 'pending');
    await store.promote('a', 2);
    await store.destroy('a', 1);
    await store.names();
    await aws.close();
    const called = new Set(aws.actions.map((action) => `secretsmanager:${action}`));
    expect(granted).toEqual([...called].sort());
  });

  it('grants it on the secrets under the prefix alone, but for the list, which AWS has for all', () => {
    for (const { Effect, Action, Resource } of policy.Statement) {
      expect(Effect).toBe('Allow');
      if (Resource === '*') expect(Action).toEqual(['secretsmanager:ListSecrets']);
      else expect(Resource).toBe('arn:aws:secretsmanager:*:*:secret:sallyport/*');
    }
  });
});

/** All that a log or an answer could make of an error, what is hidden in it included. */
const shownOf = (error: unknown): string => inspect(error, { showHidden: true, depth: 20 });
