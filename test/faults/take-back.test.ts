import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type Context, openContext } from '../../src/context.ts';
import { isTerminal } from '../../src/core/request-state.ts';
import type { TakeBackPlan } from '../../src/gate/divided-undos.ts';
import type { TakeBackAsked } from '../../src/gate/take-back-request.ts';
import { entriesOf } from '../support/log-entries.ts';
import { createLoneGateway, type LoneGateway } from '../support/lone-gateway.ts';
import { scaled } from './scale.ts';
import { type Legitimate, type Thing, unwantedOn, type World, worldOf } from './take-back-world.ts';

/**
 * I3: unwanted writes of every kind, and later edits by people in HubSpot, some on the very same values.
 * Everything that can be taken back is, after approval, while the gateway and whoever asks are killed;
 * no edit is overwritten. Three witnesses: the simulator's ledger of effects, HubSpot's records, the log.
 */
const WRITES = scaled(50, 500);
const EDITS = scaled(20, 200);
/** Of the edits, those that come only when the cards are there. */
const LATE_SHARE = 0.3;
const LANES = 8;
const ROUNDS_MAX = 4;

let lone: LoneGateway;
let context: Context;
let world: World;

beforeAll(async () => {
  lone = await createLoneGateway({ temporalAddress: inject('temporalAddress') });
  context = await openContext(readConfig(lone.gateway.env));
  world = worldOf(lone.simulator, await lone.simulator.token('all'));
  await lone.start();
});
afterAll(async () => {
  await context.close();
  await lone.close();
});

async function inLanes<T>(all: readonly T[], work: (one: T, index: number) => Promise<void>) {
  const queue = [...all.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await sleep(50);
  }
}

/** The gateway may be dead at this moment. */
async function approve(id: string, digest: string): Promise<void> {
  await until(`a decision on ${id}`, async () => {
    const answer = await lone.approve(id, digest).catch(() => undefined);
    return answer !== undefined && answer.status < 500 ? true : undefined;
  });
}

const ended = (id: string) =>
  until(`the end of ${id}`, async () => {
    const request = await context.store.requests.get(id);
    return request !== undefined && isTerminal(request.status) ? request : undefined;
  });

/** Its digest once people are asked; undefined when it ended before. */
async function digestOf(id: string): Promise<string | undefined> {
  const request = await until(`the card of ${id}`, async () => {
    const now = await context.store.requests.get(id);
    return now !== undefined && now.status !== 'planned' ? now : undefined;
  });
  return request.status === 'awaiting_approval' ? (request.digest ?? undefined) : undefined;
}

async function write(action: Record<string, unknown>, key: string): Promise<string> {
  const { body } = await lone.submit(key, action);
  expect(body.status, JSON.stringify(body)).toBe('awaiting_approval');
  await lone.approve(body.id, body.digest);
  const { status } = await ended(body.id);
  expect(status).toBe('succeeded');
  return body.id;
}

type Told = TakeBackPlan & { readonly asked: readonly TakeBackAsked[] };

/** `sallyport revert`, as a process of its own; killed after `killMs`. */
function revert(since: Date, killMs?: number): Promise<Told | undefined> {
  return new Promise((resolve, reject) => {
    const args = ['src/cli/main.ts', 'revert', '--since', since.toISOString(), '--yes', '--json'];
    const child = spawn(process.execPath, args, { env: lone.gateway.env });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const timer =
      killMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killMs);
    child.on('close', (status) => {
      clearTimeout(timer);
      if (status === 0) resolve(JSON.parse(out) as Told);
      else if (killMs !== undefined) resolve(undefined);
      else reject(new Error(err));
    });
  });
}

const effectsAfter = async (seq: number) => lone.simulator.effects(seq);
const lastEffect = async (): Promise<number> => (await lone.simulator.effects()).at(-1)?.seq ?? 0;

const isTouching = (of: Legitimate, effect: Awaited<ReturnType<typeof effectsAfter>>[number]) =>
  effect.source === 'api' &&
  effect.object_type === of.objectType &&
  effect.object_id === of.id &&
  (effect.effect === 'archive' || Object.hasOwn(effect.properties, of.property));

async function isBack({ kind, objectType, id, property, former }: Thing): Promise<boolean> {
  if (kind === 'value') return (await world.held(objectType, id, property)) === former;
  if (kind === 'link') return !(await world.isLinked(id, property));
  return (await world.held(objectType, id, 'hs_object_id')) === undefined;
}

interface Scene {
  readonly since: Date;
  /** Ids of the unwanted writes. */
  readonly ids: readonly string[];
  readonly things: readonly Thing[];
  /** Those that people edit: some before anything is asked for, some when the cards are there. */
  readonly early: readonly Thing[];
  readonly late: readonly Thing[];
  readonly legitimate: Legitimate[];
}

async function setTheScene(): Promise<Scene> {
  const since = new Date();
  const things: Thing[] = [];
  const ids: string[] = [];
  await inLanes(Array.from({ length: WRITES }), async (_one, i) => {
    const unwanted = unwantedOn(await world.contact(i), await world.deal(i), i);
    const rows: { objectType: string; objectId: string }[] = [];
    for (const [part, action] of unwanted.actions.entries()) {
      const id = await write(action, `unwanted-${i}-${part}`);
      ids.push(id);
      rows.push(...(await context.store.ledger.of(id)));
    }
    things.push(...unwanted.things(rows));
  });
  const every = Math.floor(things.length / EDITS);
  const chosen = things.filter((_, i) => i % every === 0).slice(0, EDITS);
  const lateCount = Math.round(EDITS * LATE_SHARE);
  const [late, early] = [chosen.slice(0, lateCount), chosen.slice(lateCount)];
  return { since, ids, things, early, late, legitimate: [] };
}

async function edit({ legitimate }: Scene, some: readonly Thing[]): Promise<void> {
  for (const one of some) legitimate.push(await world.edit(one, legitimate.length));
}

async function digestsOf(open: readonly string[]): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const id of open) {
    const digest = await digestOf(id);
    if (digest !== undefined) digests.set(id, digest);
  }
  return digests;
}

/** Once the cards are there: edits by people, then approvals while the gateway dies three times. */
async function approveWhileDying(scene: Scene, digests: Map<string, string>): Promise<number> {
  await edit(scene, scene.late);
  await lone.gateway.stop('SIGKILL');
  await lone.start('after hubspot.write@7');
  const dying = lone.gateway.exited();
  const approving = approveAll(digests);
  await dying;
  await lone.start();
  await sleep(300);
  await lone.gateway.stop('SIGKILL');
  await lone.start();
  await approving;
  return 3;
}

const approveAll = (digests: Map<string, string>): Promise<void> =>
  inLanes([...digests], ([id, digest]) => approve(id, digest));

interface Taken {
  readonly asked: ReadonlySet<string>;
  readonly kills: number;
  readonly stale: number;
  readonly last: Told | undefined;
}

/** Plans, asks and approves until nothing is left to do. */
async function takeBackAll(scene: Scene): Promise<Taken> {
  const asked = new Set<string>();
  let [kills, stale] = [0, 0];
  // Whoever asks is killed on the way, and asks again.
  if ((await revert(scene.since, 1_500)) === undefined) kills += 1;
  let last = await revert(scene.since);
  for (let round = 1; round <= ROUNDS_MAX && last?.to_take_back.length !== 0; round += 1) {
    const open = (last?.asked ?? []).map(({ requestId }) => requestId);
    for (const id of open) asked.add(id);
    const digests = await digestsOf(open);
    if (round === 1) kills += await approveWhileDying(scene, digests);
    else await approveAll(digests);
    for (const id of open) if ((await ended(id)).code === 'approval.stale') stale += 1;
    last = await revert(scene.since);
  }
  return { asked, kills, stale, last };
}

async function overwrittenOf(scene: Scene, seq: number): Promise<Legitimate[]> {
  const effects = await effectsAfter(seq);
  const found: Legitimate[] = [];
  for (const one of scene.legitimate) {
    const stands = (await world.held(one.objectType, one.id, one.property)) === one.value;
    const touched = effects.filter((effect) => isTouching(one, effect));
    if (!stands || touched.length > 0) found.push(one);
  }
  return found;
}

/** Values set and records archived more than once by us since then. */
async function doneTwice(seq: number): Promise<number> {
  const places = (await effectsAfter(seq))
    .filter(({ source }) => source === 'api')
    .flatMap((effect) => {
      const place = `${effect.object_type}/${effect.object_id}/${effect.effect}`;
      const names = Object.keys(effect.properties);
      return names.length === 0 ? [place] : names.map((name) => `${place}/${name}`);
    });
  return places.length - new Set(places).size;
}

/** Requests that the log does not end exactly once. */
async function notEndedOnce(asked: ReadonlySet<string>): Promise<number> {
  const all = await Promise.all([...asked].map((id) => entriesOf(context.store, id)));
  const ends = all.map(
    (entries) => entries.filter(({ event }) => /completed|refused/.test(event)).length,
  );
  return ends.filter((count) => count !== 1).length;
}

describe('I3: taking back', () => {
  it(`${WRITES} unwanted writes among ${EDITS} later edits by people`, async () => {
    const scene = await setTheScene();
    await edit(scene, scene.early);
    const seq = await lastEffect();
    const { asked, kills, stale, last } = await takeBackAll(scene);

    const revertible = scene.things.filter(({ edited }) => !edited);
    const back = await Promise.all(revertible.map(isBack));
    const left = revertible.filter((_, i) => back[i] !== true);
    const overwritten = await overwrittenOf(scene, seq);
    const listed = new Set(last?.left_alone.map(({ id }) => id));
    const unlisted = scene.things.filter(({ edited, id }) => edited && !listed.has(id));
    const twice = await doneTwice(seq);
    const unlogged = await notEndedOnce(asked);
    const before = await lastEffect();
    const again = await revert(scene.since);
    const changed = (await effectsAfter(before)).length;
    console.info(
      `I3: ${scene.ids.length} unwanted writes (${scene.things.length} things), ` +
        `${scene.legitimate.length} edits by people, ${kills} kills, ${asked.size} requests, ${stale} of them stale: ` +
        `${revertible.length - left.length} of ${revertible.length} revertible taken back, ` +
        `${overwritten.length} edits overwritten, ${last?.left_alone.length} listed, ${unlisted.length} not listed, ` +
        `${twice} done twice; second run: ${changed} changes`,
    );
    expect({ left, overwritten, unlisted }).toEqual({ left: [], overwritten: [], unlisted: [] });
    expect(last?.not_revertible).toEqual([]);
    expect(stale).toBeGreaterThan(0);
    expect({ twice, unlogged, changed }).toEqual({ twice: 0, unlogged: 0, changed: 0 });
    expect(again).toMatchObject({ to_take_back: [], asked: [] });
    expect(again?.left_alone).toEqual(last?.left_alone);
  }, 3_600_000);
});
