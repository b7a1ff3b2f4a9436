import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { PayloadRefusedError } from './payload-refused-error.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENCRYPTED = 'binary/encrypted';
/** Names what is authenticated, so that no other use of the same key can be passed off as a payload. */
const DOMAIN = 'sallyport/temporal-payload/1';

const METADATA = {
  encoding: 'encoding',
  keyId: 'encryption-key-id',
  namespace: 'sallyport-namespace',
  workflowId: 'sallyport-workflow-id',
} as const;

/**
 * What a ciphertext belongs to. It stands readable in the metadata, for the codec server, and is
 * authenticated with the ciphertext, so that neither can be changed nor moved without the other.
 */
export interface PayloadBinding {
  readonly keyId: string;
  readonly namespace: string;
  /** Empty when the SDK did not say. */
  readonly workflowId: string;
}

/**
 * Encrypts the whole serialised payload, its encoding and other metadata included.
 * Data is nonce (12 bytes), ciphertext, tag (16 bytes). Random nonces are good for 2^32 payloads a
 * key: at one thousand a second that is seven weeks of full load, then the key must be rotated.
 */
export function sealPayload(payload: Payload, binding: PayloadBinding, key: KeyObject): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(binding));
  const plaintext = proto.temporal.api.common.v1.Payload.encode(payload).finish();
  const data = Buffer.concat([
    nonce,
    cipher.update(plaintext),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return {
    metadata: {
      [METADATA.encoding]: Buffer.from(ENCRYPTED),
      [METADATA.keyId]: Buffer.from(binding.keyId),
      [METADATA.namespace]: Buffer.from(binding.namespace),
      [METADATA.workflowId]: Buffer.from(binding.workflowId),
    },
    data,
  };
}

/** Undoes `sealPayload`. Throws `damaged` when any bit of data or binding is not as it was sealed. */
export function openPayload(sealed: Payload, binding: PayloadBinding, key: KeyObject): Payload {
  const data = sealed.data ?? new Uint8Array();
  if (data.byteLength < NONCE_BYTES + TAG_BYTES) throw new PayloadRefusedError('damaged');
  const nonce = data.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(binding));
  decipher.setAuthTag(data.subarray(-TAG_BYTES));
  try {
    const ciphertext = data.subarray(NONCE_BYTES, -TAG_BYTES);
    const plaintext = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    return proto.temporal.api.common.v1.Payload.decode(plaintext);
  } catch {
    throw new PayloadRefusedError('damaged');
  }
}

/** Whether a payload says that it is one of ours; anything else was never encrypted by this codec. */
export function isSealed(payload: Payload): boolean {
  const encoding = payload.metadata?.[METADATA.encoding];
  return encoding != null && Buffer.from(encoding).toString() === ENCRYPTED;
}

/** The binding a sealed payload claims; only `openPayload` proves it. */
export function claimedBinding(sealed: Payload): PayloadBinding {
  return {
    keyId: metadataText(sealed, METADATA.keyId),
    namespace: metadataText(sealed, METADATA.namespace),
    workflowId: metadataText(sealed, METADATA.workflowId),
  };
}

function metadataText(payload: Payload, name: string): string {
  const bytes = payload.metadata?.[name];
  if (bytes == null) throw new PayloadRefusedError('malformed', `no ${name}`);
  return Buffer.from(bytes).toString('utf8');
}

/** Each part behind its length, so that no two bindings give the same bytes. */
function additionalData({ keyId, namespace, workflowId }: PayloadBinding): Uint8Array {
  return Buffer.concat(
    [DOMAIN, keyId, namespace, workflowId].flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}
