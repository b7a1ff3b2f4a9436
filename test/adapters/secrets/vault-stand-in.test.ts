import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Files, json, makeFiles, openOn, type StandIn, startStandIn } from './vault-rig.ts';

/** What a good server does not do, from a stand-in. */

const TOKEN = 's.canary-token-3f1';
const VALUE = 'canary-value-9ab';

const page =
  (status: number): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(`<h1>${VALUE}</h1>`);
  };

const drip: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 200);
  response.once('close', () => {
    clearInterval(timer);
  });
};

const hang: RequestListener = () => undefined;

const reset: RequestListener = (request) => {
  request.socket.resetAndDestroy();
};

const flood: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const more = (): void => {
    while (response.write(VALUE.repeat(10_000)));
    response.once('drain', more);
  };
  more();
};

const leaking = { errors: [`${VALUE} ${TOKEN}`] };

describe('A server that is not as it should be', () => {
  let files: Files;
  let server: StandIn;
  const open = () => openOn(server.address, files.write('token', TOKEN))();

  beforeEach(async () => {
    files = makeFiles();
    server = await startStandIn();
  });

  afterEach(async () => {
    await server.close();
    files.remove();
  });

  it.each<[string, RequestListener, string]>([
    ['hangs', hang, 'has not answered within 5 s'],
    ['answers byte by byte without end', drip, 'has not answered within 5 s'],
    ['is a proxy that knows no such page', page(404), 'does not answer as Vault does (404)'],
    ['is a proxy whose server is down', page(502), 'answered 502; its own log says why'],
    ['resets the connection', reset, 'broke off the connection (ECONNRESET)'],
    ['answers with a page', page(200), 'does not answer as Vault does (200)'],
    ['answers without end', flood, 'does not answer as Vault does (200)'],
    ['answers with something else', json({ data: VALUE }), 'SALLYPORT_VAULT_MOUNT'],
    ['answers with nothing', (_, response) => response.end(), 'SALLYPORT_VAULT_MOUNT'],
    ['has no such path', json({ errors: [VALUE] }, 404), 'has no KV v2 store there'],
    ['forbids it', json(leaking, 403), 'does not know the token in '],
    ['finds fault with it', json(leaking, 400), 'answered 400; its own log says why'],
    ['fails', json(leaking, 500), 'answered 500; its own log says why'],
    ['is sealed', json(leaking, 503), 'is sealed or not ready; unseal it'],
    ['is a standby', json({}, 429), 'or is a standby'],
  ])('%s: every call is unavailable, and tells nothing', async (_, handler, said) => {
    const store = await open();
    server.turn(handler);
    const calls = [
      store.get('a/b'),
      store.get('a/c', 1),
      store.put('a/b', VALUE, 1),
      store.destroy('a/b', 1),
      store.names(),
      store.probe(),
    ];
    const since = performance.now();
    const ends = await Promise.allSettled(calls);
    expect(performance.now() - since).toBeLessThan(15_000);
    for (const [index, end] of ends.entries()) {
      // A destroy has no answer to look at, and a probe none to read.
      if (said === 'SALLYPORT_VAULT_MOUNT' && (index === 3 || index === 5)) continue;
      expect(end.status, String(index)).toBe('rejected');
      const { reason } = end as PromiseRejectedResult;
      expect(reason).toMatchObject({ code: 'secret.unavailable' });
      expect(String(reason)).not.toMatch(/canary/);
      expect(JSON.stringify(reason)).not.toMatch(/canary/);
    }
    expect((ends[0] as PromiseRejectedResult).reason.detail).toContain(
      said === 'SALLYPORT_VAULT_MOUNT' ? '"value"' : said,
    );
    server.turn(undefined);
    expect((await store.get('a/b'))?.value).toBe('kept');
  });

  it('is not there: the setting is named', async () => {
    const store = await open();
    await server.close();
    await expect(store.get('a/b')).rejects.toMatchObject({
      code: 'secret.unavailable',
      detail: expect.stringContaining('cannot be reached (ECONNREFUSED)') as string,
    });
    server = await startStandIn();
  });

  it('sends us elsewhere: nobody is followed, and the token stays here', async () => {
    const other = await startStandIn();
    const store = await open();
    server.turn((request, response) => {
      response.writeHead(307, { location: `${other.address}${request.url ?? ''}` }).end();
    });
    await expect(store.get('a/b')).rejects.toMatchObject({
      code: 'secret.unavailable',
      detail: expect.stringContaining('redirects are not followed') as string,
    });
    expect(other.asked).toEqual([]);
    await other.close();
  });

  it('answers with another version than it was asked for: it is not taken for that one', async () => {
    const store = await open();
    await expect(store.get('a/b', 7)).rejects.toMatchObject({ code: 'secret.unavailable' });
  });

  it('is not asked for versions that are none', async () => {
    const store = await open();
    const before = server.asked.length;
    for (const version of [0, -1, 1.5, Number.NaN, Infinity, 1_001])
      expect(await store.get('a/b', version)).toBeUndefined();
    expect(await store.get('../../sys/mounts')).toBeUndefined();
    await store.destroy('a/b', 0);
    await store.promote('../a', 1);
    expect(server.asked).toHaveLength(before);
  });

  it('is not named with what it takes to log in elsewhere', async () => {
    const store = await open();
    expect(inspect(store, { depth: 9, showHidden: true })).not.toContain('canary');
  });
});

describe('A right that the policy lacks', () => {
  it('makes one login more, not one for every call that is refused', async () => {
    const files = makeFiles();
    const server = await startStandIn();
    try {
      const store = await openOn(server.address, files.write('token', TOKEN))();
      const logins = () => server.asked.filter((path) => path.endsWith('/lookup-self')).length;
      const before = logins();
      server.turn((request, response) => {
        if (request.url?.endsWith('/lookup-self') === true)
          json({ data: { ttl: 0, renewable: false } })(request, response);
        else json({ errors: [] }, 403)(request, response);
      });
      for (let i = 0; i < 10; i += 1)
        await expect(store.probe()).rejects.toMatchObject({ code: 'secret.unavailable' });
      expect(logins() - before).toBe(1);
    } finally {
      await server.close();
      files.remove();
    }
  });
});

describe('Logging in with a service account of Kubernetes', () => {
  it('reads the file at every login, and twenty callers whose token is refused log in once', async () => {
    const files = makeFiles();
    const jwts: string[] = [];
    let tokens = 0;
    const server = await startStandIn({
      '/v1/auth/kubernetes/login': (request, response) => {
        let text = '';
        request.on('data', (chunk: Buffer) => (text += chunk.toString()));
        request.on('end', () => {
          jwts.push(text);
          tokens += 1;
          const auth = { client_token: `t${tokens}`, lease_duration: 3_600, renewable: true };
          json({ auth })(request, response);
        });
      },
      '/v1/secret/data/sallyport/a/b': (request, response) => {
        const isGood = request.headers['x-vault-token'] === `t${tokens}` && !isRevoked();
        const metadata = { version: 1, created_time: '2026-11-28T00:00:00Z' };
        const data = { data: { value: 'x' }, metadata: { ...metadata, ...ALIVE } };
        json(isGood ? { data } : { errors: [] }, isGood ? 200 : 403)(request, response);
      },
    });
    let revoked = 0;
    const isRevoked = () => tokens <= revoked;
    const ALIVE = { deletion_time: '', destroyed: false };
    try {
      const jwtFile = files.write('jwt', 'first.jwt');
      const auth = { method: 'kubernetes', role: 'sallyport', jwtFile } as const;
      const store = await openOn(server.address, '')({ auth });
      expect((await store.get('a/b'))?.value).toBe('x');
      files.write('jwt', 'second.jwt');
      revoked = 1;
      await Promise.all(Array.from({ length: 20 }, () => store.get('a/b')));
      expect(jwts.map((jwt) => JSON.parse(jwt) as unknown)).toEqual([
        { role: 'sallyport', jwt: 'first.jwt' },
        { role: 'sallyport', jwt: 'second.jwt' },
      ]);
    } finally {
      await server.close();
      files.remove();
    }
  });
});
