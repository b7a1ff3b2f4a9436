import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOPBACK = '127.0.0.1';
const POLL_MS = 50;

/**
 * Whether something could listen on this loopback port now or within `waitMs`. A program that was just
 * ended gives its port back a moment later than its process id. Throws the signal's reason.
 */
export async function isPortFree(port: number, waitMs = 0, signal?: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    if ((await listenOnce(port)) !== undefined) return true;
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

/**
 * A loopback port nobody listens on. It is free when this returns and may be taken a moment later:
 * whoever uses it must still report a failure to listen.
 */
export async function freePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) throw new Error('no loopback port is free');
  return port;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      const bound = address !== null && typeof address === 'object' ? address.port : undefined;
      server.close(() => {
        resolve(bound);
      });
    });
  });
}
