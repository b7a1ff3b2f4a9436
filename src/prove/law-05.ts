import { z } from 'zod';
import { isTerminal, REQUEST_STATUSES } from '../core/request-state.ts';
import type { Law, Tally } from './guarantee.ts';
import {
  approveSurely,
  ended,
  stateOf,
  submitWrites,
  type Waiting,
  whileHalted,
  writing,
} from './moves.ts';
import type { Action } from './probes.ts';
import type { Rig } from './rig.ts';
import { untilTrue } from './wait.ts';

const RequestRowSchema = z.object({ id: z.string(), status: z.string() });

const WRITES = 4;
const BURST = 24;
const KILL_WITHIN_MS = 120;

async function loseEverythingButTheRecord(rig: Rig): Promise<void> {
  await rig.gateway.kill();
  await rig.engine.lose();
  await rig.gateway.start();
}

async function heldDone(rig: Rig, tally: Tally, writes: readonly Waiting[]): Promise<void> {
  for (const waiting of writes) {
    const { state, code } = await ended(rig, waiting, 60_000);
    const times = await rig.simulator.timesWritten(waiting.text);
    const what = `${waiting.id} ended ${state ?? ''} ${code ?? ''} and is there ${times} times`;
    tally.held(state === 'succeeded' && times === 1, what);
  }
}

async function waitingSurvives(rig: Rig, tally: Tally): Promise<void> {
  const writes = await submitWrites(rig, WRITES);
  await loseEverythingButTheRecord(rig);
  for (const waiting of writes) {
    const { state, status } = await stateOf(rig, waiting);
    tally.held(state === 'awaiting_approval', `${waiting.id} is ${state ?? status}`);
  }
  for (const waiting of writes) await approveSurely(rig, waiting);
  await heldDone(rig, tally, writes);
}

/** Said "approved" while the engine stood still; then everything but the record is gone. */
async function decisionsSurvive(rig: Rig, tally: Tally): Promise<void> {
  const writes = await submitWrites(rig, WRITES);
  await whileHalted(rig, async () => {
    await Promise.all(writes.map((waiting) => approveSurely(rig, waiting)));
    await rig.gateway.kill();
  });
  await rig.engine.lose();
  await rig.gateway.start();
  await heldDone(rig, tally, writes);
}

/** Put there by hand, in a guarantee of another law: what the row says is no state of the product's. */
async function editedByUs(rig: Rig): Promise<ReadonlySet<string | null>> {
  const entries = await rig.log.entries();
  return new Set(
    entries.filter(({ event }) => event === 'store.tampered').map(({ request_id }) => request_id),
  );
}

/** Requests that neither ended nor wait for people, each as it is to be told. */
const restless = (rig: Rig, edited: ReadonlySet<string | null>): readonly string[] =>
  rig.store
    .all('SELECT id, status FROM requests')
    .map((row) => RequestRowSchema.parse(row))
    .filter(({ id, status }) => {
      const known = REQUEST_STATUSES.find((name) => name === status);
      const rests = known === undefined || isTerminal(known) || known === 'awaiting_approval';
      return !rests && !edited.has(id);
    })
    .map(({ id, status }) => `${id} is ${status}`);

/** What is restless after that. */
async function untilAllRest(rig: Rig): Promise<readonly string[]> {
  const edited = await editedByUs(rig);
  const haveNone = (): Promise<boolean> => Promise.resolve(restless(rig, edited).length === 0);
  await untilTrue('every request rests', haveNone).catch(() => undefined);
  return restless(rig, edited);
}

interface Posted {
  readonly action: Action;
  readonly idempotencyKey: string;
  /** What was acknowledged, if the answer came before the end. */
  readonly id: string | undefined;
}

async function acknowledgedSurvives(rig: Rig, tally: Tally): Promise<void> {
  const { agent, write } = writing(rig);
  const posts = Array.from({ length: BURST }, async (): Promise<Posted> => {
    const idempotencyKey = rig.text();
    const action = write(idempotencyKey, rig.turn());
    const answer = await rig
      .submit(action, { key: agent.key, idempotencyKey })
      .catch(() => undefined);
    return { action, idempotencyKey, id: answer?.status === 202 ? answer.body.id : undefined };
  });
  await Promise.race(posts);
  await new Promise((resolve) => setTimeout(resolve, rig.random.integer(KILL_WITHIN_MS)));
  await rig.gateway.kill();
  const posted = await Promise.all(posts);
  await rig.gateway.start();
  for (const { action, idempotencyKey, id } of posted) {
    if (id === undefined) continue;
    const { status, state } = await stateOf(rig, { id, key: agent.key });
    tally.held(status === 200, `${id} was acknowledged and is ${status} ${state ?? ''}`);
    const again = await rig.submit(action, { key: agent.key, idempotencyKey });
    tally.held(again.body.id === id, `its key now leads to ${again.body.id ?? again.status}`);
  }
  // What was cut off before its answer gets its card now, and is read for it: not while another
  // guarantee counts what HubSpot is asked.
  await untilAllRest(rig);
}

async function allEnd(rig: Rig, tally: Tally): Promise<void> {
  const left = await untilAllRest(rig);
  const all = rig.store.all('SELECT id FROM requests');
  for (let i = 0; i < all.length - left.length; i += 1) tally.held(true, 'it rests');
  for (const name of left) tally.held(false, `${name}, long after the last of this run`);
}

export const LAW_05: Law = {
  number: 5,
  title: 'Nothing acknowledged is lost',
  guarantees: [
    {
      id: 'L05.1',
      title: 'kill -9 and the engine’s whole database lost: what waited still waits, and completes',
      prove: waitingSurvives,
    },
    {
      id: 'L05.2',
      title:
        'decisions taken right before kill -9 and the loss of the engine’s database: carried out once',
      prove: decisionsSurvive,
    },
    {
      id: 'L05.3',
      title: 'kill -9 in a burst of posts: what was acknowledged is there, under the same key',
      prove: acknowledgedSurvives,
    },
    {
      id: 'L05.4',
      title: 'each request of this whole run has ended or waits for people',
      isLast: true,
      prove: allEnd,
    },
  ],
};
