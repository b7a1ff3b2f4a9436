import { beforeEach, describe, expect, it } from 'vitest';
import type { HabitView } from '../../src/contracts/roster-view.ts';
import type { PersonRecord } from '../../src/core/records.ts';
import { recordDecision } from '../../src/gate/decisions.ts';
import { createHabits } from '../../src/gate/habits.ts';
import { noteSeen } from '../../src/gate/sightings.ts';
import { requestId } from '../adapters/store/fixtures.ts';
import { DEFAULT_POLICY, HOUR, lena, omar, useAheadWorld } from '../support/allowed-ahead.ts';
import { runInFile } from '../support/store-file.ts';

const RULES = { policy: DEFAULT_POLICY, approvalValidMs: HOUR, selfApprovalMs: undefined };
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

const world = useAheadWorld();
let number: number;
beforeEach(() => {
  number = 0;
});

const habit = async (): Promise<Partial<HabitView> | undefined> => {
  const { habits } = await createHabits(world.store)(world.now());
  return habits.find(({ person }) => person === lena.id);
};

interface Deciding {
  readonly person?: PersonRecord;
  readonly decision?: 'approve' | 'reject';
  /** Before it was opened, and after. */
  readonly lies?: number;
  readonly takes?: number;
  readonly isOpened?: boolean;
  readonly group?: string;
}

async function decide(of: Deciding = {}): Promise<void> {
  const { person = lena, decision = 'approve', lies = 0, takes = 1_000, isOpened = true } = of;
  number += 1;
  const id = requestId(number);
  await world.ask(number);
  world.pass(lies);
  const request = (await world.store.requests.get(id))!;
  if (isOpened)
    await noteSeen({ store: world.store, logger }, { request, person, proof: 'session' });
  world.pass(takes);
  const group =
    of.group === undefined ? {} : { group: { id: of.group, size: 2, isSampled: false } };
  const made = { requestId: id, person, proof: 'session', decision, ...group } as const;
  const digest = request.digest!;
  await world.store.commit((tx) => recordDecision(tx, { ...made, digest }, RULES));
}

describe('how a person decides', () => {
  it('is nothing of somebody who has decided on nothing', async () => {
    await decide({ person: omar });
    expect(await habit()).toBeUndefined();
  });

  it('counts what they approved, and times them from when they opened the card', async () => {
    await decide({ lies: 600_000, takes: 4_000 });
    await decide({ lies: 600_000, takes: 9_000, decision: 'reject' });
    await decide({ lies: 600_000, takes: 20_000 });
    await decide({ person: omar, takes: 1 });
    expect(await habit()).toEqual({
      person: lena.id,
      ...{ decisions: 3, approved: 2, median_seconds: 9, is_rubber_stamp: false },
    });
  });

  it('is timed from when it waited for them where they had opened no card by then', async () => {
    await decide({ lies: 60_000, takes: 5_000, isOpened: false });
    expect(await habit()).toMatchObject({ median_seconds: 65 });
    const id = requestId(number);
    const request = {
      ...(await world.store.requests.get(id))!,
      status: 'awaiting_approval',
    } as const;
    await noteSeen({ store: world.store, logger }, { request, person: lena, proof: 'session' });
    expect(await habit()).toMatchObject({ median_seconds: 65 });
  });

  it('takes no longer than since their decision before', async () => {
    await Promise.all([1, 2, 3].map((nth) => world.ask(nth)));
    world.pass(600_000);
    for (const nth of [1, 2, 3]) {
      const { digest } = (await world.store.requests.get(requestId(nth)))!;
      const made = { requestId: requestId(nth), person: lena, proof: 'session' } as const;
      const of = { ...made, decision: 'approve', digest: digest! } as const;
      await world.store.commit((tx) => recordDecision(tx, of, RULES));
      world.pass(2_000);
    }
    expect(await habit()).toMatchObject({ decisions: 3, median_seconds: 2 });
  });

  it('is a habit of yes from ten on, when nearly all are one and most were not read', async () => {
    for (let nth = 0; nth < 9; nth += 1) await decide({ takes: 2_000 });
    expect(await habit()).toMatchObject({ decisions: 9, is_rubber_stamp: false });
    await decide({ takes: 2_000 });
    expect(await habit()).toMatchObject({ decisions: 10, is_rubber_stamp: true });
    await decide({ takes: 2_000, decision: 'reject' });
    expect(await habit()).toMatchObject({ decisions: 11, is_rubber_stamp: false });
  });

  it('counts a group once and each of its drawn cards, and what was allowed ahead not at all', async () => {
    for (const group of ['grp_1', 'grp_1', 'grp_2'])
      await decide({ group, lies: 60_000, takes: 8_000 });
    await world.give({ maxUses: 5 });
    expect(await world.ask((number += 1))).toBe(true);
    // Two cards in eight seconds.
    expect(await habit()).toMatchObject({ decisions: 2, median_seconds: 4 });
  });

  it('is of the last thirty days, and of the newest forty', async () => {
    await decide({ decision: 'reject' });
    for (let nth = 0; nth < 40; nth += 1) await decide();
    expect(await habit()).toMatchObject({ decisions: 40, approved: 40 });
    world.pass(31 * 24 * HOUR);
    expect(await habit()).toBeUndefined();
    await decide();
    expect(await habit()).toMatchObject({ decisions: 1 });
  });

  it('is traced once, and counts no longer than it counts', async () => {
    await decide();
    await decide({ takes: 9_000 });
    let traced = 0;
    const trace: typeof world.store.log.trace = (id) => {
      traced += 1;
      return world.store.log.trace(id);
    };
    const counting = { ...world.store, log: { ...world.store.log, trace } };
    const habitsAt = createHabits(counting);
    const first = await habitsAt(world.now());
    expect(await habitsAt(world.now())).toEqual(first);
    expect(traced).toBe(2);
    await decide();
    expect((await habitsAt(world.now())).habits).toMatchObject([{ decisions: 3 }]);
    expect(traced).toBe(3);
    expect((await habitsAt(new Date(world.now().getTime() + 31 * 24 * HOUR))).habits).toEqual([]);
  });

  it('leaves out what does not open', async () => {
    await decide();
    await decide();
    const sql = 'UPDATE decisions SET proof = ? WHERE request_id = ?';
    runInFile(world.place.file, sql, 'totp', requestId(1));
    expect(await habit()).toMatchObject({ decisions: 1 });
  });
});
