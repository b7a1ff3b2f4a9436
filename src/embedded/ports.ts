import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** Whether something could listen on this loopback port right now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
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
