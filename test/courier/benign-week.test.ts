import { expect, it } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import { whyInConsole } from '../../src/core/notice-text.ts';
import { isPrompt } from '../../src/core/notices.ts';
import type { PersonRecord } from '../../src/core/records.ts';
import { recordDecision } from '../../src/gate/decisions.ts';
import { endOverdueGrants } from '../../src/gate/grants.ts';
import { type NoticePlace, oweAsked } from '../../src/gate/notices.ts';
import { remindOf, toBeReminded } from '../../src/gate/reminders.ts';
import type { Notifier } from '../../src/ports/notifier.ts';
import { requestId } from '../adapters/store/fixtures.ts';
import {
  type Asked,
  DEFAULT_POLICY,
  HOUR,
  lena,
  omar,
  ONE_PERSON,
  useAheadWorld,
} from '../support/allowed-ahead.ts';
import { createSeededRandom } from '../support/seeded-random.ts';

/**
 * P7: a benign week of forty actions a day, in the bursts in which agents work: a third of them reads, which ask
 * nobody, and of the writes one in twenty of high risk. Two approvers, who are asked by mail and come to look within
 * the hour.
 */
const MINUTE = 60_000;
const STEP = 5 * MINUTE;
const DAY = 24 * HOUR;
const DAYS = 5;
const PER_DAY = 40;
const PROMPTS_PER_HOUR = 4;
const PROMPTS_PER_DAY_MAX = 15;
const SEED = Number(process.env['SEED'] ?? 20_261_126);
const MAIL: NoticePlace = { channel: 'email', recipient: null };
const TWO = { ...ONE_PERSON, approvals: 2 };
const RULES = { policy: DEFAULT_POLICY, approvalValidMs: HOUR, selfApprovalMs: undefined };
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

const world = useAheadWorld();

interface Due {
  readonly at: number;
  readonly number: number;
  readonly isRead: boolean;
  readonly isHighRisk: boolean;
}

/** In bursts of one to six between half past eight and six; nothing at night or at the weekend. */
function drawWeek(random: ReturnType<typeof createSeededRandom>): Due[] {
  const week: Due[] = [];
  for (let day = 0; day < DAYS; day += 1) {
    let left = PER_DAY;
    while (left > 0) {
      const at = day * DAY + 8.5 * HOUR + random.next() * 9.5 * HOUR;
      const size = Math.min(left, random.below(6) + 1);
      for (let nth = 0; nth < size; nth += 1)
        week.push({
          at: at + nth * 20_000,
          number: day * PER_DAY + PER_DAY - left + nth + 1,
          isRead: random.chance(1 / 3),
          isHighRisk: random.chance(0.05),
        });
      left -= size;
    }
  }
  return week.toSorted((one, other) => one.at - other.at);
}

const cardOf = ({ isHighRisk, number }: Due): Asked => {
  if (!isHighRisk) return { expiresAt: new Date(world.now().getTime() + DAY) };
  const card = number % 2 === 0 ? { requires: TWO } : { risk: 'destructive' as const };
  return { expiresAt: new Date(world.now().getTime() + 4 * HOUR), card };
};

/** Everything that waits for this person, at one look. */
async function decideAll(
  person: PersonRecord,
  asked: ReadonlyMap<string, number>,
  took: number[],
): Promise<void> {
  const { rows } = await world.store.requests.waiting({ limit: 200 });
  for (const { id, digest, card } of rows) {
    const proof = card === null || whyInConsole(card) === undefined ? 'session' : 'passkey';
    const made = { requestId: id, person, proof, decision: 'approve' } as const;
    await world.store.commit((tx) => recordDecision(tx, { ...made, digest: digest! }, RULES));
    took.push(world.now().getTime() - (asked.get(id) ?? 0));
  }
}

/** What people were told, when they come to look, and what became of it. */
function createWeek(random: ReturnType<typeof createSeededRandom>) {
  const startMs = world.now().getTime();
  const perDay = new Map<string, number>();
  const looks = new Map<string, number>();
  const asked = new Map<string, number>();
  const ahead: string[] = [];
  const took: number[] = [];
  const tell: Notifier['tell'] = ({ notice }) => {
    const at = world.now().getTime() - startMs;
    if (isPrompt(notice)) {
      const day = `${notice.recipient} ${Math.floor(at / DAY)}`;
      perDay.set(day, (perDay.get(day) ?? 0) + 1);
      // Within the hour they look at all that waits.
      if (!looks.has(notice.recipient))
        looks.set(notice.recipient, at + (5 + random.below(50)) * MINUTE);
    }
    return Promise.resolve({ kind: 'sent', reference: null });
  };
  const courier = createCourier({
    cargo: 'requests',
    ...{ store: world.store, notifiers: [{ channel: 'email', tell }], logger },
    ...{ origin: 'https://gate.test', clock: world.now, promptsPerHour: PROMPTS_PER_HOUR },
  });
  return {
    ...{ perDay, ahead, asked, took },
    ask: async (due: Due): Promise<void> => {
      const id = requestId(due.number);
      asked.set(id, world.now().getTime());
      if (await world.ask(due.number, cardOf(due))) ahead.push(id);
      else await world.store.commit((tx) => oweAsked(tx, id, [MAIL]));
    },
    pass: async (at: number): Promise<void> => {
      for (const id of await toBeReminded(world.store, world.now(), 50))
        await remindOf(world.store, id);
      while ((await courier.deliver()) > 0);
      for (const person of [lena, omar])
        if ((looks.get(person.id) ?? Infinity) <= at) {
          looks.delete(person.id);
          await decideAll(person, asked, took);
        }
      world.pass(STEP);
    },
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;

it('P7: a benign week of 200 actions asks each of them 15 times a day at most, and allows nothing of high risk ahead', async () => {
  const random = createSeededRandom(SEED);
  const drawn = drawWeek(random);
  const writes = drawn.filter(({ isRead }) => !isRead);
  const week = createWeek(random);
  for (let at = 0; at < (DAYS + 2) * DAY; at += STEP) {
    // Each morning one of them allows the notes of a while ahead.
    if (at % DAY === 9 * HOUR && at < DAYS * DAY) {
      await world.store.commit(endOverdueGrants);
      await world.give({ maxUses: 5 });
    }
    for (const due of writes.filter((one) => one.at >= at && one.at < at + STEP))
      await week.ask(due);
    await week.pass(at);
  }
  const highRisk = writes.filter(({ isHighRisk }) => isHighRisk);
  const counts = [...week.perDay.values()];
  console.log('P7', {
    ...{ seed: SEED, actions: drawn.length, writes: writes.length, highRisk: highRisk.length },
    ...{ allowedAhead: week.ahead.length, promptsPerDay: counts.join(' ') },
    medianMinutesToDecide: Math.round(median(week.took) / MINUTE),
  });
  expect(drawn).toHaveLength(DAYS * PER_DAY);
  expect(highRisk).not.toEqual([]);
  expect(week.ahead).not.toEqual([]);
  expect(highRisk.filter(({ number }) => week.ahead.includes(requestId(number)))).toEqual([]);
  expect(counts).toHaveLength(2 * DAYS);
  expect(Math.max(...counts)).toBeLessThanOrEqual(PROMPTS_PER_DAY_MAX);
  // Being asked more rarely costs nobody half a day.
  expect(median(week.took)).toBeLessThan(HOUR);
  expect((await world.store.requests.waiting({ limit: 10 })).rows).toEqual([]);
}, 300_000);
