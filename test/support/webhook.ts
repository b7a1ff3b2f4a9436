import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, fetch } from 'undici';

/** Standard Webhooks on the other side, by the specification alone: nothing of the library or of ours. */

export const OUT_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export const signWebhook = (
  secret: string,
  id: string,
  timestamp: string,
  body: string | Uint8Array,
): string => {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
};

export interface Heard {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: any;
}

export interface Receiver {
  readonly url: string;
  readonly heard: Heard[];
  /** The next calls are answered so: a status, or `drop`: taken, and the line cut. */
  answerNext(how: number | 'drop', times?: number, headers?: Record<string, string>): void;
  close(): Promise<void>;
}

/** Somebody's server on loopback that is told of approvals. */
export async function startReceiver(): Promise<Receiver> {
  const heard: Heard[] = [];
  let next = { how: 200 as number | 'drop', times: 0, headers: {} };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { headers, url: path = '' } = request;
      heard.push({ path, headers, body, event: body === '' ? undefined : JSON.parse(body) });
      const { how, headers: more } = next.times > 0 ? next : { how: 200, headers: {} };
      next.times -= 1;
      if (typeof how === 'number') response.writeHead(how, more).end('heard');
      else request.socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    answerNext: (how, times = 1, headers = {}) => {
      next = { how, times, headers };
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface Sent {
  readonly raw: string | Uint8Array;
  readonly headers: Record<string, string>;
}

/** As a person's own system signs a decision. */
export function signedDecision(
  body: unknown,
  of: { secret: string; messageId?: string; at?: number },
): Sent {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  const { secret, messageId: id = `msg_${randomUUID()}`, at = Math.floor(Date.now() / 1000) } = of;
  const timestamp = String(at);
  return {
    raw,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signWebhook(secret, id, timestamp, raw),
    },
  };
}

/** Not the process's global dispatcher, which reaches the gateway's own neighbours alone. */
const dispatcher = new Agent();

export async function send(url: string, { raw, headers }: Sent) {
  const response = await fetch(url, { method: 'POST', body: raw, headers, dispatcher });
  return { status: response.status, body: (await response.json()) as any };
}
