import { readFileSync } from 'node:fs';
import { generateSecret, generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createVerifyDecision } from '../../src/activities/verify-decision.ts';
import { VOIDED_SIGNAL } from '../../src/core/engine-details.ts';
import type { PersonRecord } from '../../src/core/records.ts';
import { TOTP_GUESSES } from '../../src/core/totp-guesses.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

/**
 * Threat: somebody who can signal workflows and forges, replays or guesses a person's one-time code (P4). Each
 * refusal is followed by the same thing done right, so that none is refused for another reason.
 */

const file = 'policy/default.cedar';
const text = readFileSync(file, 'utf8');
const load = (more = ''): Policy =>
  loadPolicy({ text: `${text}${more}`, file, actions: POLICY_ACTIONS });
const usual = load();
const withPasskey = load(`
@id("with-a-passkey")
@reason("Notes need a passkey.")
forbid (principal, action == Action::"create_note", resource)
when { Role::"approver".passkeyApprovals < 1 };
`);

const STEP_SECONDS = 30;
/** In the middle of a step, as the clock of most. */
const NOON = Math.floor(START.getTime() / 1000 / STEP_SECONDS) * STEP_SECONDS + 15;

let place: SqlitePlace;
let store: Store;
/** Seconds since 1970. */
let clock = NOON;
let policy = usual;
let refused = 0;
let accepted = 0;

beforeAll(async () => {
  place = await sqlitePlace();
  store = await place.open({ clock: () => new Date(clock * 1000) });
  const { agentId: id } = waitingRequest(1, {});
  await store.commit((tx) => tx.agents.insert(agent(1, { id, groups: ['assistants'] })));
});
afterAll(async () => {
  console.log(
    `P4 (TOTP): ${refused} forged or replayed codes refused, ${accepted} good ones taken`,
  );
  await place.close();
});

let number = 0;
/** A write that waits; whoever asked for it. */
async function waiting(userId = 'dana@acme.test', change: object = {}): Promise<number> {
  number += 1;
  const mine = number;
  const action = { action: 'create_note', contact_id: '20001', note: 'Called.' };
  const expiresAt = new Date((clock + 86_400) * 1000);
  const of = waitingRequest(mine, {
    submission: { userId, prompt: 'Note that I called.', action },
    expiresAt,
    ...change,
  });
  await store.commit((tx) => insertWaiting(tx, of));
  return mine;
}

let people = 0;
async function somebody(change: Partial<PersonRecord> = {}): Promise<PersonRecord> {
  people += 1;
  const one = person(people, {
    id: `per_${String(people).padStart(12, '0')}`,
    roles: ['approver'],
    totpSecret: generateSecret(),
    ...change,
  });
  await store.commit((tx) => tx.people.insert(one));
  return one;
}

const codeOf = ({ totpSecret: secret }: PersonRecord, at = clock): string =>
  generateSync({ secret, epoch: at });
const word = (of: PersonRecord, change: object = {}): Record<string, unknown> => ({
  person: of.email,
  decision: 'approve',
  code: codeOf(of),
  ...change,
});

const send = (at: number, ...signals: readonly unknown[]) =>
  createVerifyDecision({
    store,
    policy: () => policy,
    timing: { approvalValidMs: 60_000 },
    clock: () => new Date(clock * 1000),
  } as unknown as ActivityDependencies)(requestId(at), signals);

/** Nothing was decided by it, and whoever sent it is told why. */
async function expectRefused(at: number, signal: unknown, code = 'approval.unproven') {
  const before = await store.decisions.of(requestId(at));
  const { notes } = await send(at, signal);
  expect(notes?.at(-1)).toContain(`Refused (${code})`);
  expect(await store.decisions.of(requestId(at))).toEqual(before);
  refused += 1;
}
async function expectTaken(at: number, signal: unknown): Promise<void> {
  expect((await send(at, signal)).kind).toBe('approved');
  accepted += 1;
}

/** A code that is none of this person's, around now. */
const wrongCode = (of: PersonRecord): string => {
  const near = [-60, -30, 0, 30, 60].map((drift) => codeOf(of, clock + drift));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
    (code) => !near.includes(code),
  )!;
};
const digitsFrom = (zero: number, code: string): string =>
  code.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));

type Forge = (of: PersonRecord, other: PersonRecord) => unknown;
const code =
  (make: (of: PersonRecord, other: PersonRecord) => unknown): Forge =>
  (of, other) =>
    word(of, { code: make(of, other) });

const FORGED: readonly (readonly [string, Forge])[] = [
  ['of two steps ago', code((of) => codeOf(of, clock - 60))],
  ['of two steps ahead', code((of) => codeOf(of, clock + 60))],
  ['of an hour ago', code((of) => codeOf(of, clock - 3_600))],
  ['of tomorrow', code((of) => codeOf(of, clock + 86_400))],
  ['of the clock in milliseconds', code((of) => codeOf(of, clock * 1000))],
  ['of another person', code((_, other) => codeOf(other))],
  [
    'made with a secret of nobody',
    code(() => generateSync({ secret: generateSecret(), epoch: clock })),
  ],
  [
    'made with SHA-256',
    code(({ totpSecret: secret }) => generateSync({ secret, epoch: clock, algorithm: 'sha256' })),
  ],
  [
    'made with steps of a minute',
    code(({ totpSecret: secret }) => generateSync({ secret, epoch: clock, period: 60 })),
  ],
  [
    'made for a counter from zero',
    code(({ totpSecret: secret }) => generateSync({ secret, strategy: 'hotp', counter: 0 })),
  ],
  [
    'of eight digits',
    code(({ totpSecret: secret }) => generateSync({ secret, epoch: clock, digits: 8 })),
  ],
  ['guessed', code(wrongCode)],
  ['without its last digit', code((of) => codeOf(of).slice(0, 5))],
  ['with a digit more', code((of) => `${codeOf(of)}0`)],
  ['with a zero before it', code((of) => `0${codeOf(of)}`)],
  ['in full-width digits', code((of) => digitsFrom(0xff10, codeOf(of)))],
  ['in Arabic digits', code((of) => digitsFrom(0x0660, codeOf(of)))],
  ['in Devanagari digits', code((of) => digitsFrom(0x0966, codeOf(of)))],
  ['with a blank before it', code((of) => ` ${codeOf(of)}`)],
  ['with a blank inside', code((of) => `${codeOf(of).slice(0, 3)} ${codeOf(of).slice(3)}`)],
  ['with a line break after it', code((of) => `${codeOf(of)}\n`)],
  ['with something invisible in it', code((of) => `${codeOf(of)}\u200b`)],
  ['as a number', code((of) => Number(codeOf(of)))],
  ['as a list', code((of) => [codeOf(of)])],
  ['in hexadecimal', code((of) => `0x${Number(codeOf(of)).toString(16)}`)],
  [
    'backwards',
    // One that reads the same both ways has a digit more.
    code((of) => {
      const back = Array.from(codeOf(of)).toReversed().join('');
      return back === codeOf(of) ? `${back}0` : back;
    }),
  ],
  ['empty', code(() => '')],
  ['not there', code(() => undefined)],
  ['named for somebody else', (of, other) => word(of, { person: other.email })],
  ['for a person by name', (of) => word(of, { person: of.name })],
  ['for a person of nobody', (of) => word(of, { person: 'nobody@acme.test' })],
  ['for two persons', (of, other) => word(of, { person: [of.email, other.email] })],
  ['beside a field more', (of) => word(of, { proof: 'passkey' })],
  ['beside a digest', (of) => word(of, { digest: 'd1'.repeat(32) })],
  ['for a decision that is none', (of) => word(of, { decision: 'APPROVE' })],
  ['with a reason without end', (of) => word(of, { reason: 'x'.repeat(501) })],
  ['as text', (of) => JSON.stringify(word(of))],
  ['in a list', (of) => [word(of)]],
  ['that came in clear', () => VOIDED_SIGNAL],
];

describe('a code', () => {
  it.each(FORGED)('%s is refused, and the right one is taken', async (_how, forge) => {
    const [of, other] = [await somebody(), await somebody()];
    const at = await waiting();
    await expectRefused(at, forge(of, other));
    await expectTaken(at, word(of));
  });

  it('is taken in every second of its own step and of the steps beside it, and in no other', async () => {
    const from = Math.floor(NOON / STEP_SECONDS) * STEP_SECONDS;
    const taken: number[] = [];
    for (let second = -35; second < 65; second += 1) {
      clock = NOON;
      const of = await somebody();
      const at = await waiting();
      const signal = word(of, { code: codeOf(of, from) });
      clock = from + second;
      if ((await send(at, signal)).kind === 'approved') taken.push(second);
      else refused += 1;
    }
    clock = NOON;
    accepted += taken.length;
    expect(taken).toEqual(Array.from({ length: 90 }, (_, i) => i - 30));
  });
});

describe('a code that was used', () => {
  it('decides nothing again on the same request, is refused on another, and so is an older one after it', async () => {
    const of = await somebody();
    const [at, other] = [await waiting(), await waiting()];
    const used = word(of);
    await expectTaken(at, used);
    const decided = await store.decisions.of(requestId(at));
    await send(at, used);
    await send(at, { ...used, decision: 'reject' });
    expect(await store.decisions.of(requestId(at))).toEqual(decided);
    expect(await store.requests.status(requestId(at))).toBe('approved');
    await expectRefused(other, used);
    await expectRefused(other, { ...used, decision: 'reject' });
    await expectRefused(other, word(of, { person: of.id }));
    await expectRefused(other, word(of, { code: codeOf(of, clock - STEP_SECONDS) }));
    clock += STEP_SECONDS;
    await expectTaken(other, word(of));
    clock = NOON;
  });

  it('decides once of a hundred at once', async () => {
    const of = await somebody();
    const requests = await Promise.all(Array.from({ length: 10 }, () => waiting()));
    const signal = word(of);
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => send(requests[i % requests.length]!, signal)),
    );
    const decisions = await Promise.all(requests.map((at) => store.decisions.of(requestId(at))));
    expect(decisions.flat()).toHaveLength(1);
    refused += 99;
    accepted += 1;
  });

  it('stays used when the gateway was restarted', async () => {
    const of = await somebody();
    const [at, other] = [await waiting(), await waiting()];
    const signal = word(of);
    await expectTaken(at, signal);
    await store.close();
    store = await place.open({ clock: () => new Date(clock * 1000) });
    await expectRefused(other, signal);
  });
});

describe('a good code of somebody who may not', () => {
  it('because they were revoked', async () => {
    const of = await somebody();
    const at = await waiting();
    await store.commit((tx) => tx.people.revoke(of.id));
    await expectRefused(at, word(of));
    await expectTaken(at, word(await somebody()));
  });

  it('because they asked for it, or hold no role', async () => {
    const [of, guest] = [await somebody(), await somebody({ roles: ['viewer'] })];
    const at = await waiting(of.email);
    await expectRefused(at, word(of), 'approval.own_request');
    await expectRefused(at, word(guest), 'approval.not_eligible');
    await expectTaken(at, word(await somebody()));
  });

  it('because a passkey is needed, on the card or by policy since', async () => {
    const of = await somebody();
    const { card } = waitingRequest(1, {});
    const requires = { ...card!.requires, passkey: true };
    const [shown, since] = [await waiting(undefined, { card: { requires } }), await waiting()];
    await expectRefused(shown, word(of), 'approval.elsewhere');
    policy = withPasskey;
    clock += STEP_SECONDS;
    await expectRefused(since, word(of), 'approval.passkey_required');
    clock += STEP_SECONDS;
    expect((await send(since, word(of, { decision: 'reject' }))).kind).toBe('ended');
    policy = usual;
    clock = NOON;
  });

  it('because it is too late', async () => {
    const of = await somebody();
    const late = await waiting(undefined, { expiresAt: new Date((clock - 1) * 1000) });
    expect(await send(late, word(of))).toMatchObject({
      kind: 'ended',
      notes: [expect.stringContaining('Refused (approval.expired)')],
    });
    const gone = await waiting();
    await send(gone, word(await somebody(), { decision: 'reject' }));
    const { notes } = await send(gone, word(await somebody()));
    expect(notes?.[0]).toContain('Refused (approval.closed)');
    refused += 2;
  });

  it('because too many wrong ones were tried, whatever request; others go on', async () => {
    const of = await somebody();
    for (let guess = 0; guess < TOTP_GUESSES.max; guess += 1) {
      const near = [-30, 0, 30].map((drift) => codeOf(of, clock + drift));
      const wrong = Array.from({ length: 40 }, (_, i) => String(i).padStart(6, '0'))
        .filter((one) => !near.includes(one))
        .at(guess);
      await expectRefused(await waiting(), word(of, { code: wrong }));
    }
    const at = await waiting();
    await expectRefused(at, word(of));
    await expectTaken(at, word(await somebody()));
    clock += TOTP_GUESSES.pauseMs / 1000;
    await expectTaken(await waiting(), word(of));
    clock = NOON;
  });
});

describe('the count', () => {
  it('has at least twenty variants', () => {
    expect(FORGED.length).toBeGreaterThanOrEqual(20);
    expect(refused).toBeGreaterThan(FORGED.length);
  });
});
