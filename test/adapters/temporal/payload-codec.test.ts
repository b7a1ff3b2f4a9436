import type { Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createPayloadCodec } from '../../../src/adapters/temporal/payload-codec.ts';
import type { PayloadKeys } from '../../../src/adapters/temporal/payload-keys.ts';
import type { PayloadRefusal } from '../../../src/adapters/temporal/payload-refused-error.ts';
import {
  decodeOne,
  encodeOne,
  inActivity,
  inWorkflow,
  makeCodec,
  makeKeys,
  NAMESPACE,
  toPayload,
} from './codec-fixtures.ts';

const refused = (reason: string) => ({ name: 'PayloadRefusedError', reason });

function metadataOf(payload: Payload): Record<string, string> {
  const entries = Object.entries(payload.metadata ?? {});
  return Object.fromEntries(entries.map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));
}

function withMetadata(payload: Payload, name: string, value: string | undefined): Payload {
  const others = Object.entries(payload.metadata ?? {}).filter(([key]) => key !== name);
  const metadata: Record<string, Uint8Array> = Object.fromEntries(others);
  if (value !== undefined) metadata[name] = Buffer.from(value);
  return { ...payload, metadata };
}

describe('The payload codec', () => {
  it('gives back what it was given, in every context the SDK has', async () => {
    const codec = makeCodec();
    const values = ['text', { deep: [1, null, 'ž'] }, undefined, new Uint8Array([0, 255]), ''];
    const contexts = [
      inWorkflow('w1'),
      inActivity('w1'),
      inActivity('w1', true),
      inActivity(undefined),
      undefined,
    ];
    for (const context of contexts) {
      for (const value of values) {
        const encoded = await encodeOne(codec, value, context);
        expect(await decodeOne(codec, encoded, context)).toEqual(value);
      }
    }
    expect(await codec.encode([])).toEqual([]);
    expect(await codec.decode([])).toEqual([]);
  });

  it('hides the payload and its encoding, and names key, namespace and workflow', async () => {
    const encoded = await encodeOne(makeCodec(), 'canary-71ac', inWorkflow('action/act_1'));
    expect(metadataOf(encoded)).toEqual({
      encoding: 'binary/encrypted',
      'encryption-key-id': 'k1',
      'sallyport-namespace': NAMESPACE,
      'sallyport-workflow-id': 'action/act_1',
    });
    const data = Buffer.from(encoded.data!).toString('latin1');
    expect(data).not.toContain('canary-71ac');
    expect(data).not.toContain('json/plain');
  });

  it('never encrypts the same payload to the same bytes', async () => {
    const codec = makeCodec();
    const seen = new Set<string>();
    for (let i = 0; i < 500; i += 1) {
      const encoded = await encodeOne(codec, 'same', inWorkflow('w1'));
      seen.add(Buffer.from(encoded.data!.subarray(0, 12)).toString('hex'));
    }
    expect(seen.size).toBe(500);
  });

  it('refuses a payload that was moved to another workflow', async () => {
    const codec = makeCodec();
    for (const from of [inWorkflow('w1'), inActivity('w1')]) {
      const encoded = await encodeOne(codec, 'approved', from);
      for (const to of [inWorkflow('w2'), inActivity('w2'), inActivity('w2', true)]) {
        await expect(codec.decode([encoded], to)).rejects.toMatchObject(refused('wrong_workflow'));
      }
      await expect(codec.decode([encoded], inActivity(undefined))).rejects.toMatchObject(
        refused('wrong_workflow'),
      );
    }
  });

  it('refuses it still when the workflow id in the metadata is rewritten', async () => {
    const codec = makeCodec();
    const encoded = await encodeOne(codec, 'approved', inWorkflow('w1'));
    for (const id of ['w2', '']) {
      const forged = withMetadata(encoded, 'sallyport-workflow-id', id);
      await expect(codec.decode([forged], inWorkflow('w2'))).rejects.toMatchObject(
        refused('damaged'),
      );
    }
  });

  it('does not let the parts of a binding run into each other', async () => {
    const keys = makeKeys('k1');
    const encoded = await encodeOne(makeCodec(keys), 'approved', inWorkflow('test1'));
    const other = createPayloadCodec({ keys, namespace: 'sallyport-testt' });
    let forged = withMetadata(encoded, 'sallyport-namespace', 'sallyport-testt');
    forged = withMetadata(forged, 'sallyport-workflow-id', 'est1');
    await expect(other.decode([forged])).rejects.toMatchObject(refused('damaged'));
  });

  it("accepts a payload without a workflow where a workflow is addressed, not as an activity's", async () => {
    const codec = makeCodec();
    const encoded = await encodeOne(codec, 'signal from the UI');
    expect(await decodeOne(codec, encoded, inWorkflow('w1'))).toBe('signal from the UI');
    for (const context of [inActivity('w1'), inActivity('w1', true)]) {
      await expect(codec.decode([encoded], context)).rejects.toMatchObject(
        refused('wrong_workflow'),
      );
    }
  });

  it('refuses another namespace, in the payload and in the context', async () => {
    const keys = makeKeys('k1');
    const elsewhere = createPayloadCodec({ keys, namespace: 'elsewhere' });
    const codec = makeCodec(keys);
    const encoded = await encodeOne(elsewhere, 'x', inWorkflow('w1', 'elsewhere'));
    const wrong = refused('wrong_namespace');
    await expect(codec.decode([encoded])).rejects.toMatchObject(wrong);
    await expect(codec.decode([encoded], inWorkflow('w1', 'elsewhere'))).rejects.toMatchObject(
      wrong,
    );
    const own = await encodeOne(codec, 'x', inWorkflow('w1'));
    await expect(codec.decode([own], inWorkflow('w1', 'elsewhere'))).rejects.toMatchObject(wrong);
    await expect(encodeOne(codec, 'x', inWorkflow('w1', 'elsewhere'))).rejects.toMatchObject(wrong);
  });

  it('refuses plaintext and every other encoding', async () => {
    const codec = makeCodec();
    const plain: Payload[] = [
      toPayload({ decision: 'approve' }),
      toPayload(undefined),
      { metadata: { encoding: Buffer.from('binary/encrypted2') }, data: Buffer.from('x') },
      { metadata: {}, data: Buffer.from('x') },
      {},
    ];
    for (const payload of plain) {
      for (const context of [undefined, inWorkflow('w1'), inActivity('w1')]) {
        await expect(codec.decode([payload], context)).rejects.toMatchObject(refused('plaintext'));
      }
    }
    const good = await encodeOne(codec, 'x', inWorkflow('w1'));
    await expect(codec.decode([good, plain[0]!], inWorkflow('w1'))).rejects.toMatchObject(
      refused('plaintext'),
    );
  });

  it('voids what is not a workflow’s own where asked to, and only for workflows', async () => {
    const codec = createPayloadCodec({
      keys: makeKeys('k1'),
      namespace: NAMESPACE,
      foreignMessages: 'void',
    });
    const moved = await encodeOne(codec, 'x', inWorkflow('w2'));
    const foreign: [Payload, PayloadRefusal][] = [
      [toPayload({ decision: 'approve' }), 'plaintext'],
      [moved, 'wrong_workflow'],
      [withMetadata(moved, 'sallyport-workflow-id', 'w1'), 'damaged'],
      [{ metadata: { encoding: Buffer.from('binary/encrypted') } }, 'malformed'],
    ];
    for (const [payload, reason] of foreign) {
      expect(await decodeOne(codec, payload, inWorkflow('w1'))).toBeUndefined();
      for (const context of [inActivity('w1'), inActivity('w1', true)]) {
        await expect(codec.decode([payload], context)).rejects.toMatchObject(refused(reason));
      }
    }
    const later = await encodeOne(makeCodec(makeKeys('k9')), 'x', inWorkflow('w1'));
    await expect(codec.decode([later], inWorkflow('w1'))).rejects.toMatchObject(
      refused('unknown_key'),
    );
  });

  it('refuses an unknown key and a key id that was rewritten', async () => {
    const keys = makeKeys('k1', 'k2');
    const encoded = await encodeOne(makeCodec(keys), 'x', inWorkflow('w1'));
    await expect(makeCodec(makeKeys('k1')).decode([encoded])).rejects.toMatchObject({
      ...refused('unknown_key'),
      message: 'payload refused: unknown_key (k2)',
    });
    const forged = withMetadata(encoded, 'encryption-key-id', 'k1');
    await expect(makeCodec(keys).decode([forged])).rejects.toMatchObject(refused('damaged'));
  });

  it('decodes what an older key encrypted and encrypts with the newest', async () => {
    const old = makeKeys('k1');
    const encoded = await encodeOne(makeCodec(old), 'from before', inWorkflow('w1'));
    const both: PayloadKeys = {
      currentKeyId: 'k2',
      keys: new Map([...old.keys, ...makeKeys('k2').keys]),
    };
    const codec = makeCodec(both);
    expect(await decodeOne(codec, encoded, inWorkflow('w1'))).toBe('from before');
    const fresh = await encodeOne(codec, 'x', inWorkflow('w1'));
    expect(metadataOf(fresh)['encryption-key-id']).toBe('k2');
  });

  it('learns of a new key when it meets one, asking at most once for made-up ids', async () => {
    const old = makeKeys('k1');
    const both: PayloadKeys = {
      currentKeyId: 'k2',
      keys: new Map([...old.keys, ...makeKeys('k2').keys]),
    };
    let reloads = 0;
    const reloadKeys = () => Promise.resolve(((reloads += 1), both));
    const codec = createPayloadCodec({ keys: old, namespace: NAMESPACE, reloadKeys });
    const encoded = await encodeOne(makeCodec(both), 'rotated elsewhere', inWorkflow('w1'));
    const many = await codec.decode([encoded, encoded, encoded], inWorkflow('w1'));
    expect(many).toHaveLength(3);
    expect(metadataOf(await encodeOne(codec, 'x'))['encryption-key-id']).toBe('k2');
    for (let i = 0; i < 50; i += 1) {
      const forged = withMetadata(encoded, 'encryption-key-id', `k${i + 3}`);
      await expect(codec.decode([forged])).rejects.toMatchObject(refused('unknown_key'));
    }
    expect(reloads).toBe(1);
  });

  it('refuses every single-bit flip of data and of every bound value', async () => {
    const codec = makeCodec();
    const encoded = await encodeOne(codec, { approve: true }, inWorkflow('w1'));
    for (let bit = 0; bit < encoded.data!.byteLength * 8; bit += 1) {
      const data = Buffer.from(encoded.data!);
      data[bit >> 3]! ^= 1 << (bit & 7);
      await expect(codec.decode([{ ...encoded, data }])).rejects.toMatchObject(refused('damaged'));
    }
    for (const [name, bytes] of Object.entries(encoded.metadata!)) {
      for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const forged = { ...encoded, metadata: { ...encoded.metadata, [name]: changed } };
        await expect(codec.decode([forged]), `${name} bit ${bit}`).rejects.toMatchObject({
          name: 'PayloadRefusedError',
        });
      }
    }
  });

  it('refuses cut data and missing metadata', async () => {
    const codec = makeCodec();
    const encoded = await encodeOne(codec, 'x', inWorkflow('w1'));
    for (const length of [0, 1, 12, 27, encoded.data!.byteLength - 1]) {
      const data = encoded.data!.subarray(0, length);
      await expect(codec.decode([{ ...encoded, data }])).rejects.toMatchObject(refused('damaged'));
    }
    for (const name of ['encryption-key-id', 'sallyport-namespace', 'sallyport-workflow-id']) {
      const forged = withMetadata(encoded, name, undefined);
      await expect(codec.decode([forged])).rejects.toMatchObject(refused('malformed'));
    }
  });

  it('says nothing about content in its errors', async () => {
    const codec = makeCodec();
    const encoded = await encodeOne(codec, 'x', inWorkflow('w1'));
    const forged = withMetadata(encoded, 'encryption-key-id', 'canary-in-a-key-id');
    for (const bad of [forged, toPayload('canary-in-plaintext')]) {
      const error: unknown = await codec.decode([bad]).catch((e: unknown) => e);
      expect(String(error)).toMatch(/^PayloadRefusedError: payload refused: /);
      expect(String(error)).not.toContain('canary');
    }
  });
});
