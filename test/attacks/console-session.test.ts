import { connect } from 'node:net';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Agent, fetch, type RequestInit, type Response } from 'undici';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createConsole } from '../../src/console/create-console.ts';
import { REFUSALS_PER_MINUTE, type RefusedStep } from '../../src/console/refusals.ts';
import { formToken } from '../../src/console/session.ts';
import type { SessionRecord } from '../../src/core/records.ts';
import { hashKey, mintKey } from '../../src/gate/keys.ts';
import { revokePasskey } from '../../src/gate/passkeys.ts';
import { revokePerson } from '../../src/gate/roster.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { enrol, inviteTo, type PasskeyHolder, signIn } from '../support/passkeys.ts';

/**
 * Threat: somebody who forges, replays or plants the console's cookie, or has another site use it (P4). Beside
 * the forgeries stands the same thing done right.
 */

let gateway: TestGateway;
let origin: string;
let lena: PasskeyHolder;
let mallory: PasskeyHolder;
/** Lena's, which stands all the time. */
let token: string;
let others: string;
let refused = 0;
const dispatcher = new Agent();

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  ({ origin } = gateway.config);
  lena = await enrol(gateway, (await gateway.addPerson('Lena Ott')).record);
  mallory = await enrol(gateway, (await gateway.addPerson('Mallory Roe')).record);
  ({ token } = await signIn(gateway, lena));
  ({ token: others } = await signIn(gateway, mallory));
});
afterAll(async () => {
  console.log(`P4 (console session): ${refused} forged or replayed variants refused`);
  await dispatcher.close();
  await gateway.close();
});

const store = () => gateway.context.store;
const api = (): string => `http://127.0.0.1:${gateway.config.ports.api}`;

/** By the configured name, as a browser comes. */
const ask = (path: string, options: RequestInit = {}, base = origin): Promise<Response> =>
  fetch(`${base}${path}`, { dispatcher, redirect: 'manual', ...options });
const withCookie = (cookie: string, path = '/console', headers: Record<string, string> = {}) =>
  ask(path, { headers: { cookie, ...headers } });

/** Led to the door: no page of the console, nothing of its content. */
async function expectDoor(answer: Response): Promise<void> {
  const text = await answer.text();
  expect([answer.status, answer.headers.get('location')?.split('?')[0]]).toEqual([
    303,
    '/console/sign-in',
  ]);
  expect(text).not.toMatch(/Lena|Mallory|sps_/);
  refused += 1;
}

const flip = (text: string): string => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
const parts = (of: string): [string, string, string] => {
  const [kind = '', id = '', ...rest] = of.split('_');
  return [kind, id, rest.join('_')];
};
const HOUR = 3_600_000;
let rows = 0;

/** One that began earlier, as its row would be now. */
async function rowed(change: Partial<SessionRecord>): Promise<string> {
  rows += 1;
  const id = `ses_${String(rows).padStart(16, '0')}`;
  const made = mintKey('session', id);
  const passkey = await store().passkeys.find(lena.passkey.credentialId);
  const row = {
    id,
    personId: lena.person.id,
    tokenHash: hashKey(made),
    proof: 'passkey' as const,
    passkeyId: passkey?.id ?? '',
    createdAt: new Date(Date.now() - 6 * HOUR),
    lastSeenAt: new Date(Date.now() - 1_000),
    expiresAt: new Date(Date.now() + 6 * HOUR),
    endedAt: null,
    ...change,
  };
  await store().commit((tx) => tx.sessions.insert(row));
  return made;
}
const cookie = (value: string): string => `sallyport=${value}`;

const FORGED: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['none', () => 'theme=dark'],
  ['an empty one', () => cookie('')],
  [
    'one with another first letter of its secret',
    () => {
      const [kind, id, secret] = parts(token);
      return cookie(`${kind}_${id}_${flip(secret)}`);
    },
  ],
  [
    'one with another last letter',
    () => cookie(`${token.slice(0, -1)}${token.endsWith('A') ? 'Q' : 'A'}`),
  ],
  ['one cut short', () => cookie(token.slice(0, -1))],
  ['one that is longer', () => cookie(`${token}A`)],
  ['one in capitals', () => cookie(token.toUpperCase())],
  [
    'one with the id of somebody else’s',
    () => cookie(`sps_${parts(others)[1]}_${parts(token)[2]}`),
  ],
  [
    'one with the secret of somebody else’s',
    () => cookie(`sps_${parts(token)[1]}_${parts(others)[2]}`),
  ],
  ['one of no session', () => cookie(mintKey('session', `ses_${'0'.repeat(15)}x`))],
  ['one’s hash', () => cookie(hashKey(token))],
  ['a person’s key', () => cookie(gateway.approver.key)],
  ['an agent’s key', () => cookie(gateway.agent.key)],
  ['an invitation', async () => cookie(await inviteTo(gateway, lena.person))],
  ['a form’s token', () => cookie(formToken(token))],
  ['one in quotes', () => cookie(`"${token}"`)],
  ['one percent-encoded', () => cookie(token.replace('sps_', '%73ps_'))],
  ['one with a blank inside', () => cookie(token.replace('_', ' _'))],
  ['one with a comma after it', () => `${cookie(token)}, a=b`],
  ['one as a bearer', () => cookie(`Bearer ${token}`)],
  [
    'two, its own and a stranger’s',
    () => `${cookie(token)}; ${cookie(mintKey('session', `ses_${'0'.repeat(16)}`))}`,
  ],
  ['two, another person’s and its own', () => `${cookie(others)}; ${cookie(token)}`],
  ['one under the name of https', () => `__Host-sallyport=${token}`],
  ['one under another name', () => `sallyport_session=${token}`],
  ['one under its name in capitals', () => `SALLYPORT=${token}`],
  ['one in another’s value', () => `a="${cookie(token)}"`],
  [
    'one whose twelve hours are over',
    async () => cookie(await rowed({ expiresAt: new Date(Date.now() - 1) })),
  ],
  [
    'one that idled for an hour',
    async () => cookie(await rowed({ lastSeenAt: new Date(Date.now() - HOUR) })),
  ],
  ['one that was ended', async () => cookie(await rowed({ endedAt: new Date(Date.now() - 1) }))],
  [
    'one with a person that is not its passkey’s',
    async () => cookie(await rowed({ personId: mallory.person.id })),
  ],
  [
    'one of a person who was revoked',
    async () => {
      const left = await enrol(gateway, (await gateway.addPerson('Left Already')).record);
      const { token: mine } = await signIn(gateway, left);
      expect((await withCookie(cookie(mine))).status).toBe(200);
      await store().commit((tx) => revokePerson(tx, { id: left.person.id, by: 'test' }));
      return cookie(mine);
    },
  ],
  [
    'one of a passkey that was revoked',
    async () => {
      const lost = await enrol(gateway, (await gateway.addPerson('Lost Device')).record);
      const { token: mine } = await signIn(gateway, lost);
      const passkey = await store().passkeys.find(lost.passkey.credentialId);
      await store().commit((tx) => revokePasskey(tx, { id: passkey?.id ?? '', by: 'test' }));
      return cookie(mine);
    },
  ],
  [
    'one that signed out',
    async () => {
      const { token: mine } = await signIn(gateway, lena);
      const body = new URLSearchParams({ form_token: formToken(mine) });
      const left = await ask('/console/sign-out', {
        method: 'POST',
        body,
        headers: { origin, cookie: cookie(mine) },
      });
      expect(left.headers.get('set-cookie')).toMatch(/^sallyport=;/);
      return cookie(mine);
    },
  ],
];

describe('a cookie', () => {
  it.each(FORGED)('%s opens nothing', async (_how, forge) => {
    await expectDoor(await withCookie(await forge()));
    const own = await withCookie(cookie(token));
    expect([own.status, await own.text()]).toEqual([200, expect.stringContaining('Lena Ott')]);
  });

  it('opens until its last seconds', async () => {
    for (const change of [
      { expiresAt: new Date(Date.now() + 20_000) },
      { lastSeenAt: new Date(Date.now() - HOUR + 20_000) },
    ])
      expect((await withCookie(cookie(await rowed(change)))).status).toBe(200);
  });

  it('is the one place where a token counts', async () => {
    const query = new URLSearchParams({ sallyport: token, token, session: token }).toString();
    await expectDoor(await ask(`/console?${query}`));
    await expectDoor(await ask('/console', { headers: { authorization: `Bearer ${token}` } }));
    await expectDoor(
      await ask('/console', { headers: { 'x-session': token, 'x-sallyport': token } }),
    );
  });

  it('is not planted by an address, a form or a redirect', async () => {
    const inject = encodeURIComponent('/console\r\nSet-Cookie: sallyport=planted');
    for (const path of [
      `/console/sign-in?next=${inject}`,
      `/console/sign-in?sallyport=planted`,
      `/console/approvals/${inject}`,
      `/console?note=${inject}`,
    ]) {
      expect((await ask(path)).headers.get('set-cookie')).toBeNull();
      // By the machine's address it is led to the name, with what stood behind.
      const led = await ask(path, {}, api());
      expect(led.headers.get('set-cookie')).toBeNull();
      expect(led.headers.get('location') ?? origin).toMatch(new RegExp(`^(?:${origin}|/console)`));
      refused += 1;
    }
  });

  it('is not planted by raw line breaks in a request', async () => {
    const { port } = new URL(api());
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.end(
      `GET /console/x\rSet-Cookie: sallyport=planted HTTP/1.1\r\nHost: ${new URL(origin).host}\r\n\r\n`,
    );
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toMatch(/set-cookie/i);
    refused += 1;
  });

  it('that somebody chose beforehand is worth nothing after its victim signed in', async () => {
    const planted = mintKey('session', `ses_${'f'.repeat(16)}`);
    const options: any = await (
      await ask('/console/sign-in/options', {
        method: 'POST',
        headers: { origin, cookie: cookie(planted) },
      })
    ).json();
    const credential = lena.authenticator.get(options, lena.passkey);
    const answer = await ask('/console/sign-in', {
      method: 'POST',
      body: JSON.stringify({ credential }),
      headers: { origin, cookie: cookie(planted), 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(200);
    const given = answer.headers.get('set-cookie') ?? '';
    expect(given).toMatch(/^sallyport=sps_[^;]+; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(given).not.toContain(planted);
    await expectDoor(await withCookie(cookie(planted)));
    expect((await withCookie(given.split(';')[0]!)).status).toBe(200);
  });
});

interface Sent {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly path?: string;
  readonly method?: string;
}
type Forge = (good: Sent, of: { readonly digest: string }) => Sent | Promise<Sent>;
const headers =
  (change: (own: string) => Record<string, string | undefined>): Forge =>
  (good) => {
    const made = { ...good.headers, ...change(origin) };
    const given = Object.entries(made).filter(([, value]) => value !== undefined);
    return { ...good, headers: Object.fromEntries(given) as Record<string, string> };
  };
const from = (other: (own: string) => string | undefined): Forge =>
  headers((own) => ({ origin: other(own) }));
const body =
  (change: (fields: URLSearchParams) => void): Forge =>
  (good) => {
    const fields = new URLSearchParams(good.body);
    change(fields);
    return { ...good, body: fields.toString() };
  };
const formed =
  (value: () => string | Promise<string>): Forge =>
  async (good, of) => {
    const made = await value();
    return body((fields) => {
      fields.set('form_token', made);
    })(good, of);
  };

const FORMS: readonly (readonly [string, Forge])[] = [
  ['without an origin', from(() => undefined)],
  ['from another site', from(() => 'https://evil.test')],
  ['from a page without one', from(() => 'null')],
  ['from this name on another port', from((own) => own.replace(/\d+$/, '1'))],
  ['from this name on https', from((own) => own.replace('http:', 'https:'))],
  ['from a name that begins like this one', from((own) => `${own}.evil.test`)],
  ['from a name that ends like this one', from((own) => own.replace('://', '://evil.'))],
  ['from the machine’s address', from((own) => own.replace('localhost', '127.0.0.1'))],
  ['from this origin with a path', from((own) => `${own}/`)],
  ['from this origin in capitals', from((own) => own.toUpperCase())],
  ['from two origins', from((own) => `${own}, https://evil.test`)],
  [
    'with a referer in place of the origin',
    headers((own) => ({ origin: undefined, referer: `${own}/console` })),
  ],
  ['that the browser says is cross-site', headers(() => ({ 'sec-fetch-site': 'cross-site' }))],
  ['that the browser says is of a neighbour', headers(() => ({ 'sec-fetch-site': 'same-site' }))],
  ['that the browser says is of no page', headers(() => ({ 'sec-fetch-site': 'none' }))],
  [
    'without the form’s token',
    body((fields) => {
      fields.delete('form_token');
    }),
  ],
  ['with an empty one', formed(() => '')],
  [
    'with two',
    body((fields) => {
      fields.append('form_token', fields.get('form_token') ?? '');
    }),
  ],
  ['with one that was changed', formed(() => flip(formToken(token)))],
  ['with one cut short', formed(() => formToken(token).slice(0, -1))],
  ['with the session’s token in its place', formed(() => token)],
  ['with that of another person’s session', formed(() => formToken(others))],
  [
    'with that of the same person’s other session',
    formed(async () => formToken((await signIn(gateway, lena)).token)),
  ],
  [
    'with its token in the address',
    (good) => {
      const fields = new URLSearchParams(good.body);
      const given = fields.get('form_token') ?? '';
      fields.delete('form_token');
      return { ...good, body: fields.toString(), path: `?form_token=${given}` };
    },
  ],
  ['as plain text, which any page may send', headers(() => ({ 'content-type': 'text/plain' }))],
  ['as a form with files', headers(() => ({ 'content-type': 'multipart/form-data; boundary=x' }))],
  ['with the cookie of another person', headers(() => ({ cookie: cookie(others) }))],
];

describe('a form', () => {
  let asked = 0;
  const waiting = async (): Promise<{ id: string; digest: string }> => {
    asked += 1;
    const action = { action: 'create_note', contact_id: '20001', note: `Forged ${asked}.` };
    const { body: made } = await gateway.submit(action);
    return { id: made.id, digest: made.digest };
  };
  const send = (id: string, { path = '', method = 'POST', ...sent }: Sent) =>
    ask(`/console/approvals/${id}/approve${path}`, { method, ...sent });
  const goodFor = (digest: string): Sent => ({
    headers: {
      origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
      cookie: cookie(token),
    },
    body: new URLSearchParams({ form_token: formToken(token), digest }).toString(),
  });

  it.each(FORMS)('%s is refused and decides nothing; the right one counts', async (_how, forge) => {
    const { id, digest } = await waiting();
    const good = goodFor(digest);
    const answer = await send(id, await forge(good, { digest }));
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('sps_');
    expect(await store().decisions.of(id)).toEqual([]);
    refused += 1;
    expect((await send(id, good)).headers.get('location')).toBe(`/console/approvals/${id}`);
    expect(await store().decisions.of(id)).toMatchObject([
      { personId: lena.person.id, proof: 'session' },
    ]);
  });

  it('is no link: an address decides nothing, whatever stands in it', async () => {
    const { id, digest } = await waiting();
    const query = `?form_token=${formToken(token)}&digest=${digest}&_method=POST`;
    const { headers: own } = goodFor(digest);
    for (const extra of [{}, { 'x-http-method-override': 'POST' }]) {
      const answer = await ask(`/console/approvals/${id}/approve${query}`, {
        headers: { cookie: own['cookie'] ?? '', origin, ...extra },
      });
      expect(answer.status).toBe(404);
      refused += 1;
    }
    expect(await store().decisions.of(id)).toEqual([]);
  });

  it('of a session that ended is led to the door, and decides nothing', async () => {
    const { id, digest } = await waiting();
    const over = await rowed({ endedAt: new Date(Date.now() - 1) });
    const good = goodFor(digest);
    const fields = new URLSearchParams({ form_token: formToken(over), digest });
    await expectDoor(
      await send(id, {
        headers: { ...good.headers, cookie: cookie(over) },
        body: fields.toString(),
      }),
    );
    expect(await store().decisions.of(id)).toEqual([]);
  });
});

describe('a step that was refused', () => {
  let server: Server;
  let base: string;
  const told: RefusedStep[] = [];

  beforeAll(async () => {
    const app = express();
    const { port } = new URL(api());
    const onRefused = (step: RefusedStep): void => void told.push(step);
    const of = { origin, api: { host: '127.0.0.1', port: Number(port) }, onRefused };
    app.use('/console', createConsole(of));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/console`;
  });
  afterAll(() => server.close());

  const post = async (
    path: string,
    fields: Record<string, string>,
    more: Record<string, string> = {},
  ) => {
    const { length } = told;
    const answer = await fetch(`${base}${path}`, {
      method: 'POST',
      dispatcher,
      redirect: 'manual',
      body: new URLSearchParams(fields),
      headers: { origin, cookie: cookie(token), ...more },
    });
    await answer.text();
    await expect.poll(() => told.length).toBeGreaterThanOrEqual(length);
    return told.slice(length);
  };

  it('leaves one line, with the place, the code, and nothing of what was sent', async () => {
    const form_token = formToken(token);
    const id = `act_${'0'.repeat(26)}`;
    const at = `/approvals/${id}`;
    const digest = 'd1'.repeat(32);
    const lines = [
      await post(`${at}/approve`, { digest }),
      await post(`${at}/approve`, { form_token, digest }, { cookie: '' }),
      await post(`${at}/approve`, { form_token, digest }),
      await post(`${at}/approve`, { form_token, digest, passkey: 'not json lena@acme.test' }),
      await post(`${at}/reject`, { form_token, digest }),
      await post('/enrol', { invitation: 'lena@acme.test' }),
      await post('/sign-in', { credential: 'lena@acme.test' }),
      await post('/lena@acme.test', { form_token }),
    ];
    expect(lines).toEqual([
      [{ place: '/approvals/:id/approve', status: 403, code: 'form.foreign' }],
      [{ place: '/approvals/:id/approve', status: 303, code: 'person.unauthenticated' }],
      [{ place: '/approvals/:id/approve', status: 303, code: 'approval.not_found' }],
      [{ place: '/approvals/:id/approve', status: 303, code: 'approval.unproven' }],
      [{ place: '/approvals/:id/reject', status: 303, code: 'reason.missing' }],
      [{ place: '/enrol', status: expect.any(Number), code: expect.stringMatching(/^\w+\.\w+$/) }],
      [
        {
          place: '/sign-in',
          status: expect.any(Number),
          code: expect.stringMatching(/^\w+\.\w+$/),
        },
      ],
      [{ place: 'nowhere', status: 404, code: 'request.not_found' }],
    ]);
    expect(JSON.stringify(told)).not.toMatch(/lena|@|sps_|act_/);
  });

  it('leaves none when it was taken, and none for a look', async () => {
    const { length } = told;
    await (
      await fetch(`${base}/approvals/nothing`, { dispatcher, headers: { cookie: cookie(token) } })
    ).text();
    await post('/sign-in/options', {});
    expect(told).toHaveLength(length);
  });

  it('leaves so many lines a minute, and the last says that no more follow', async () => {
    for (let at = 0; at < 2 * REFUSALS_PER_MINUTE; at += 1) await post('/freezes', {});
    expect(told.filter(({ isLast }) => isLast === true).length).toBeGreaterThanOrEqual(1);
    expect(told.length).toBeLessThanOrEqual(2 * REFUSALS_PER_MINUTE);
  });
});

describe('the count', () => {
  it('has at least twenty variants of each', () => {
    expect(FORGED.length).toBeGreaterThanOrEqual(20);
    expect(FORMS.length).toBeGreaterThanOrEqual(20);
    expect(refused).toBeGreaterThanOrEqual(FORGED.length + FORMS.length);
  });
});
