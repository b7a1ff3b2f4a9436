import { setTimeout as sleep } from 'node:timers/promises';
import type { Law, Tally } from './guarantee.ts';
import { WRITE_PATH } from './law-03.ts';
import {
  approveSurely,
  ended,
  isEnd,
  stateOf,
  submitWrite,
  submitWrites,
  type Waiting,
} from './moves.ts';
import type { Rig } from './rig.ts';
import { untilTrue } from './wait.ts';

/** After it was done and before, with an answer and without. */
const LOSSES = [
  'commit_then_drop',
  'commit_then_500',
  'commit_then_502',
  'commit_then_hang',
  'drop',
  '502',
  'truncate',
] as const;
const LAG_MS = 60_000;
const LOOK_EVERY_MS = 25;
const END_MAX_MS = 60_000;
const UNREADABLE_MS = 3_000;

interface Lost {
  readonly waiting: Waiting;
  readonly states: readonly string[];
}

/** Every state that its agent could see, until it ended or that took too long. */
async function statesUntilEnd(rig: Rig, waiting: Waiting): Promise<readonly string[]> {
  const seen = new Set<string>();
  const deadline = Date.now() + END_MAX_MS;
  for (;;) {
    const { state = '' } = await stateOf(rig, waiting);
    seen.add(state);
    if (isEnd(state) || Date.now() > deadline) return [...seen];
    await sleep(LOOK_EVERY_MS);
  }
}

const armLoss = (rig: Rig, mode: string): Promise<void> =>
  rig.simulator.arm(
    ...['POST', 'PATCH'].map((method) => ({ match: { method, path: WRITE_PATH }, mode })),
  );

/** One write for each way to lose an answer, one after the other approved, together settled. */
async function loseAnswers(rig: Rig): Promise<{ lost: readonly Lost[]; searches: number }> {
  const searchCount = async (): Promise<number> =>
    (await rig.simulator.calls()).filter(({ path }) => path.endsWith('/search')).length;
  const writes = await submitWrites(rig, LOSSES.length);
  await rig.simulator.lag(LAG_MS);
  const before = await searchCount();
  try {
    const following: Promise<readonly string[]>[] = [];
    for (const [i, waiting] of writes.entries()) {
      await rig.simulator.disarm();
      // Counted before it is armed: what an earlier write sends again may be the first to meet it.
      const calls = (await rig.simulator.calls()).length;
      await armLoss(rig, LOSSES[i] ?? 'drop');
      await approveSurely(rig, waiting);
      following.push(statesUntilEnd(rig, waiting));
      await untilTrue('the write is sent', async () =>
        (await rig.simulator.calls()).slice(calls).some(({ fault }) => fault === LOSSES[i]),
      );
    }
    const states = await Promise.all(following);
    const lost = writes.map((waiting, i) => ({ waiting, states: states[i] ?? [] }));
    return { lost, searches: (await searchCount()) - before };
  } finally {
    await rig.simulator.disarm();
    await rig.simulator.lag(0);
  }
}

/** The three guarantees on lost answers judge one and the same run of them. */
const runs = new WeakMap<Rig, ReturnType<typeof loseAnswers>>();

function lostAnswers(rig: Rig): ReturnType<typeof loseAnswers> {
  const run = runs.get(rig) ?? loseAnswers(rig);
  runs.set(rig, run);
  return run;
}

async function settledOnce(rig: Rig, tally: Tally): Promise<void> {
  const { lost } = await lostAnswers(rig);
  for (const [i, { waiting, states }] of lost.entries()) {
    const times = await rig.simulator.timesWritten(waiting.text);
    const last = states.at(-1) ?? '';
    const what = `after ${LOSSES[i] ?? ''} it is ${last} and there ${times} times`;
    // One that was sent twice may never end; what is there twice is a breach all the same.
    tally.held(isEnd(last) ? last === 'succeeded' && times === 1 : times <= 1, what);
  }
  const haveEnded = lost.every(({ states }) => isEnd(states.at(-1)));
  tally.sure(haveEnded, `not all of them ended within ${END_MAX_MS / 1_000} s`);
}

async function withoutSearch(rig: Rig, tally: Tally): Promise<void> {
  const { lost, searches } = await lostAnswers(rig);
  for (const { waiting } of lost)
    tally.held(searches === 0, `${searches} searches while ${waiting.id} was settled`);
}

async function neverFailed(rig: Rig, tally: Tally): Promise<void> {
  const { lost } = await lostAnswers(rig);
  tally.sure(
    lost.some(({ states }) => states.includes('outcome_unknown')),
    'no write was ever seen as unknown',
  );
  for (const [i, { states }] of lost.entries())
    tally.held(
      !states.includes('failed'),
      `after ${LOSSES[i] ?? ''} its agent was told that it failed`,
    );
}

/** HubSpot has done it, says nothing, and cannot be read either. */
async function unknownWhileUnreadable(rig: Rig, tally: Tally): Promise<void> {
  const waiting = await submitWrite(rig);
  await armLoss(rig, 'commit_then_drop');
  await approveSurely(rig, waiting);
  await untilTrue('it is unknown', async () => {
    const { state } = await stateOf(rig, waiting);
    if (state === 'succeeded') return true;
    if (state === 'outcome_unknown') await rig.simulator.arm({ mode: '503', times: 0 });
    return state === 'outcome_unknown';
  });
  const deadline = Date.now() + UNREADABLE_MS;
  while (Date.now() < deadline) {
    const { state } = await stateOf(rig, waiting);
    const isTrue = state !== 'failed' && (await rig.simulator.timesWritten(waiting.text)) === 1;
    tally.held(isTrue, `while HubSpot could not be read it was ${state ?? ''}, or sent again`);
    await sleep(200);
  }
  await rig.simulator.disarm();
  tally.held((await ended(rig, waiting)).state === 'succeeded', 'it is not settled afterwards');
  const times = await rig.simulator.timesWritten(waiting.text);
  tally.held(times === 1, `it is there ${times} times`);
}

export const LAW_04: Law = {
  number: 4,
  title: 'A lost answer is unknown, and settled by reading HubSpot',
  guarantees: [
    {
      id: 'L04.1',
      title: 'answers lost in seven ways: each write is there exactly once',
      prove: settledOnce,
    },
    {
      id: 'L04.2',
      title: 'they are settled without HubSpot’s lagging search',
      prove: withoutSearch,
    },
    { id: 'L04.3', title: 'no agent was told of failure on the way', prove: neverFailed },
    {
      id: 'L04.4',
      title: 'while HubSpot cannot be read it stays unknown and is not sent again',
      prove: unknownWhileUnreadable,
    },
  ],
};
