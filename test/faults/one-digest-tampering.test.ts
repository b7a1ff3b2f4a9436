import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../src/core/records.ts';
import { applyEdit, type Edit, leavesOf, nameOf } from './one-digest-edits.ts';
import { inputsOf, WRITE_NAMES } from './one-digest-inputs.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import { type Lane, type Rig, startRig } from './one-digest-rig.ts';
import { scaled } from './scale.ts';
import { entriesOf } from '../support/log-entries.ts';

/**
 * Law 2, the other side: one leaf of what was stored is changed in the database file, at a random
 * moment, and nothing is sent. Once as somebody who can write the file, and once as somebody who has
 * the payload key too and seals the row again, so that only the log contradicts it. `SEED=n` repeats.
 */
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const LANES = 8;
const TIME_LIMIT_MS = scaled(180_000, 3_600_000);

const MOMENTS = ['before the decision', 'after the decision', 'right before begin'] as const;
type Moment = (typeof MOMENTS)[number];

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(LANES);
});
afterAll(() => rig.close());

const DECISION_COLUMNS = ['person_id', 'decision', 'digest', 'proof', 'decided_at', 'valid_until'];

type Draw = <T>(values: readonly T[]) => T;

/** In the clear; `body_hash` finds a request again by its key, and decides nothing. */
const REQUEST_COLUMNS = ['agent_id', 'connection', 'action', 'risk', 'expires_at'];

/** One place anywhere in plan, card, requirement, digest, decision, submission, or what the row says in the clear. */
function drawEdit(draw: Draw, request: RequestRecord, moment: Moment, hasKey: boolean): Edit {
  const parts = ['plan', 'card', 'submission', 'requirement', 'digest', 'column'];
  // A decision can only be changed when there is one.
  const part = draw(moment === 'before the decision' ? parts : [...parts, 'decision']);
  if (part === 'digest') return { table: 'requests', column: 'digest', hasKey };
  if (part === 'column') return { table: 'requests', column: draw(REQUEST_COLUMNS), hasKey };
  if (part === 'decision') return { table: 'decisions', column: draw(DECISION_COLUMNS), hasKey };
  const leaf = draw(leavesOf(request[part as 'plan' | 'card' | 'submission' | 'requirement']));
  return { table: 'requests', column: part, leaf, hasKey };
}

/** The card's digest, or the one shown before when the row does not open any more. */
async function approveAsShown(lane: Lane, id: string, before: string): Promise<void> {
  const shown = await rig.context.store.requests.get(id).catch(() => undefined);
  if (await lane.approve(id, shown?.card?.digest ?? before)) return;
  await lane.approve(id, before);
}

const alertsOf = async (id: string): Promise<any[]> =>
  (await entriesOf(rig.context.store, id)).filter(({ event }) => event === 'store.tampered');

const NAMED_AS: Readonly<Record<string, string>> = {
  plan: 'the (?:request|log)',
  digest: 'the (?:request|log)',
  // Both are in the digest.
  agent_id: 'the request names another digest',
  connection: 'the (?:request names another digest|credential)',
  expires_at: 'the time at which it expires',
};

/**
 * How the alert names the place: the row that does not open; with the key the part that contradicts
 * the log, or the row when its value has no shape any more.
 */
function placeOf({ table, column, hasKey }: Edit): RegExp {
  const row = `${table} act_`;
  if (!hasKey) return new RegExp(`^${row}`);
  // Clear columns have no shape to lose: with the key it is the log alone that contradicts them.
  if (table === 'requests' && REQUEST_COLUMNS.includes(column))
    return new RegExp(`^${NAMED_AS[column] ?? `the ${column}`}`);
  const named = {
    requests: NAMED_AS[column] ?? `the ${column}`,
    decisions: 'the decision of ',
  };
  return new RegExp(`^(?:${row}|${named[table]})`);
}

/** What went wrong, if anything. */
async function tamper(
  index: number,
  lane: Lane,
  hasKey: boolean,
  counts: Map<string, number>,
): Promise<string | undefined> {
  const random = createSeededRandom(SEED + index);
  const draw: Draw = random.pick;
  const name = draw(WRITE_NAMES);
  const [action] = fc.sample(inputsOf(name, lane.records), {
    seed: random.below(2 ** 31),
    numRuns: 1,
  });
  const id = await lane.submit(action!);
  const request = (await rig.context.store.requests.get(id))!;
  // Without a record to read first there is no moment between the decision and begin.
  const hasRead = request.plan!.targets.length > 0;
  const moment = draw(MOMENTS.slice(0, hasRead ? 3 : 2));
  const edit = drawEdit(draw, request, moment, hasKey);
  for (const what of [moment, `${edit.table}.${edit.column}`])
    counts.set(what, (counts.get(what) ?? 0) + 1);
  const change = (): void => {
    const file = rig.context.config.files.store;
    const isDone = applyEdit(file, id, edit, { seal: rig.seal, random: random.next });
    if (!isDone) throw new Error(`nothing to change at ${nameOf(edit)}`);
  };
  lane.receiver.take();
  if (moment === 'before the decision') change();
  await approveAsShown(lane, id, request.digest!);
  if (moment === 'after the decision') change();
  if (moment === 'right before begin') lane.receiver.onNextRead(change);
  await lane.execute(id);
  const found = {
    sent: lane.receiver.take().length,
    alerts: (await alertsOf(id)).map(({ facts }) => placeOf(edit).test(facts.place) || facts.place),
    status: await rig.context.store.requests.status(id),
  };
  const isHeld =
    found.sent === 0 &&
    found.alerts.length === 1 &&
    found.alerts[0] === true &&
    found.status === 'failed';
  return isHeld ? undefined : `${nameOf(edit)}, ${moment}: ${JSON.stringify(found)}`;
}

async function tamperMany(count: number, hasKey: boolean): Promise<void> {
  const failures: string[] = [];
  const counts = new Map<string, number>();
  await Promise.all(
    rig.lanes.map(async (lane, first) => {
      // Each lane has its own cases and records: whichever is faster, the seed repeats them.
      for (let index = first; index < count; index += LANES) {
        const failure = await tamper(index, lane, hasKey, counts).catch(String);
        if (failure !== undefined)
          failures.push(`SEED=${SEED}, case ${index}: ${failure.slice(0, 400)}`);
      }
    }),
  );
  const drawn = Object.fromEntries([...counts].sort());
  console.info(
    `P1 (seed ${SEED}): ${count} changes ${hasKey ? 'sealed again' : 'by hand'}, ` +
      `${failures.length} not held: ${JSON.stringify(drawn)}`,
  );
  expect(failures).toEqual([]);
  const moments = MOMENTS.reduce((sum, moment) => sum + (counts.get(moment) ?? 0), 0);
  expect(moments, 'changes that were made').toBe(count);
}

describe('a write that somebody with the payload key made a read', () => {
  it.each(['waits', 'was approved'])('is not resumed as one when it %s', async (when) => {
    const [lane] = rig.lanes;
    const [contactId] = lane!.records.contacts;
    const id = await lane!.submit({ action: 'create_note', contact_id: contactId, note: 'Read?' });
    const { digest } = (await rig.context.store.requests.get(id))!;
    if (when === 'was approved') expect(await lane!.approve(id, digest!)).toBe(true);
    lane!.receiver.take();
    const edit: Edit = { table: 'requests', column: 'risk', hasKey: true };
    const { files } = rig.context.config;
    expect(applyEdit(files.store, id, edit, { seal: rig.seal, random: Math.random })).toBe(true);
    await lane!.resume(id);
    expect((await alertsOf(id)).map(({ facts }) => facts.place)).toEqual([
      'the risk is not the one in the log',
    ]);
    expect(await rig.context.store.requests.status(id)).toBe('failed');
    expect(lane!.receiver.take()).toEqual([]);
  });
});

describe('one leaf changed anywhere between card and wire', () => {
  it(
    `is noticed by its row: ${scaled(400, 5_000)} places at random moments, nothing sent`,
    () => tamperMany(scaled(400, 5_000), false),
    TIME_LIMIT_MS,
  );

  it(
    `is noticed by the log also with the payload key: ${scaled(600, 5_000)} places, nothing sent`,
    () => tamperMany(scaled(600, 5_000), true),
    TIME_LIMIT_MS,
  );
});
