import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

export const CODEC_LIMITS = {
  /** Temporal's gRPC messages end at 4 MB, which base64 makes a third larger. */
  bodyBytesMax: 6 * 1024 * 1024,
  bodyReadMs: 10_000,
  payloadsMax: 1_000,
} as const;

/** A payload in proto JSON. Loose: what the UI sends beside these is given back as it came. */
const PayloadJsonSchema = z.looseObject({
  metadata: z.record(z.string(), z.base64()).optional(),
  data: z.base64().optional(),
});

export type PayloadJson = z.infer<typeof PayloadJsonSchema>;

/** Proto JSON leaves an empty list out: `{}` is what a workflow without arguments has. */
const CodecBodySchema = z.object({
  payloads: z.array(PayloadJsonSchema).max(CODEC_LIMITS.payloadsMax).default([]),
});

/** An answer other than 200. Carries no reason: the codec server must not become an oracle. */
export class CodecRefusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`refused with ${status}`);
    this.status = status;
  }
}

/** Reads `{payloads: […]}`; throws `CodecRefusal` 400, 408, 413 or 415. */
export async function readCodecBody(request: IncomingMessage): Promise<readonly PayloadJson[]> {
  const mediaType = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') throw new CodecRefusal(415);
  const body = CodecBodySchema.safeParse(parseJson(await readText(request)));
  if (!body.success) throw new CodecRefusal(400);
  return body.data.payloads;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => request.destroy(), CODEC_LIMITS.bodyReadMs);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes <= CODEC_LIMITS.bodyBytesMax) chunks.push(chunk);
      // A little more is read and dropped, since closing on a sender loses the answer to it.
      if (bytes > CODEC_LIMITS.bodyBytesMax * 4) break;
    }
  } catch {
    throw new CodecRefusal(408);
  } finally {
    clearTimeout(timer);
  }
  if (bytes > CODEC_LIMITS.bodyBytesMax) throw new CodecRefusal(413);
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CodecRefusal(400);
  }
}
