import { createSecretKey, randomBytes } from 'node:crypto';
import {
  defaultPayloadConverter,
  type Payload,
  type PayloadCodec,
  type SerializationContext,
} from '@temporalio/common';
import { createPayloadCodec } from '../../../src/adapters/temporal/payload-codec.ts';
import type { PayloadKeys } from '../../../src/adapters/temporal/payload-keys.ts';

export const NAMESPACE = 'sallyport-test';

export function makeKeys(...ids: string[]): PayloadKeys {
  return {
    currentKeyId: ids.at(-1)!,
    keys: new Map(ids.map((id) => [id, createSecretKey(randomBytes(32))])),
  };
}

export function makeCodec(keys: PayloadKeys = makeKeys('k1')): PayloadCodec {
  return createPayloadCodec({ keys, namespace: NAMESPACE });
}

export function inWorkflow(workflowId: string, namespace = NAMESPACE): SerializationContext {
  return { type: 'workflow', namespace, workflowId };
}

export function inActivity(workflowId: string | undefined, isLocal = false): SerializationContext {
  const base = { type: 'activity', namespace: NAMESPACE, activityId: '1', isLocal } as const;
  return workflowId === undefined ? base : { ...base, workflowId };
}

export function toPayload(value: unknown): Payload {
  return defaultPayloadConverter.toPayload(value);
}

export function fromPayload(payload: Payload): unknown {
  return defaultPayloadConverter.fromPayload(payload);
}

export async function encodeOne(
  codec: PayloadCodec,
  value: unknown,
  context?: SerializationContext,
): Promise<Payload> {
  const [encoded] = await codec.encode([toPayload(value)], context);
  return encoded!;
}

export async function decodeOne(
  codec: PayloadCodec,
  payload: Payload,
  context?: SerializationContext,
): Promise<unknown> {
  const [decoded] = await codec.decode([payload], context);
  return fromPayload(decoded!);
}
