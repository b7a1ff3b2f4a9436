import type { Operation } from '../../src/contracts/plan.ts';
import { OPEN_STATUSES } from '../../src/core/request-state.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import type { PersonRecord } from '../../src/core/records.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { recordDecision } from '../../src/gate/decisions.ts';
import { bodyHash } from '../../src/gate/digest.ts';
import { liftFreeze, placeFreeze } from '../../src/gate/freezes.ts';
import { requestIdFor } from '../../src/gate/ids.ts';
import { revokePerson } from '../../src/gate/roster.ts';
import { settleByHand } from '../../src/gate/settle.ts';
import { createSweep } from '../../src/gate/sweep.ts';
import { withdrawRequest } from '../../src/gate/withdrawals.ts';
import type { AgentActionInput } from '../../src/ports/engine.ts';
import type { StoreTransaction } from '../../src/ports/store.ts';
import { createSimulatedEngine, type SimulatedEngine } from './engine.ts';
import { createInvariants, Violation } from './invariants.ts';
import { createTurns, type Turn, type Turns } from './turns.ts';
import { createWorld, REQUESTER, type Sabotage, TIMING, type World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  /** The rule that was broken. */
  readonly violation: string | undefined;
  readonly trace: readonly string[];
  /** How often each thing was done, for the proof that it was done at all. */
  readonly did: ReadonlyMap<string, number>;
  readonly effects: number;
  /** How many requests ended in which way. */
  readonly ends: readonly string[];
}

interface Scene {
  readonly world: World;
  readonly turns: Turns;
  readonly engine: SimulatedEngine;
  readonly ids: string[];
  readonly note: (text: string) => void;
  /** How often the world does something: some days are quiet, some are wild. */
  readonly trouble: number;
}

const REQUESTS_MAX = 4;
const TITLES = ['CEO', 'CTO', 'CFO'];

/** An action of some kind; texts are of one request only, so that an effect names its request. */
function drawAction({ world, ids }: Scene): Record<string, unknown> & { action: string } {
  const { random } = world;
  let part = 0;
  const text = (): string => `r${ids.length}.${(part += 1)}`;
  const contact_id = random.pick(['1', '2', '3']);
  const single = (): Record<string, unknown> & { action: string } => {
    const drawn = random.below(6);
    if (drawn === 0) return { action: 'create_note', contact_id, note: text() };
    if (drawn === 1)
      return { action: 'create_task', contact_id, subject: text(), due: '2026-12-01T09:00:00Z' };
    if (drawn === 2) return { action: 'create_contact', email: `${text()}@new.test` };
    if (drawn === 3) return { action: 'update_deal', deal_id: '9', dealname: text() };
    return { action: 'update_contact', contact_id, jobtitle: text() };
  };
  const kind = random.below(10);
  if (kind === 0) return { action: 'get_contact', contact_id };
  if (kind < 4)
    return { action: 'write_several', steps: Array.from({ length: 2 + random.below(2) }, single) };
  return single();
}

async function submit(scene: Scene): Promise<void> {
  const { world, engine, ids, note } = scene;
  const action = drawAction(scene);
  const requestId = requestIdFor(world.agent.id, `key-${ids.length}`);
  ids.push(requestId);
  const body = { user_id: REQUESTER, agent_prompt: 'Please.', action };
  const made = { agentId: world.agent.id, connection: 'main', bodyHash: bodyHash(body), body };
  const mac = world.deps.attester.submission(requestId, made);
  const input: AgentActionInput = { requestId, submission: { ...made, mac } };
  note(`submit ${requestId} ${JSON.stringify(action)}`);
  await engine.start(input);
}

/** A commit by a door, which may be slow, and die before or after it. */
async function door(
  { world, turns, engine }: Scene,
  name: string,
  work: (tx: StoreTransaction) => Promise<unknown>,
  wakes?: string,
): Promise<void> {
  const owner = { name, isDead: false };
  const store = turns.storeFor(owner, world);
  void (async () => {
    try {
      await store.commit(work);
      if (wakes === undefined) return;
      await turns.gate(owner, 'wake');
      await engine.wake(wakes);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
    }
  })();
  await turns.settle();
}

async function decide(scene: Scene, requestId: string, sure?: PersonRecord): Promise<void> {
  const { world } = scene;
  const request = await world.store.requests.get(requestId);
  const known = sure ?? world.random.pick(world.people);
  const person = (await world.store.people.get(known.id)) ?? known;
  const decision = sure === undefined && world.random.chance(0.08) ? 'reject' : 'approve';
  const digest =
    sure === undefined && world.random.chance(0.05) ? 'f'.repeat(64) : (request?.digest ?? '');
  const made = { requestId, person, proof: 'key', decision, digest } as const;
  scene.note(`${decision} ${requestId} by ${person.name}`);
  const rules = { policy: world.deps.policy(), approvalValidMs: TIMING.approvalValidMs };
  await door(scene, decision, (tx) => recordDecision(tx, made, rules), requestId);
}

async function changePolicy({ world, note }: Scene, policy: World['policy']): Promise<void> {
  note(`policy ${policy}`);
  const facts = { policy };
  await world.store.commit((tx) => {
    world.policy = policy;
    return tx.log.append({ event: 'gateway.started', actor: 'gateway', facts });
  });
}

async function freeze(scene: Scene): Promise<void> {
  const { world } = scene;
  const target = world.random.chance(0.7)
    ? ({ kind: 'connection', id: 'main' } as const)
    : ({ kind: 'agent', id: world.agent.id } as const);
  const order = { target, reason: 'test', by: 'operator', configured: 'main' };
  await door(scene, `freeze ${target.kind}`, (tx) => placeFreeze(tx, order));
}

async function unfreeze(scene: Scene): Promise<void> {
  const standing = (await scene.world.store.freezes.list()).filter(
    ({ liftedAt }) => liftedAt === null,
  );
  for (const { id: freezeId } of standing)
    await door(scene, 'unfreeze', (tx) => liftFreeze(tx, { freezeId, by: 'operator' }));
}

/** Everything that may happen beside the plain going on, with its weight. */
const EVENTS: Readonly<Record<string, readonly [number, (scene: Scene) => unknown]>> = {
  submit: [4, (scene) => (scene.ids.length < REQUESTS_MAX ? submit(scene) : undefined)],
  decide: [
    10,
    async (scene) => {
      const { store, random } = scene.world;
      const waiting = await store.requests.idsIn(['awaiting_approval'], { limit: 10 });
      const isAny = waiting.length === 0 || random.chance(0.1);
      await decide(scene, random.pick(isAny ? scene.ids : waiting));
    },
  ],
  withdraw: [
    1,
    (scene) => {
      const requestId = scene.world.random.pick(scene.ids);
      const of = { requestId, agentId: scene.world.agent.id };
      return door(scene, 'withdraw', (tx) => withdrawRequest(tx, of), requestId);
    },
  ],
  crash: [2, ({ engine }) => engine.crash()],
  stall: [
    3,
    ({ turns, world }) => {
      if (turns.waiting.length === 0) return;
      const { owner } = world.random.pick(turns.waiting);
      owner.stalledUntilMs = world.now().getTime() + world.random.below(30_000);
    },
  ],
  'give up': [
    2,
    ({ engine, world }) =>
      engine.tasks.length === 0 ? undefined : engine.giveUp(world.random.pick(engine.tasks)),
  ],
  repeat: [
    5,
    ({ engine, world }) =>
      engine.made.length === 0 ? undefined : engine.repeat(world.random.pick(engine.made)),
  ],
  signal: [1, ({ engine, world, ids }) => engine.signal(world.random.pick(ids))],
  twin: [0.5, ({ engine, world, ids }) => engine.startTwin(world.random.pick(ids))],
  'lose engine': [
    0.5,
    ({ engine }) => {
      engine.lose();
    },
  ],
  sweep: [2, (scene) => sweep(scene)],
  publish: [
    6,
    ({ world }) => {
      world.publish();
    },
  ],
  freeze: [1, freeze],
  unfreeze: [2, unfreeze],
  revoke: [
    0.5,
    (scene) => {
      const { id } = scene.world.random.pick(scene.world.people);
      return door(scene, 'revoke', (tx) => revokePerson(tx, { id, by: 'operator' }));
    },
  ],
  policy: [
    1,
    (scene) => changePolicy(scene, scene.world.random.pick(['one', 'one', 'two', 'none'])),
  ],
  rotate: [
    0.5,
    (scene) => {
      const version = 1 + scene.world.random.below(3);
      const credential = { connection: 'main', version, fingerprint: 'f', by: 'test' };
      return door(scene, 'rotate', (tx) => activateCredential(tx, credential));
    },
  ],
  'secrets down': [
    0.5,
    ({ world }) => {
      world.isSecretStoreUp = !world.isSecretStoreUp;
    },
  ],
  'clock back': [
    0.5,
    ({ world }) => {
      world.jump(-world.random.below(5_000));
    },
  ],
  'clock forward': [
    0.5,
    ({ world }) => {
      world.jump(world.random.below(20_000));
    },
  ],
  'long wait': [
    2,
    ({ world }) => {
      world.advance(world.random.below(8_000));
    },
  ],
  'person in HubSpot': [
    1,
    ({ world }) => {
      world.crm.edit(world.random.pick(['1', '2', '3']), { jobtitle: world.random.pick(TITLES) });
    },
  ],
  timer: [
    10,
    async ({ world, engine }) => {
      const due = engine.timers().toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) return;
      // A deadline of people is far away: mostly something else comes first.
      const isFar = due.dueMs - world.now().getTime() > 10_000;
      if (isFar && !world.random.chance(0.03)) return;
      world.advance(Math.max(0, due.dueMs - world.now().getTime()));
      await engine.fire(due);
    },
  ],
};
export const EVENT_NAMES = Object.keys(EVENTS);
const WEIGHT = EVENT_NAMES.reduce((sum, name) => sum + (EVENTS[name]?.[0] ?? 0), 0);

function drawEvent({ world }: Scene): string {
  let left = world.random.next() * WEIGHT;
  return EVENT_NAMES.find((name) => (left -= EVENTS[name]?.[0] ?? 0) < 0) ?? 'timer';
}

async function sweep({ world, engine }: Scene): Promise<void> {
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const { store, now: clock } = world;
  const swept = createSweep({ store, engine, clock, logger, rules: TIMING });
  await swept.deliver();
  await swept.expire();
  await swept.resume();
}

const readyTurns = ({ world, turns }: Scene): readonly Turn[] =>
  turns.waiting.filter(({ owner }) => (owner.stalledUntilMs ?? 0) <= world.now().getTime());

/** One thing: mostly somebody goes on, in any order; sometimes the world does. */
async function step(scene: Scene): Promise<string> {
  const { world, turns, note } = scene;
  world.advance(world.random.below(40));
  const ready = readyTurns(scene);
  if (ready.length > 0 && !world.random.chance(scene.trouble)) {
    const turn = world.random.pick(ready);
    note(`${turn.owner.name}: ${turn.label}`);
    await turns.release(turn);
    return 'turn';
  }
  const name = drawEvent(scene);
  await happen(scene, name);
  return name;
}

const DRAIN_STEPS_MAX = 1_500;
/** After so many rounds nobody comes any more, and what waits expires. */
const DECISION_ROUNDS_MAX = 4;
/** Looks at HubSpot go on for ever where a person has to say what happened. */
const HAND_AFTER_STEPS = 600;

async function settleByTruth(scene: Scene, happened: (id: string, step: number) => number) {
  const { world } = scene;
  for (const requestId of await world.store.requests.idsIn(['outcome_unknown'], { limit: 10 })) {
    const entries = world.entries().filter(({ request_id }) => request_id === requestId);
    const begin = entries.findLast(
      ({ event, facts }) => event === 'hubspot.intended' && facts['purpose'] === 'execute',
    );
    const isDone = happened(requestId, Number(begin?.facts['step'] ?? 1)) > 0;
    const of = {
      requestId,
      person: world.people[0] as World['people'][number],
      outcome: isDone ? 'executed' : 'not_executed',
      reason: 'looked',
      ...(isDone ? { record_id: '1' } : {}),
    } as const;
    scene.note(`settled by hand: ${requestId} ${of.outcome}`);
    await door(
      scene,
      'settle',
      (tx) => settleByHand(tx, of, { ...world.deps.quietWatch, quietMs: TIMING.quietMs }),
      requestId,
    );
  }
}

const LATE_MS = 3_600_000;
const AFTERMATH_STEPS = 120;

/**
 * The trouble goes on, now that everybody has come to decide: it is here that most writes are begun.
 */
async function aftermath(
  scene: Scene,
  check: () => Promise<void>,
  did: (name: string) => void,
): Promise<void> {
  const { world, turns } = scene;
  await activeAgain(scene);
  await decideOften(scene);
  for (let count = 0; count < AFTERMATH_STEPS; count += 1) {
    const ready = readyTurns(scene);
    if (ready.length > 0 && !world.random.chance(scene.trouble / 2)) {
      const turn = world.random.pick(ready);
      scene.note(`${turn.owner.name}: ${turn.label}`);
      await turns.release(turn);
    } else {
      const name = world.random.pick(AFTERMATH);
      await happen(scene, name);
      did(name);
    }
    await check();
  }
}

/** Everything but new requests; timers most of all, for it is they that move what was approved. */
const AFTERMATH = [
  ...EVENT_NAMES.filter((name) => name !== 'submit'),
  ...['timer', 'timer', 'timer', 'timer', 'publish', 'publish', 'unfreeze', 'unfreeze', 'crash'],
];

async function happen(scene: Scene, name: string): Promise<void> {
  scene.note(`-- ${name}`);
  await EVENTS[name]?.[1](scene);
}

/** All neighbours are well again: everything open has to come to its end. */
async function drain(
  scene: Scene,
  check: () => Promise<void>,
  happened: (id: string, step: number) => number,
) {
  const { world, turns, engine } = scene;
  world.crm.isHealthy = true;
  world.isSecretStoreUp = true;
  await activeAgain(scene);
  if (world.random.chance(0.8)) await changePolicy(scene, 'one');
  let rounds = 0;
  for (let count = 0; count < DRAIN_STEPS_MAX; count += 1) {
    const [turn] = readyTurns(scene);
    if (turn !== undefined) {
      scene.note(`${turn.owner.name}: ${turn.label}`);
      await turns.release(turn);
      await check();
      continue;
    }
    if ((await world.store.requests.idsIn(OPEN_STATUSES, { limit: 1 })).length === 0) return;
    world.publish();
    if ((rounds += 1) <= DECISION_ROUNDS_MAX) await decideOften(scene);
    if (readyTurns(scene).length > 0) continue;
    if (count > HAND_AFTER_STEPS) await settleByTruth(scene, happened);
    const timer = engine.timers().toSorted((a, b) => a.dueMs - b.dueMs)[0];
    if (timer === undefined || count % 50 === 0) await sweep(scene);
    if (timer === undefined) world.advance(1_000);
    else {
      world.advance(Math.max(0, timer.dueMs - world.now().getTime()));
      scene.note(`timer at ${world.now().toISOString()}`);
      await engine.fire(timer);
    }
    await check();
  }
}

/** People come back to what waits for them; what they leave expires. */
async function decideOften(scene: Scene): Promise<void> {
  const { store, random } = scene.world;
  for (const id of await store.requests.idsIn(['awaiting_approval'], { limit: 10 }))
    for (const person of scene.world.people)
      if (random.chance(0.6)) await decide(scene, id, person);
}

async function activeAgain(scene: Scene): Promise<void> {
  const { turns } = scene;
  await unfreeze(scene);
  while (turns.waiting.length > 0) await turns.release(turns.waiting[0] as never);
  await unfreeze(scene);
  while (turns.waiting.length > 0) await turns.release(turns.waiting[0] as never);
}

const endsOf = async ({ store }: World): Promise<string[]> =>
  (await store.requests.list({ limit: 100 })).rows.map(
    ({ status, code }) => `${status} ${code ?? ''}`,
  );

/** Runs one seed: `steps` steps of trouble, then health, and the rules after each of them. */
export async function simulate(
  seed: number,
  { steps, sabotage = {} }: { readonly steps: number; readonly sabotage?: Sabotage },
): Promise<Outcome> {
  const world = await createWorld(seed, sabotage);
  const turns = createTurns();
  const engine = createSimulatedEngine(world, turns);
  const trace: string[] = [];
  const did = new Map<string, number>();
  const note = (text: string): void => {
    trace.push(text);
  };
  const plans = new Map<string, readonly Operation[]>();
  const operationsOf = (id: string): readonly Operation[] => plans.get(id) ?? [];
  const rules = createInvariants(world, operationsOf);
  let broken: unknown;
  world.crm.onEffect = (effect) => {
    note(`   HubSpot does ${effect.method} ${effect.path} ${effect.body.slice(0, 80)}`);
    try {
      rules.beforeEffect(effect);
    } catch (error) {
      broken ??= error;
    }
  };
  const trouble = 0.04 + world.random.next() * 0.3;
  const scene: Scene = { world, turns, engine, ids: [], note, trouble };
  const check = async (): Promise<void> => {
    await learnPlans();
    sabotage.afterStep?.(world);
    rules.afterStep();
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- it is what the rule threw
    if (broken !== undefined) throw broken;
  };
  const learnPlans = async (): Promise<void> => {
    for (const id of scene.ids.filter((one) => !plans.has(one))) {
      const request = await world.store.requests.get(id);
      if (request?.plan != null) plans.set(id, request.plan.operations);
    }
  };
  const count = (name: string): void => {
    did.set(name, (did.get(name) ?? 0) + 1);
  };
  const ends: string[] = [];
  let violation: string | undefined;
  try {
    await submit(scene);
    await submit(scene);
    for (let taken = 0; taken < steps; taken += 1) {
      count(await step(scene));
      await check();
    }
    rules.checkLog();
    note('== everybody decides');
    await aftermath(scene, check, count);
    note('== all well again');
    await drain(scene, check, rules.happened);
    await check();
    // What HubSpot still has to do happens in the end.
    world.advance(LATE_MS);
    await check();
    await rules.atTheEnd();
    ends.push(...(await endsOf(world)));
    if (engine.unexpected.length > 0) violation = `unexpected: ${engine.unexpected[0] ?? ''}`;
  } catch (error) {
    violation = error instanceof Violation ? error.message : String((error as Error).stack);
  } finally {
    engine.lose();
    await world.close();
  }
  return { seed, violation, trace, did, effects: world.crm.effects.length, ends };
}
