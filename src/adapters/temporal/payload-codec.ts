import type { KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import type { PayloadKeys } from './payload-keys.ts';
import { PayloadRefusedError } from './payload-refused-error.ts';
import {
  claimedBinding,
  isSealed,
  openPayload,
  type PayloadBinding,
  sealPayload,
} from './payload-seal.ts';

/** At most this often an unknown key id makes the codec look for new keys. */
const RELOAD_INTERVAL_MS = 5_000;
/** Only an id that looks like ours is repeated in an error. */
const KEY_ID = /^k\d{1,9}$/;

export interface PayloadCodecDeps {
  readonly keys: PayloadKeys;
  /**
   * The namespace of every workflow this gateway has, and of its client and worker: another one in the
   * SDK's context is refused. `Worker.runReplayHistory` has `default` unless it is passed `namespace`,
   * which its type does not show.
   */
  readonly namespace: string;
  /** Reads the keys anew, so that a rotation in one process reaches the others while they run. */
  readonly reloadKeys?: () => Promise<PayloadKeys>;
  /**
   * What becomes of a payload for a workflow that is not its own: never encrypted, changed, or copied
   * from another workflow. `refuse` fails the workflow task, and since it stays in the history, every
   * later task too: one signal sent by hand with the `temporal` command would hold that workflow for
   * ever. `void` hands the workflow `undefined` instead, never the content; for workers. Always refused
   * are activity payloads, and unknown keys, which another process may have just made.
   */
  readonly foreignMessages?: 'refuse' | 'void';
}

/**
 * Encrypts every payload Temporal stores, with AES-256-GCM, bound to key id, namespace and workflow.
 *
 * Refused, with `PayloadRefusedError`: plaintext and other encodings (a downgrade), unknown keys,
 * another namespace's or another workflow's payload, and any changed bit.
 *
 * The workflow id is the one in the SDK's serialization context. Payloads that come without one are
 * bound to the namespace alone (an empty workflow id):
 * - what the codec server encrypts: a signal typed in the Temporal UI comes with `X-Namespace` only;
 * - failures of a workflow *task* (the SDK encodes them outside the workflow), a schedule's own memo,
 *   Nexus operations, and activities completed from outside by task token.
 * Such a payload is accepted where a workflow is addressed, since a message only wakes the workflow and
 * proves nothing, and refused as an activity's input or result, which workflows do act on.
 *
 * Not encrypted at all, because the SDK passes them by: headers, search attributes, ids and names,
 * identities, reasons of cancel and terminate, failure types, and the local-activity marker's own
 * bookkeeping (`data`: name, attempt, times). Nothing personal may be put into those.
 */
export function createPayloadCodec(deps: PayloadCodecDeps): PayloadCodec {
  const { namespace, foreignMessages = 'refuse' } = deps;
  const keyRing = createKeyRing(deps);

  const encodeOne = (payload: Payload, context?: SerializationContext): Payload => {
    requireNamespace(context?.namespace ?? namespace, namespace);
    const { keyId, key } = keyRing.current();
    const workflowId = context?.workflowId ?? '';
    return sealPayload(payload, { keyId, namespace, workflowId }, key);
  };

  const openOne = async (payload: Payload, context?: SerializationContext): Promise<Payload> => {
    if (!isSealed(payload)) throw new PayloadRefusedError('plaintext');
    const binding = claimedBinding(payload);
    requireNamespace(binding.namespace, namespace);
    requireNamespace(context?.namespace ?? namespace, namespace);
    if (context !== undefined) requireWorkflow(binding, context);
    return openPayload(payload, binding, await keyRing.find(binding.keyId));
  };

  const decodeOne = async (payload: Payload, context?: SerializationContext): Promise<Payload> => {
    try {
      return await openOne(payload, context);
    } catch (error) {
      const isMessage = foreignMessages === 'void' && context?.type === 'workflow';
      if (isMessage && error instanceof PayloadRefusedError && error.reason !== 'unknown_key')
        return voidPayload();
      throw error;
    }
  };

  return {
    encode: (payloads, context) =>
      Promise.resolve().then(() => payloads.map((payload) => encodeOne(payload, context))),
    decode: (payloads, context) =>
      Promise.all(payloads.map((payload) => decodeOne(payload, context))),
  };
}

function requireNamespace(actual: string, expected: string): void {
  if (actual !== expected) throw new PayloadRefusedError('wrong_namespace');
}

function requireWorkflow({ workflowId }: PayloadBinding, context: SerializationContext): void {
  const isUnboundMessage = context.type === 'workflow' && workflowId === '';
  if (isUnboundMessage || workflowId === (context.workflowId ?? '')) return;
  throw new PayloadRefusedError('wrong_workflow');
}

/** What the SDK's own converter makes of `undefined`. */
function voidPayload(): Payload {
  return { metadata: { encoding: Buffer.from('binary/null') } };
}

interface KeyRing {
  current(): { keyId: string; key: KeyObject };
  find(keyId: string): Promise<KeyObject>;
}

function createKeyRing({ keys: initial, reloadKeys }: PayloadCodecDeps): KeyRing {
  let keys = initial;
  let reloading: Promise<void> | undefined;
  let reloadedAtMs = -Infinity;

  // Ids come from the wire: without the interval a sender of made-up ids would drive the secret store.
  const reload = (): Promise<void> | undefined => {
    if (reloadKeys === undefined) return undefined;
    if (performance.now() - reloadedAtMs < RELOAD_INTERVAL_MS) return reloading;
    reloadedAtMs = performance.now();
    reloading = reloadKeys().then((fresh) => {
      keys = fresh;
    });
    return reloading;
  };

  return {
    current() {
      return { keyId: keys.currentKeyId, key: requireKey(keys, keys.currentKeyId) };
    },
    async find(keyId) {
      if (!keys.keys.has(keyId)) await reload();
      return requireKey(keys, keyId);
    },
  };
}

function requireKey({ keys }: PayloadKeys, keyId: string): KeyObject {
  const key = keys.get(keyId);
  if (key !== undefined) return key;
  throw new PayloadRefusedError('unknown_key', KEY_ID.test(keyId) ? keyId : undefined);
}
