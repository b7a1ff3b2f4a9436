import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv4 } from 'node:net';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { CodecRefusal, type PayloadJson, readCodecBody } from './codec-request.ts';
import { isSealed } from './payload-seal.ts';

/** A page of the UI asks for each group of payloads apart: some hundred requests for a long history. */
const RATE = { requestsMax: 2_000, perSeconds: 10 } as const;
const PATH_SECRET_LENGTH_MIN = 43;
const PREFLIGHT_CACHE_SECONDS = 600;

export interface CodecHandlerDeps {
  readonly codec: PayloadCodec;
  /** The only namespace served; the UI names it in `X-Namespace`. */
  readonly namespace: string;
  /** The Temporal UI's origin, such as `http://127.0.0.1:8233`: the only page that gets an answer. */
  readonly uiOrigin: string;
  /** `/` and at least 32 random bytes in base64url. Part of the UI's codec endpoint, never logged. */
  readonly path: string;
  /** Told of every request; it is a decryption and belongs in the operator's log. */
  readonly onServed?: (served: CodecRequestServed) => void;
}

export interface CodecRequestServed {
  readonly operation: CodecOperation | undefined;
  readonly status: number;
  readonly payloads: number;
}

export type CodecOperation = 'decode' | 'encode';

interface CodecReply {
  readonly status: number;
  readonly payloads?: readonly unknown[];
}

/**
 * The remote codec of the Temporal UI: `POST PATH/decode` and `POST PATH/encode`, body and answer
 * `{payloads: [{metadata, data}]}` in proto JSON. A plain Node request listener.
 *
 * Whoever can ask it can read every payload, so it answers only on loopback, only under the secret path,
 * only to pages of the UI's origin (also against other pages in the operator's browser and DNS
 * rebinding: a browser always states the origin of a POST) and only for its namespace. Errors carry a
 * status and nothing else.
 *
 * What it encodes is bound to the namespace, not to a workflow, which the UI does not name. When
 * decoding, a payload that never was encrypted is given back as it is (the server's and the SDK's own
 * bookkeeping in markers is such): that discloses nothing, and the UI shows it anyway.
 */
export function createCodecHandler(
  deps: CodecHandlerDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  if (!deps.path.startsWith('/') || deps.path.length <= PATH_SECRET_LENGTH_MIN) {
    throw new Error('the codec path needs 32 random bytes in base64url');
  }
  const limiter = new RateLimiterMemory({ points: RATE.requestsMax, duration: RATE.perSeconds });

  return async (request, response) => {
    const operation = operationOf(request.url ?? '', deps.path);
    const reply = await answer(deps, limiter, request, operation).catch(toRefusal);
    setCorsHeaders(deps, request, response);
    response.writeHead(reply.status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // The rest of a body that was not read is not the next request.
      ...(reply.status >= 400 ? { connection: 'close' } : {}),
    });
    response.end(reply.status === 204 ? undefined : JSON.stringify({ payloads: reply.payloads }));
    deps.onServed?.({
      operation,
      status: reply.status,
      payloads: reply.payloads?.length ?? 0,
    });
  };
}

async function answer(
  deps: CodecHandlerDeps,
  limiter: RateLimiterMemory,
  request: IncomingMessage,
  operation: CodecOperation | undefined,
): Promise<CodecReply> {
  if (!isLoopback(request.socket.remoteAddress)) throw new CodecRefusal(403);
  if (operation === undefined) throw new CodecRefusal(404);
  if (request.headers.origin !== deps.uiOrigin) throw new CodecRefusal(403);
  if (request.method === 'OPTIONS') return { status: 204 };
  if (request.method !== 'POST') throw new CodecRefusal(405);
  await limiter.consume('all').catch(() => {
    throw new CodecRefusal(429);
  });
  if (request.headers['x-namespace'] !== deps.namespace) throw new CodecRefusal(403);
  const payloads = await readCodecBody(request);
  const convert = operation === 'decode' ? decodeForDisplay : encodeFromUi;
  return {
    status: 200,
    payloads: await Promise.all(payloads.map((payload) => convert(deps.codec, payload))),
  };
}

async function decodeForDisplay(codec: PayloadCodec, json: PayloadJson): Promise<unknown> {
  const payload = fromJson(json);
  if (!isSealed(payload)) return json;
  const [decoded] = await codec.decode([payload]);
  return decoded === undefined ? json : payloadToJSON(decoded);
}

async function encodeFromUi(codec: PayloadCodec, json: PayloadJson): Promise<unknown> {
  const payload = fromJson(json);
  // Sealing a sealed payload would hide it from every check that asks whether it is one.
  if (isSealed(payload)) throw new CodecRefusal(400);
  const [encoded] = await codec.encode([payload]);
  return encoded === undefined ? json : payloadToJSON(encoded);
}

function fromJson({ metadata, data }: PayloadJson): Payload {
  try {
    return JSONToPayload({ metadata: metadata ?? null, data: data ?? null });
  } catch {
    throw new CodecRefusal(400);
  }
}

/** Anything the codec refuses, and anything unforeseen, is the same bare 400. */
function toRefusal(error: unknown): CodecReply {
  return { status: error instanceof CodecRefusal ? error.status : 400 };
}

function setCorsHeaders(
  { uiOrigin }: CodecHandlerDeps,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  response.setHeader('vary', 'Origin');
  if (request.headers.origin !== uiOrigin) return;
  response.setHeader('access-control-allow-origin', uiOrigin);
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader('access-control-allow-headers', 'Content-Type, X-Namespace, Authorization');
  response.setHeader('access-control-max-age', String(PREFLIGHT_CACHE_SECONDS));
}

/** The UI says more in the query (`preserveStorageRefs`) than there is to decide here. */
function operationOf(url: string, path: string): CodecOperation | undefined {
  const [asked = ''] = url.split('?', 1);
  for (const operation of ['decode', 'encode'] as const) {
    if (isSameSecret(asked, `${path}/${operation}`)) return operation;
  }
  return undefined;
}

/** Takes the same time wherever the two differ. */
function isSameSecret(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function isLoopback(address = ''): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}
