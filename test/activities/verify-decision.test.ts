import { readFileSync } from 'node:fs';
import { generateSecret, generateSync } from 'otplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createVerifyDecision, SIGNAL_LIMITS } from '../../src/activities/verify-decision.ts';
import { VOIDED_SIGNAL } from '../../src/core/engine-details.ts';
import { TOTP_GUESSES } from '../../src/core/totp-guesses.ts';
import { recordDecision } from '../../src/gate/decisions.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';
import { logEntries } from '../support/log-entries.ts';

const file = 'policy/default.cedar';
const policy = loadPolicy({ text: readFileSync(file, 'utf8'), file, actions: POLICY_ACTIONS });
const rules = { policy, approvalValidMs: 60_000 };

const lena = person(1, { roles: ['approver'], totpSecret: generateSecret() });
const omar = person(2, { roles: ['approver'], totpSecret: generateSecret() });
const minutes = (count: number): number => count * 60_000;

let place: SqlitePlace;
let store: Store;
let now: Date;
/** Of the log, when the requests wait. */
let sizeBefore: number;

const open = async (): Promise<void> => {
  store = await place.open({ clock: () => now });
};

const waiting = (number: number) =>
  waitingRequest(number, {
    submission: {
      userId: 'dana@acme.test',
      prompt: 'Note that I called.',
      action: { action: 'create_note', contact_id: '20001', note: 'Called.' },
    },
    expiresAt: new Date(START.getTime() + minutes(60 * 24)),
  });

beforeEach(async () => {
  now = START;
  place = await sqlitePlace();
  await open();
  await store.commit(async (tx) => {
    for (const one of [lena, omar]) await tx.people.insert(one);
    await tx.agents.insert(agent(1, { groups: ['assistants'], id: waiting(1).agentId }));
    for (let number = 1; number <= 5; number += 1) await insertWaiting(tx, waiting(number));
  });
  sizeBefore = await store.log.size();
});
afterEach(() => place.close());

const verify = (number: number, signals: readonly unknown[]) =>
  createVerifyDecision({
    store,
    policy: () => policy,
    timing: { approvalValidMs: rules.approvalValidMs },
    clock: () => now,
  } as unknown as ActivityDependencies)(requestId(number), signals);

const codeOf = (of: typeof lena): string =>
  generateSync({ secret: of.totpSecret, epoch: Math.floor(now.getTime() / 1000) });

/** The nth of many codes that are wrong for everybody now and around now. */
function wrongCode(nth: number): string {
  const near = [-30, 0, 30].flatMap((drift) =>
    [lena, omar].map(({ totpSecret: secret }) =>
      generateSync({ secret, epoch: Math.floor(now.getTime() / 1000) + drift }),
    ),
  );
  const wrong = Array.from({ length: nth + 8 }, (_, i) => String(i).padStart(6, '0'));
  return wrong.filter((code) => !near.includes(code))[nth] ?? '';
}

const signal = (code: string, of = lena, decision = 'approve') => ({
  person: of.email,
  decision,
  code,
});
const guesses = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => signal(wrongCode(from + i)));

interface Entry {
  readonly actor: string;
  readonly code: string | null;
  readonly request_id: string | null;
  readonly facts: Record<string, unknown>;
}
const logged = (): Promise<Entry[]> => logEntries(store, sizeBefore);
const pausesIn = (entries: readonly Entry[]): Entry[] =>
  entries.filter(({ facts }) => facts['totp_paused_until'] !== undefined);

describe('signals that prove nothing', () => {
  it('are no guesses when they name nobody, and do not close the way for the real approver', async () => {
    const bogus = Array.from({ length: 50 }, (_, i) =>
      i % 2 === 0 ? { hello: i } : signal('000000', { ...lena, email: `nobody${i}@acme.test` }),
    );
    await verify(1, bogus);
    expect((await verify(1, [signal(codeOf(lena))])).kind).toBe('approved');
  });

  it('are logged a few times for each request, however many there are', async () => {
    for (let round = 0; round < 5; round += 1) await verify(1, Array(100).fill('approve!'));
    expect(await logged()).toHaveLength(SIGNAL_LIMITS.anonymousEntriesMax);
    expect((await logged()).at(-1)?.facts['further']).toBe('not logged');
    await verify(2, ['approve!']);
    expect(await logged()).toHaveLength(SIGNAL_LIMITS.anonymousEntriesMax + 1);
  });

  it('never make one request’s part of the log longer than the limit', async () => {
    for (let round = 0; round < 8; round += 1) {
      await verify(1, [...guesses(20), ...guesses(20).map((of) => ({ ...of, person: omar.id }))]);
      now = new Date(now.getTime() + minutes(20));
    }
    const own = (await logged()).filter(({ request_id: id }) => id === requestId(1));
    expect(own).toHaveLength(SIGNAL_LIMITS.entriesMax);
  });
});

describe('wrong codes', () => {
  it('pause the codes of that person on every request, and are logged as a pause once', async () => {
    for (let number = 1; number <= 4; number += 1) await verify(number, guesses(3, number * 3));
    const standing = await verify(5, [signal(codeOf(lena)), ...guesses(5, 40)]);
    expect(standing).toMatchObject({
      kind: 'waiting',
      notes: expect.arrayContaining([expect.stringContaining('paused')]),
    });
    const pauses = pausesIn(await logged());
    expect(pauses).toHaveLength(1);
    expect(pauses[0]).toMatchObject({
      code: 'approval.unproven',
      request_id: null,
      facts: { person: lena.id, wrong_codes: TOTP_GUESSES.max },
    });
    const wrong = (await logged()).filter(({ facts }) => facts['reason'] === 'code');
    expect(wrong).toHaveLength(TOTP_GUESSES.max);
  });

  it('leave other people and other ways to decide open', async () => {
    await verify(1, guesses(TOTP_GUESSES.max));
    expect((await verify(2, [signal(codeOf(omar), omar)])).kind).toBe('approved');
    const person = (await store.people.get(lena.id))!;
    const digest = waiting(1).digest ?? '';
    const made = {
      requestId: requestId(1),
      person,
      proof: 'key',
      decision: 'approve',
      digest,
    } as const;
    const decided = await store.commit((tx) => recordDecision(tx, made, rules));
    expect(decided).toEqual({ kind: 'decided', status: 'approved' });
  });

  it('stay counted over a restart, and are forgotten after the pause', async () => {
    await verify(1, guesses(TOTP_GUESSES.max));
    await store.close();
    await open();
    now = new Date(now.getTime() + TOTP_GUESSES.pauseMs - 1_000);
    expect((await verify(1, [signal(codeOf(lena))])).kind).toBe('waiting');
    now = new Date(now.getTime() + 1_000);
    expect((await verify(1, [signal(codeOf(lena))])).kind).toBe('approved');
  });

  it('over a long time are the slips of a person', async () => {
    for (let slip = 0; slip < 3 * TOTP_GUESSES.max; slip += 1) {
      await verify(1, guesses(1, slip));
      now = new Date(now.getTime() + TOTP_GUESSES.pauseMs / 4);
    }
    expect(pausesIn(await logged())).toEqual([]);
    expect((await verify(1, [signal(codeOf(lena))])).kind).toBe('approved');
  });

  it('count once when the step runs twice', async () => {
    for (let run = 0; run < TOTP_GUESSES.max + 1; run += 1) await verify(1, guesses(2));
    expect((await store.people.get(lena.id))?.totpGuesses).toHaveLength(2);
    expect(await logged()).toHaveLength(2);
  });

  it('are not the codes that were good and were used before', async () => {
    const used = signal(codeOf(lena));
    await verify(1, [used]);
    for (let again = 0; again < TOTP_GUESSES.max; again += 1) await verify(2, [used]);
    expect((await store.requests.get(requestId(2)))?.status).toBe('awaiting_approval');
    expect((await store.people.get(lena.id))?.totpGuesses).toEqual([]);
  });
});

describe('what a signal is told', () => {
  const AT = `${START.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const told = async (number: number, ...signals: readonly unknown[]) =>
    (await verify(number, signals)).notes;

  it('is one and the same for a wrong person, a wrong code and a used one', async () => {
    const used = signal(codeOf(omar), omar);
    await verify(2, [used]);
    const nobody = signal('000000', { ...lena, email: 'nobody@acme.test' });
    const notes = (await told(1, nobody, ...guesses(1), used)) ?? [];
    expect(notes[0]).toMatch(new RegExp(`^${AT} Refused \\(approval.unproven\\): nobody proved`));
    expect(new Set(notes).size).toBe(1);
  });

  it('says what is wrong with one that cannot be read, or came in clear', async () => {
    const [unreadable, voided] = (await told(1, { person: 'x' }, VOIDED_SIGNAL)) ?? [];
    expect(unreadable).toContain('it was not read. It takes {"person"');
    expect(voided).toContain('it came in clear');
    expect((await logged()).map(({ facts }) => facts['reason'])).toEqual([
      'unreadable signal',
      'voided signal',
    ]);
  });

  it('says that codes are paused, and what counted', async () => {
    const paused = (await told(1, ...guesses(TOTP_GUESSES.max), signal(codeOf(lena)))) ?? [];
    expect(paused.at(-1)).toContain('too many wrong codes');
    const [counted] = (await told(2, signal(codeOf(omar), omar))) ?? [];
    expect(counted).toBe(`${AT} ${omar.name}: the approval counts.`);
    const [late] = (await told(2, { ...signal(codeOf(omar), omar), decision: 'reject' })) ?? [];
    expect(late).toContain('Refused');
  });
});

describe('a card that is not decided by signal', () => {
  const LONG = 'x'.repeat(20_000);
  const field = { label: 'Note', property: 'hs_note_body', before: null, after: LONG };
  const cardOf = () => waiting(1).card!;
  const CARDS: readonly [string, object, string][] = [
    ['a field too long for it', { changes: [field] }, '1 of 1 field cannot be shown in full here.'],
    ['high risk', { risk: 'destructive' }, 'Risk high'],
    [
      'a passkey that is needed',
      { requires: { ...cardOf().requires, passkey: true } },
      'Policy asks for a passkey.',
    ],
    ['hidden characters', { changes: [{ ...field, after: 'a\u202eb' }] }, 'Risk high: hidden'],
  ];
  let number = 5;

  async function insert(change: object): Promise<number> {
    number += 1;
    const of = waiting(number);
    const card = { ...of.card!, ...change };
    await store.commit((tx) => insertWaiting(tx, { ...of, card, requirement: card.requires }));
    sizeBefore = await store.log.size();
    return number;
  }

  it.each(CARDS)(
    'because of %s is not approved, says why, and is in the log',
    async (_, change, why) => {
      const at = await insert(change);
      const standing = await verify(at, [signal(codeOf(lena))]);
      expect(standing.kind).toBe('waiting');
      expect(standing.notes?.[0]).toContain('Refused (approval.elsewhere)');
      expect(standing.notes?.[0]).toContain(why);
      expect(await store.decisions.of(requestId(at))).toEqual([]);
      expect(await logged()).toMatchObject([
        {
          event: 'approval.refused',
          actor: `person:${lena.id}`,
          code: 'approval.elsewhere',
          request_id: requestId(at),
          facts: { decision: 'approve', proof: 'totp' },
        },
      ]);
    },
  );

  it.each(CARDS)('because of %s is rejected all the same', async (_, change) => {
    const at = await insert(change);
    const standing = await verify(at, [signal(codeOf(lena), lena, 'reject')]);
    expect(standing).toMatchObject({
      kind: 'ended',
      notes: [expect.stringContaining('rejection')],
    });
    expect((await store.requests.get(requestId(at)))?.status).toBe('rejected');
  });

  it('tells nobody without a code why', async () => {
    const at = await insert({ risk: 'destructive' });
    const { notes } = await verify(at, guesses(1));
    expect(notes?.[0]).toContain('approval.unproven');
  });
});
