import { once } from 'node:events';
import { createServer } from 'node:net';

import { describe, expect, it } from 'vitest';

import { freePort, isPortFree } from '../../src/embedded/ports.ts';

describe('ports', () => {
  it('tells a port that is taken from one that is free', async () => {
    const port = await freePort();
    expect(await isPortFree(port)).toBe(true);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(await isPortFree(port)).toBe(false);
    server.close();
    await once(server, 'close');
    expect(await isPortFree(port)).toBe(true);
  });

  it('waits for a port that is given back in time', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    setTimeout(() => server.close(), 200);
    expect(await isPortFree(port, 50)).toBe(false);
    expect(await isPortFree(port, 2_000)).toBe(true);
  });
});
