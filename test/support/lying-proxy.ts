import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Agent, request } from 'undici';

export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Asks the simulator, now; may be called late, or never. */
  forward(): Promise<Told>;
}

export interface Told {
  readonly status: number;
  readonly body: string;
}

/** What a passage is answered with; `undefined` cuts the connection. */
export type Answering = (passing: Passing) => Promise<Told | undefined>;

export interface LyingProxy {
  readonly url: string;
  /** How the next passages are answered; `forward` for all by default. */
  answer: Answering;
  close(): Promise<void>;
}

export const honest: Answering = (passing) => passing.forward();

/** HubSpot as it may be on a bad day: between the gateway and the simulator, with answers of its own. */
export async function startLyingProxy(simulatorUrl: string): Promise<LyingProxy> {
  const dispatcher = new Agent();
  const forward = async (incoming: IncomingMessage, body: string): Promise<Told> => {
    const { authorization = '' } = incoming.headers;
    const told = await request(`${simulatorUrl}${incoming.url ?? ''}`, {
      dispatcher,
      method: incoming.method as 'GET',
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === '' ? {} : { body }),
    });
    return { status: told.statusCode, body: await told.body.text() };
  };
  const server: Server = createServer((incoming, response) => {
    void (async () => {
      const body = (await buffer(incoming)).toString();
      const told = await proxy.answer({
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        body,
        forward: () => forward(incoming, body),
      });
      if (told === undefined) response.destroy();
      else {
        response.writeHead(told.status, { 'content-type': 'application/json' });
        response.end(told.body);
      }
    })();
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const proxy: LyingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: honest,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await dispatcher.close();
    },
  };
  return proxy;
}
