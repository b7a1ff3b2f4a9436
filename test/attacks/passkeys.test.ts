import { generateKeyPairSync } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { PersonRecord, SessionRecord } from '../../src/core/records.ts';
import { hashKey, mintKey } from '../../src/gate/keys.ts';
import { revokePasskey } from '../../src/gate/passkeys.ts';
import { revokePerson } from '../../src/gate/roster.ts';
import { agent, request, requestId } from '../adapters/store/fixtures.ts';
import type { Forgery } from '../support/authenticator.ts';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  enrol,
  enrolmentOptions,
  inviteTo,
  type PasskeyHolder,
  signIn,
  signInOptions,
  signInWith,
} from '../support/passkeys.ts';
import { runInFile } from '../support/store-file.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

/**
 * Threat: somebody who forges or replays what a passkey signs, a session or an invitation (P4, P6). Beside
 * each row of forgeries stands the same thing done right, so that no forgery is refused for another reason.
 */

let gateway: TestGateway;
let lena: PasskeyHolder;
let mallory: PasskeyHolder;
let refused = 0;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  lena = await enrol(gateway, (await gateway.addPerson('Lena Ott')).record);
  mallory = await enrol(gateway, (await gateway.addPerson('Mallory Roe')).record);
});
afterAll(async () => {
  console.log(`P4 (WebAuthn): ${refused} forged or replayed variants, ${refused} refused`);
  await gateway.close();
});

const store = () => gateway.context.store;
const stranger = () => gateway.caller(undefined);

/** Counts a refusal: this status and code, and no key, token or address in the answer. */
function expectRefused(answer: Answer, status: number, code: string): void {
  expect(answer).toMatchObject({ status, body: { code } });
  expect(JSON.stringify(answer.body)).not.toMatch(/sp[apsi]_|@/);
  refused += 1;
}

/** Changes the file as somebody would who has it and not the key. */
function tamper(statement: string, ...values: SQLInputValue[]): void {
  expect(runInFile(gateway.config.files.store, statement, ...values)).toBeGreaterThan(0);
}

let count = 0;
const newPerson = async (): Promise<PersonRecord> => {
  count += 1;
  return (await gateway.addPerson(`Person ${count}`)).record;
};
const newHolder = async (): Promise<PasskeyHolder> => enrol(gateway, await newPerson());

const strangersKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const flip = (text: string): string => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;

/** Wrong in the same way for a sign-in and for a decision. */
const FORGERIES: readonly (readonly [string, () => Forgery])[] = [
  ['on another origin', () => ({ origin: 'https://gate.acme.test.evil.test' })],
  ['on another port of this machine', () => ({ origin: 'http://localhost:1' })],
  [
    'on this machine by address',
    () => ({ origin: gateway.config.origin.replace('localhost', '127.0.0.1') }),
  ],
  ['for another RP ID', () => ({ rpId: 'evil.test' })],
  ['of the type of a registration', () => ({ type: 'webauthn.create' })],
  ['of the type of a payment', () => ({ type: 'payment.get' })],
  ['for another challenge', () => ({ challenge: Buffer.alloc(32, 7).toString('base64url') })],
  ['for no challenge', () => ({ challenge: '' })],
  ['in a frame of another page', () => ({ crossOrigin: true })],
  ['under another top page', () => ({ crossOrigin: true, topOrigin: 'https://evil.test' })],
  ['without user verification', () => ({ isVerified: false })],
  ['without user presence', () => ({ isPresent: false })],
  ['without either', () => ({ isPresent: false, isVerified: false })],
  ['signed with a key of nobody', () => ({ signer: strangersKey })],
  ['signed with another person’s key', () => ({ signer: mallory.passkey.keys.privateKey })],
  ['naming another person', () => ({ userHandle: mallory.passkey.userHandle })],
  ['as another person’s credential', () => ({ credentialId: mallory.passkey.credentialId })],
  [
    'as a credential of nobody',
    () => ({ credentialId: Buffer.alloc(32, 9).toString('base64url') }),
  ],
  ['with rawId of another', () => ({ after: (of) => (of.rawId = mallory.passkey.credentialId) })],
  [
    'with another signature',
    () => ({ after: (of) => (of.response.signature = flip(of.response.signature)) }),
  ],
  [
    'with signed data changed afterwards',
    () => ({
      after: (of) => {
        const data = Buffer.from(of.response.authenticatorData, 'base64url');
        data.writeUInt32BE(data.readUInt32BE(33) + 1, 33);
        of.response.authenticatorData = data.toString('base64url');
      },
    }),
  ],
  [
    'with page data changed afterwards',
    () => ({
      after: (of) => {
        const text = Buffer.from(of.response.clientDataJSON, 'base64url').toString();
        of.response.clientDataJSON = Buffer.from(`${text} `).toString('base64url');
      },
    }),
  ],
  [
    'with data cut short',
    () => ({
      after: (of) => (of.response.authenticatorData = of.response.authenticatorData.slice(0, 40)),
    }),
  ],
  [
    'with page data that is no JSON',
    () => ({ after: (of) => (of.response.clientDataJSON = 'AAAA') }),
  ],
  ['with the counter it showed last', () => ({ counter: lena.passkey.counter - 1 })],
  ['with a counter that went back', () => ({ counter: 1 })],
  ['with the counter back at zero', () => ({ counter: 0 })],
];

describe('a forged sign-in', () => {
  it.each(FORGERIES)(
    '%s is refused as any other is, and uses its challenge up',
    async (_how, forgery) => {
      const options = await signInOptions(gateway);
      const forged = lena.authenticator.get(options, lena.passkey, forgery());
      expectRefused(await signInWith(gateway, forged), 401, 'passkey.refused');
      await signIn(gateway, lena);
    },
  );

  it('that names no person is refused, for nobody has said who they are', async () => {
    const options = await signInOptions(gateway);
    const forged = lena.authenticator.get(options, lena.passkey, { userHandle: null });
    expectRefused(await signInWith(gateway, forged), 401, 'passkey.refused');
  });

  it('leaves the challenge no second guess', async () => {
    const options = await signInOptions(gateway);
    const wrong = lena.authenticator.get(options, lena.passkey, { isVerified: false });
    await signInWith(gateway, wrong);
    const right = lena.authenticator.get(options, lena.passkey);
    expectRefused(await signInWith(gateway, right), 401, 'passkey.refused');
  });

  it('with a copy of a passkey is in the log as that', async () => {
    const options = await signInOptions(gateway);
    await signInWith(gateway, lena.authenticator.get(options, lena.passkey, { counter: 1 }));
    const { log } = store();
    const size = await log.size();
    const entries = (await log.leaves(0, size)).map((leaf) =>
      JSON.parse(Buffer.from(leaf).toString()),
    );
    const suspected = entries.filter(({ event }) => event === 'passkey.suspected').at(-1);
    expect(suspected.facts).toMatchObject({ person: lena.person.id, shown: 1 });
    // Whoever cannot sign cannot raise the alarm either.
    const forged = { counter: 1, signer: strangersKey };
    await signInWith(
      gateway,
      lena.authenticator.get(await signInOptions(gateway), lena.passkey, forged),
    );
    const later = (await log.leaves(size, await log.size())).map((leaf) =>
      Buffer.from(leaf).toString(),
    );
    expect(later.filter((text) => text.includes('passkey.suspected'))).toEqual([]);
  });
});

describe('a replayed sign-in', () => {
  it('is refused, also when a hundred copies come at once', async () => {
    const credential = lena.authenticator.get(await signInOptions(gateway), lena.passkey);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => signInWith(gateway, credential)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expectRefused(await signInWith(gateway, credential), 401, 'passkey.refused');
  });

  it('is refused for an authenticator without a counter as well', async () => {
    const synced = await enrol(gateway, await newPerson(), { counts: false });
    const credential = synced.authenticator.get(await signInOptions(gateway), synced.passkey);
    expect((await signInWith(gateway, credential)).status).toBe(201);
    expectRefused(await signInWith(gateway, credential), 401, 'passkey.refused');
  });

  it('whose challenge was made unused in the file is refused', async () => {
    const options = await signInOptions(gateway);
    expect((await signInWith(gateway, lena.authenticator.get(options, lena.passkey))).status).toBe(
      201,
    );
    tamper('update challenges set used_at = null where value = ?', options.challenge);
    const again = lena.authenticator.get(options, lena.passkey);
    expectRefused(await signInWith(gateway, again), 500, 'plan.tampered');
  });

  it('of a challenge whose five minutes are over is refused', async () => {
    const value = Buffer.alloc(32, 3).toString('base64url');
    const expiresAt = new Date(Date.now() - 1);
    await store().commit((tx) =>
      tx.challenges.insert({ value, purpose: 'sign_in', personId: null, expiresAt, usedAt: null }),
    );
    const options = { challenge: value, rpId: 'localhost' };
    const late = lena.authenticator.get(options, lena.passkey);
    expectRefused(await signInWith(gateway, late), 401, 'passkey.refused');
  });

  it('with what a decision signed, or an enrolment was asked, is refused', async () => {
    const digest = Buffer.alloc(32, 5).toString('base64url');
    const decision = lena.authenticator.get({ challenge: digest, rpId: 'localhost' }, lena.passkey);
    expectRefused(await signInWith(gateway, decision), 401, 'passkey.refused');
    const { challenge } = await enrolmentOptions(gateway, await inviteTo(gateway, lena.person));
    const enrolment = lena.authenticator.get({ challenge, rpId: 'localhost' }, lena.passkey);
    expectRefused(await signInWith(gateway, enrolment), 401, 'passkey.refused');
  });
});

describe('a passkey that counts no more', () => {
  const tryOf = async ({ authenticator, passkey }: PasskeyHolder): Promise<Answer> =>
    signInWith(gateway, authenticator.get(await signInOptions(gateway), passkey));

  it('signs nobody in once it or its person was revoked', async () => {
    const [first, second] = [await newHolder(), await newHolder()];
    const { id } = (await store().passkeys.find(first.passkey.credentialId)) ?? { id: '' };
    await store().commit((tx) => revokePasskey(tx, { id, by: 'test' }));
    expectRefused(await tryOf(first), 401, 'passkey.refused');
    await store().commit((tx) => revokePerson(tx, { id: second.person.id, by: 'test' }));
    expectRefused(await tryOf(second), 401, 'passkey.refused');
  });

  it.each([
    ['given to another person', 'person_id', () => mallory.person.id],
    [
      'renamed to another credential',
      'credential_id',
      () => mallory.passkey.credentialId.toUpperCase(),
    ],
    ['revoked and taken back', 'revoked_at', () => null],
  ])('signs nobody in when its row was edited: %s', async (_how, column, value) => {
    const holder = await newHolder();
    const { credentialId } = holder.passkey;
    const { id } = (await store().passkeys.find(credentialId)) ?? { id: '' };
    if (column === 'revoked_at')
      await store().commit((tx) => revokePasskey(tx, { id, by: 'test' }));
    tamper(`update passkeys set ${column} = ? where id = ?`, value(), id);
    const credential = holder.authenticator.get(await signInOptions(gateway), holder.passkey, {
      credentialId: column === 'credential_id' ? String(value()) : credentialId,
    });
    expectRefused(await signInWith(gateway, credential), 500, 'plan.tampered');
  });

  it('signs nobody in for another when its sealed key is copied into their row', async () => {
    const victim = await newHolder();
    tamper(
      'update passkeys set content = (select content from passkeys where credential_id = ?) where credential_id = ?',
      mallory.passkey.credentialId,
      victim.passkey.credentialId,
    );
    const forged = {
      credentialId: victim.passkey.credentialId,
      userHandle: victim.passkey.userHandle,
    };
    const credential = mallory.authenticator.get(
      await signInOptions(gateway),
      mallory.passkey,
      forged,
    );
    expectRefused(await signInWith(gateway, credential), 500, 'plan.tampered');
  });
});

describe('a forged enrolment', () => {
  const post = (invitation: unknown, credential: unknown, call = stranger()): Promise<Answer> =>
    call('POST', '/v1/passkeys', { body: { invitation, credential, label: 'Forged' } });
  const make = async (invitation: string, forgery: Forgery = {}) =>
    lena.authenticator.create(await enrolmentOptions(gateway, invitation), forgery).credential;

  const WRONG: readonly (readonly [string, () => Forgery])[] = [
    ...FORGERIES.slice(0, 13).filter(([how]) => !how.includes('type of a registration')),
    ['of the type of a sign-in', () => ({ type: 'webauthn.get' })],
    ['as another person’s credential', () => ({ credentialId: mallory.passkey.credentialId })],
    ['with an algorithm that was not asked for', () => ({ algorithm: -65_535 })],
    [
      'with an object cut short',
      () => ({
        after: (of) => (of.response.attestationObject = of.response.attestationObject.slice(0, 60)),
      }),
    ],
  ];

  it.each(WRONG)('%s is refused, and the invitation still works', async (_how, forgery) => {
    const invitation = await inviteTo(gateway, await newPerson());
    const forged = await make(invitation, forgery());
    expectRefused(await post(invitation, forged), 401, 'passkey.refused');
    expect((await post(invitation, await make(invitation))).status).toBe(201);
  });

  it('is refused when it was sent before, with the same invitation and with another', async () => {
    const person = await newPerson();
    const [first, second] = [await inviteTo(gateway, person), await inviteTo(gateway, person)];
    const credential = await make(first);
    expect((await post(first, credential)).status).toBe(201);
    expectRefused(await post(first, credential), 401, 'invitation.refused');
    expectRefused(await post(second, credential), 401, 'passkey.refused');
    // With a fresh challenge, but a credential that is known.
    expect(await store().passkeys.of(person.id)).toHaveLength(1);
  });

  it('is refused with the challenge of another person, or of a sign-in', async () => {
    const [own, others] = [
      await inviteTo(gateway, await newPerson()),
      await inviteTo(gateway, lena.person),
    ];
    expectRefused(await post(own, await make(others)), 401, 'passkey.refused');
    const { challenge } = await signInOptions(gateway);
    expectRefused(await post(own, await make(own, { challenge })), 401, 'passkey.refused');
  });

  it('is refused for whoever was not invited, whatever key or session they have', async () => {
    const { call } = await signIn(gateway, mallory);
    const invitation = await inviteTo(gateway, await newPerson());
    const credential = await make(invitation);
    const { token } = await signIn(gateway, lena);
    for (const none of ['', token, gateway.approver.key, gateway.agent.key]) {
      expectRefused(await post(none, credential, call), 401, 'invitation.refused');
      const options = { body: { invitation: none } };
      const asked = await gateway.approver.call('POST', '/v1/passkeys/options', options);
      expectRefused(asked, 401, 'invitation.refused');
    }
  });

  it('is done once, however many send at once', async () => {
    const person = await newPerson();
    const invitation = await inviteTo(gateway, person);
    const credentials = [];
    for (let i = 0; i < 10; i += 1) credentials.push(await make(invitation));
    const answers = await Promise.all(credentials.map((one) => post(invitation, one)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await store().passkeys.of(person.id)).toHaveLength(1);
  });
});

describe('the five minutes of a challenge', () => {
  const MINUTES_MS = 300_000;
  const setClock = (ms: number): void => {
    vi.useFakeTimers({ toFake: ['Date'], now: ms });
  };
  afterEach(() => {
    vi.useRealTimers();
  });
  const TIMES = [0, 1, 60, 240, 298, 299, 301, 302, 360, 3_600, 86_400];

  it('are good for a sign-in up to their last second, and for none after', async () => {
    const taken: number[] = [];
    const from = Date.now();
    for (const seconds of TIMES) {
      setClock(from);
      const options = await signInOptions(gateway);
      setClock(from + seconds * 1_000);
      const answer = await signInWith(gateway, lena.authenticator.get(options, lena.passkey));
      if (answer.status === 201) taken.push(seconds);
      else expectRefused(answer, 401, 'passkey.refused');
    }
    expect(taken).toEqual(TIMES.filter((seconds) => seconds * 1_000 < MINUTES_MS));
  });

  it('are good for an enrolment up to their last second, and for none after', async () => {
    const taken: number[] = [];
    const from = Date.now();
    // Beyond a day the invitation itself is over.
    for (const seconds of TIMES.filter((one) => one < 86_400)) {
      setClock(from);
      const invitation = await inviteTo(gateway, await newPerson());
      const options = await enrolmentOptions(gateway, invitation);
      const { credential } = lena.authenticator.create(options);
      setClock(from + seconds * 1_000);
      const answer = await stranger()('POST', '/v1/passkeys', {
        body: { invitation, credential, label: 'Laptop' },
      });
      if (answer.status === 201) taken.push(seconds);
      else expectRefused(answer, 401, 'passkey.refused');
    }
    expect(taken).toEqual(TIMES.filter((seconds) => seconds * 1_000 < MINUTES_MS));
  });

  it('do not begin anew when the clock is set back', async () => {
    const from = Date.now();
    setClock(from);
    const options = await signInOptions(gateway);
    const signed = lena.authenticator.get(options, lena.passkey);
    setClock(from + MINUTES_MS + 1_000);
    expectRefused(await signInWith(gateway, signed), 401, 'passkey.refused');
    setClock(from);
    expectRefused(await signInWith(gateway, signed), 401, 'passkey.refused');
  });
});

describe('an invitation', () => {
  const ask = (invitation: string): Promise<Answer> =>
    stranger()('POST', '/v1/passkeys/options', { body: { invitation } });
  const idOf = (token: string): string => `inv_${token.split('_')[1] ?? ''}`;

  it('is worth nothing after its day, after its use, or without its person', async () => {
    const id = `inv_${'0'.repeat(16)}`;
    const over = mintKey('invitation', id);
    const times = { createdAt: new Date(0), expiresAt: new Date(Date.now() - 1), usedAt: null };
    const row = { id, personId: lena.person.id, tokenHash: hashKey(over), ...times };
    await store().commit((tx) => tx.invitations.insert(row));
    expectRefused(await ask(over), 401, 'invitation.refused');

    const used = await inviteTo(gateway, lena.person);
    await store().commit((tx) => tx.invitations.use(idOf(used)));
    expectRefused(await ask(used), 401, 'invitation.refused');

    const leaver = await newPerson();
    const left = await inviteTo(gateway, leaver);
    await store().commit((tx) => revokePerson(tx, { id: leaver.id, by: 'test' }));
    expectRefused(await ask(left), 401, 'invitation.refused');
  });

  it('is worth nothing when a character of its token is another', async () => {
    const token = await inviteTo(gateway, lena.person);
    const [kind = '', id = '', secret = ''] = token.split(/_(?=.)/, 3);
    for (const forged of [
      `${kind}_${id}_${flip(secret)}`,
      mintKey('invitation', `inv_${id}`),
      token.slice(0, -1),
    ])
      expectRefused(await ask(forged), 401, 'invitation.refused');
    expect((await ask(token)).status).toBe(200);
  });

  it.each([
    ['person_id', () => mallory.person.id],
    ['expires_at', () => 9e15],
    ['used_at', () => null],
    ['token_hash', () => hashKey('anything')],
  ])('is worth nothing when its %s was edited in the file', async (column, value) => {
    const token = await inviteTo(gateway, lena.person);
    if (column === 'used_at') await store().commit((tx) => tx.invitations.use(idOf(token)));
    tamper(`update invitations set ${column} = ? where id = ?`, value(), idOf(token));
    expectRefused(await ask(token), 500, 'plan.tampered');
  });
});

describe('a session', () => {
  const HOUR = 3_600_000;
  const at = (ms: number): Date => new Date(Date.now() + ms);
  const use = (token: string): Promise<Answer> =>
    gateway.caller(token)('GET', '/v1/sessions/current');
  const idOf = (token: string): string => `ses_${token.split('_')[1] ?? ''}`;
  let number = 0;

  /** One that began earlier, as its row would be now. */
  async function earlier(change: Partial<SessionRecord>): Promise<string> {
    number += 1;
    const id = `ses_${String(number).padStart(16, '0')}`;
    const token = mintKey('session', id);
    const passkey = await store().passkeys.find(lena.passkey.credentialId);
    await store().commit((tx) =>
      tx.sessions.insert({
        id,
        personId: lena.person.id,
        tokenHash: hashKey(token),
        proof: 'passkey',
        passkeyId: passkey?.id ?? '',
        createdAt: at(-6 * HOUR),
        lastSeenAt: at(-1_000),
        expiresAt: at(6 * HOUR),
        endedAt: null,
        ...change,
      }),
    );
    return token;
  }

  it('stands for twelve hours and an hour without use, and is over then', async () => {
    expect((await use(await earlier({}))).status).toBe(200);
    expect((await use(await earlier({ lastSeenAt: at(-0.99 * HOUR) }))).status).toBe(200);
    expect((await use(await earlier({ expiresAt: at(5_000) }))).status).toBe(200);
    for (const change of [
      { expiresAt: at(-1) },
      { lastSeenAt: at(-HOUR) },
      { lastSeenAt: at(-30 * HOUR) },
      { endedAt: at(-1) },
    ])
      expectRefused(await use(await earlier(change)), 401, 'person.unauthenticated');
  });

  it('goes on for as long as it is used', async () => {
    const token = await earlier({ lastSeenAt: at(-0.9 * HOUR) });
    expect((await use(token)).status).toBe(200);
    const seen = (await store().sessions.get(idOf(token)))?.lastSeenAt;
    expect(Date.now() - (seen?.getTime() ?? 0)).toBeLessThan(10_000);
  });

  it('of another person or passkey than its own opens nothing', async () => {
    const token = await earlier({ personId: mallory.person.id });
    expectRefused(await use(token), 401, 'person.unauthenticated');
    expectRefused(
      await use(await earlier({ passkeyId: 'psk_none' })),
      401,
      'person.unauthenticated',
    );
  });

  it('ends with its person, and with its passkey', async () => {
    const [first, second] = [await newHolder(), await newHolder()];
    const tokens = [
      (await signIn(gateway, first)).token,
      (await signIn(gateway, second)).token,
    ] as const;
    await store().commit((tx) => revokePerson(tx, { id: first.person.id, by: 'test' }));
    expectRefused(await use(tokens[0]), 401, 'person.unauthenticated');
    const { id } = (await store().passkeys.find(second.passkey.credentialId)) ?? { id: '' };
    expect((await use(tokens[1])).status).toBe(200);
    await store().commit((tx) => revokePasskey(tx, { id, by: 'test' }));
    expectRefused(await use(tokens[1]), 401, 'person.unauthenticated');
  });

  it('is its token to the last character', async () => {
    const { token } = await signIn(gateway, lena);
    const [, id = '', secret = ''] = token.split(/_(?=.)/, 3);
    for (const forged of [
      `sps_${id}_${flip(secret)}`,
      `spp_${id}_${secret}`,
      mintKey('session', `ses_${id}`),
      token.slice(0, -1),
      `${token}A`,
      hashKey(token),
    ])
      expectRefused(await use(forged), 401, 'person.unauthenticated');
  });

  it.each([
    ['person_id', () => mallory.person.id],
    ['token_hash', () => hashKey('anything')],
    ['passkey_id', () => 'psk_none'],
    ['expires_at', () => 9e15],
    ['last_seen_at', () => 9e15],
    ['ended_at', () => null],
  ])('opens nothing when its %s was edited in the file', async (column, value) => {
    const { token, call } = await signIn(gateway, lena);
    if (column === 'ended_at') await call('DELETE', '/v1/sessions/current');
    tamper(`update sessions set ${column} = ? where id = ?`, value(), idOf(token));
    expectRefused(await use(token), 500, 'plan.tampered');
  });
});

describe('a forged approval', () => {
  let next = 0;
  /** A write that waits, on record and in the log. */
  async function waiting(): Promise<{ id: string; digest: string }> {
    next += 1;
    const action = { action: 'create_note', contact_id: '20001', note: 'Called.' };
    const submission = { userId: 'dana@acme.test', prompt: 'p', action };
    const times = {
      createdAt: new Date(),
      updatedAt: new Date(),
      expiresAt: new Date(Date.now() + 3_600_000),
    };
    const of = waitingRequest(next, { submission, ...times });
    await store().commit((tx) => insertWaiting(tx, of));
    return { id: requestId(next), digest: of.digest ?? '' };
  }
  const rpId = 'localhost';
  const challengeOf = (digest: string): string => Buffer.from(digest, 'hex').toString('base64url');
  const sign = (digest: string, forgery: Forgery = {}, by = lena) =>
    by.authenticator.get({ challenge: challengeOf(digest), rpId }, by.passkey, forgery);
  const decide = (
    call: TestGateway['approver']['call'],
    id: string,
    digest: string,
    passkey: unknown,
  ) =>
    call('POST', `/v1/approvals/${id}/decisions`, {
      body: { decision: 'approve', digest, passkey },
    });
  let call: TestGateway['approver']['call'];

  beforeAll(async () => {
    ({ call } = await signIn(gateway, lena));
    const { agentId: id } = request(1);
    await store().commit((tx) => tx.agents.insert(agent(1, { id, groups: ['assistants'] })));
  });

  it.each(FORGERIES)('%s is refused and decides nothing', async (_how, forgery) => {
    const { id, digest } = await waiting();
    expectRefused(
      await decide(call, id, digest, sign(digest, forgery())),
      401,
      'approval.unproven',
    );
    expect(await store().decisions.of(id)).toEqual([]);
    expect((await gateway.entriesOf(id)).at(-1)).toMatchObject({
      event: 'approval.refused',
      actor: `person:${lena.person.id}`,
      code: 'approval.unproven',
    });
    const answer = await decide(call, id, digest, sign(digest));
    expect(answer.body).toMatchObject({ status: 'approved' });
  });

  it('with the passkey of somebody else is refused, whoever of the two sends it', async () => {
    const { id, digest } = await waiting();
    const signed = sign(digest, {}, mallory);
    expectRefused(await decide(call, id, digest, signed), 401, 'approval.unproven');
    const other = await signIn(gateway, mallory);
    expectRefused(await decide(other.call, id, digest, sign(digest)), 401, 'approval.unproven');
  });

  it('with a passkey that was revoked is refused', async () => {
    const holder = await newHolder();
    const key = await gateway.addPerson('Key And Passkey');
    const both = await enrol(gateway, key.record);
    const { id, digest } = await waiting();
    const passkey = await store().passkeys.find(both.passkey.credentialId);
    await store().commit((tx) => revokePasskey(tx, { id: passkey?.id ?? '', by: 'test' }));
    expectRefused(
      await decide(key.call, id, digest, sign(digest, {}, both)),
      401,
      'approval.unproven',
    );
    expectRefused(
      await decide(key.call, id, digest, sign(digest, {}, holder)),
      401,
      'approval.unproven',
    );
  });

  it('that was sent before is refused, a hundred times at once', async () => {
    const { id, digest } = await waiting();
    const signed = sign(digest);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => decide(call, id, digest, signed)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await store().decisions.of(id)).toHaveLength(1);
    refused += 1;
  });

  it('P6: made for one digest counts for no other, 1,000 times of 1,000', async () => {
    const TIMES = 1_000;
    const tally = { unproven: 0, mismatch: 0 };
    let a = await waiting();
    for (let i = 0; i < TIMES; i += 1) {
      const b = await waiting();
      const signedForA = sign(a.digest);
      const onB = await decide(call, b.id, b.digest, signedForA);
      if (onB.status === 401 && onB.body.code === 'approval.unproven') tally.unproven += 1;
      const asA = await decide(call, b.id, a.digest, signedForA);
      if (asA.status === 409 && asA.body.code === 'approval.digest_mismatch') tally.mismatch += 1;
      expect(await store().decisions.of(b.id)).toEqual([]);
      a = b;
    }
    console.log(
      `P6: ${tally.unproven} of ${TIMES} assertions for digest A used on B refused, ${tally.mismatch} of ${TIMES} more with A's digest in the body`,
    );
    expect(tally).toEqual({ unproven: TIMES, mismatch: TIMES });
    // The last of them, used for what it was made for, is taken.
    expect((await decide(call, a.id, a.digest, sign(a.digest))).body.status).toBe('approved');
  }, 180_000);
});

describe('the count', () => {
  it('has at least twenty variants', () => {
    expect(refused).toBeGreaterThanOrEqual(20);
  });
});
