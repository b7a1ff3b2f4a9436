import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Pool } from 'undici';

/** One call as it came over the wire. */
export interface Received {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly body: Buffer;
}

export interface Receiver {
  readonly url: string;
  /** The writes received since the last `take`, in their order, byte for byte. */
  take(): readonly Received[];
  /** Runs once, when the next read has arrived and before it is answered. */
  onNextRead(work: () => void): void;
  close(): Promise<void>;
}

export const isWrite = ({ method, target }: Received): boolean =>
  method !== 'GET' && !/\/(?:search|batch\/read)$/.test(target);

/** Stands right before the simulator and keeps the bytes. */
export async function startReceiver(simulatorUrl: string): Promise<Receiver> {
  const pool = new Pool(simulatorUrl);
  let received: Received[] = [];
  let atNextRead: (() => void) | undefined;
  const server = createServer((incoming, response) => {
    void (async () => {
      const { method = '', url = '', headers } = incoming;
      const call: Received = { method, target: url, body: await buffer(incoming) };
      received.push(call);
      if (!isWrite(call)) {
        atNextRead?.();
        atNextRead = undefined;
      }
      const told = await pool.request({
        method: method,
        path: url,
        headers: {
          authorization: headers.authorization ?? '',
          'content-type': 'application/json',
        },
        ...(call.body.length === 0 ? {} : { body: call.body }),
      });
      response.writeHead(told.statusCode, { 'content-type': 'application/json' });
      response.end(Buffer.from(await told.body.arrayBuffer()));
    })().catch(() => response.destroy());
  });
  // A connection that is closed while it is written to would count as a lost answer.
  server.keepAliveTimeout = 120_000;
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = received.filter(isWrite);
      received = [];
      return taken;
    },
    onNextRead: (work) => {
      atNextRead = work;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await pool.close();
    },
  };
}
