import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgeFileSecretStore } from '../../../src/adapters/secrets/age-file/age-file-secret-store.ts';
import {
  loadPayloadKeys,
  PAYLOAD_KEY_SECRET,
} from '../../../src/adapters/temporal/payload-keys.ts';
import type { SecretStore } from '../../../src/ports/secret-store.ts';
import { decodeOne, encodeOne, inWorkflow, makeCodec } from './codec-fixtures.ts';

describe('Payload keys', () => {
  let folder: string;
  let store: SecretStore;
  const open = () =>
    createAgeFileSecretStore({
      file: join(folder, 'secrets.age'),
      identityFile: join(folder, 'identity'),
    });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-keys-'));
    store = await open();
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const rotate = async (version: number): Promise<void> => {
    await store.put(PAYLOAD_KEY_SECRET, Buffer.alloc(32, version).toString('base64url'), version);
  };

  it('are made once and read again', async () => {
    const first = await loadPayloadKeys(store);
    expect(first.currentKeyId).toBe('k1');
    expect(first.keys.get('k1')?.symmetricKeySize).toBe(32);
    const again = await loadPayloadKeys(await open());
    expect(again.keys.get('k1')?.equals(first.keys.get('k1')!)).toBe(true);
  });

  it('are the same for processes that make the first one at once', async () => {
    const stores = await Promise.all([open(), open(), open(), open()]);
    const loaded = await Promise.all(stores.map(loadPayloadKeys));
    const [one, ...others] = loaded.map(({ keys }) => keys.get('k1')?.export().toString('hex'));
    for (const other of others) expect(other).toBe(one);
  });

  it('encrypt with the newest version and still decrypt with the older ones', async () => {
    const before = makeCodec(await loadPayloadKeys(store));
    const encoded = await encodeOne(before, 'from before', inWorkflow('w1'));
    await rotate(1);
    await rotate(2);
    const keys = await loadPayloadKeys(store);
    expect(keys.currentKeyId).toBe('k3');
    expect([...keys.keys.keys()]).toEqual(['k1', 'k2', 'k3']);
    expect(await decodeOne(makeCodec(keys), encoded, inWorkflow('w1'))).toBe('from before');
  });

  it('make what they encrypted unreadable once destroyed', async () => {
    const before = makeCodec(await loadPayloadKeys(store));
    const encoded = await encodeOne(before, 'gone', inWorkflow('w1'));
    await rotate(1);
    await store.destroy(PAYLOAD_KEY_SECRET, 1);
    const keys = await loadPayloadKeys(store);
    expect([...keys.keys.keys()]).toEqual(['k2']);
    await expect(makeCodec(keys).decode([encoded])).rejects.toMatchObject({
      reason: 'unknown_key',
    });
  });

  it('are never quietly replaced: a destroyed newest and a damaged key are errors', async () => {
    await loadPayloadKeys(store);
    await store.put(PAYLOAD_KEY_SECRET, 'too-short', 1);
    await expect(loadPayloadKeys(store)).rejects.toMatchObject({ code: 'secret.unavailable' });
    await store.destroy(PAYLOAD_KEY_SECRET, 2);
    await expect(loadPayloadKeys(store)).rejects.toMatchObject({ code: 'secret.unavailable' });
  });
});
