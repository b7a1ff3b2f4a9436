import { setTimeout as sleep } from 'node:timers/promises';
import { FAILPOINTS } from '../core/failpoint-places.ts';
import type { Law, Tally } from './guarantee.ts';
import {
  approve,
  approveSurely,
  asWaiting,
  decide,
  ended,
  outrun,
  stateOf,
  submitWrite,
  submitWrites,
  type Waiting,
  writing,
} from './moves.ts';
import type { Rig } from './rig.ts';
import type { Row } from './store-file.ts';
import { untilTrue } from './wait.ts';

const POSTS_AT_ONCE = 30;
const DECISIONS_AT_ONCE = 30;
const PLACES_TO_DIE = 2;
const PLACES_TRIED_MAX = 5;
const DEATH_MAX_MS = 8_000;

async function heldOnce(rig: Rig, tally: Tally, text: string, after: string): Promise<void> {
  const times = await rig.simulator.timesWritten(text);
  tally.held(times === 1, `${after}: written ${times} times`);
}

async function postsAtOnce(rig: Rig, tally: Tally): Promise<void> {
  const { agent, write } = writing(rig);
  const text = rig.text();
  const action = write(text, rig.turn());
  const answers = await Promise.all(
    Array.from({ length: POSTS_AT_ONCE }, () =>
      rig.submit(action, { key: agent.key, idempotencyKey: text }),
    ),
  );
  const waiting = asWaiting(
    answers[0] ?? (await Promise.reject(new Error('no answer'))),
    text,
    agent.key,
  );
  for (const { status, body } of answers)
    tally.held(body.id === waiting.id, `one key became ${body.id ?? status} beside ${waiting.id}`);
  await approveSurely(rig, waiting);
  await ended(rig, waiting);
  await heldOnce(rig, tally, text, `${POSTS_AT_ONCE} posts with one key`);
  const again = await rig.submit(action, { key: agent.key, idempotencyKey: text });
  tally.held(again.state === 'succeeded', 'the same key again does not get the result');
  await heldOnce(rig, tally, text, 'the same key after the end');
}

async function otherBody(rig: Rig, tally: Tally): Promise<void> {
  const { agent, write } = writing(rig);
  const waiting = await submitWrite(rig, { idempotencyKey: `other-${rig.text()}` });
  const idempotencyKey = `twice-${waiting.text}`;
  const [first, second] = [rig.text(), rig.text()];
  await rig.submit(write(first, rig.turn()), { key: agent.key, idempotencyKey });
  const answer = await rig.submit(write(second, rig.turn()), { key: agent.key, idempotencyKey });
  const isRefused = answer.status === 422 && answer.code === 'idempotency.mismatch';
  tally.held(
    isRefused,
    `another body under the same key got ${answer.status} ${answer.code ?? ''}`,
  );
}

/** Who clicks often, and two windows of one person. */
async function decisionsAtOnce(rig: Rig, tally: Tally): Promise<void> {
  const waiting = await submitWrite(rig);
  const people = writing(rig).approvers.slice(0, waiting.approvals);
  for (const person of people) {
    const answers = await Promise.all(
      Array.from({ length: DECISIONS_AT_ONCE }, () => decide(rig, waiting, person)),
    );
    const taken = answers.filter(({ status }) => status === 200).length;
    tally.held(taken === 1, `of ${DECISIONS_AT_ONCE} approvals by one person ${taken} counted`);
  }
  tally.sure((await ended(rig, waiting)).state === 'succeeded', 'the write did not succeed');
  await heldOnce(rig, tally, waiting.text, `${DECISIONS_AT_ONCE} clicks at once`);
}

const isExecuting = (rig: Rig, waiting: Waiting) => async (): Promise<boolean> => {
  const { state } = await stateOf(rig, waiting);
  return state === 'executing' || state === 'outcome_unknown';
};

/** kill -9 while HubSpot has the call and its answer is not here. */
async function killedBeforeAnswer(rig: Rig, tally: Tally, mode: string): Promise<void> {
  const waiting = await submitWrite(rig);
  await rig.simulator.arm(
    ...WRITE_METHODS.map((method) => ({ match: { method, path: WRITE_PATH }, mode })),
  );
  await approveSurely(rig, waiting);
  await untilTrue('the write is on its way', isExecuting(rig, waiting), 10_000);
  await untilTrue('HubSpot has the call', async () => {
    const [last] = (await rig.simulator.calls()).slice(-1);
    return last !== undefined && WRITE_METHODS.includes(last.method);
  });
  await rig.gateway.kill();
  await rig.simulator.disarm();
  await rig.gateway.start();
  const { state, code } = await ended(rig, waiting, 60_000);
  tally.held(state === 'succeeded', `after the restart it ended ${state ?? ''} ${code ?? ''}`);
  await heldOnce(rig, tally, waiting.text, `kill -9 while HubSpot answered with ${mode}`);
}

const WRITE_METHODS = ['POST', 'PATCH'];
/** Creates and updates; not the searches and batch reads, which are POSTs too. */
export const WRITE_PATH = '/(contacts|deals|notes|tasks|calls)(/[0-9]+)?$';

/** Places of a write's way, not of a rejection's or a lost answer's. */
const ON_THE_WAY = FAILPOINTS.filter(
  (place) => !/rejected|lost|reconcile|settled|wake/.test(place),
);

/** False when it died there while it was still starting, on what was open from before; it runs then, unharmed. */
async function startsToDieAt(rig: Rig, place: string): Promise<boolean> {
  try {
    await rig.gateway.restart({ SALLYPORT_FAILPOINT: place });
    return true;
  } catch {
    await rig.gateway.start();
    return false;
  }
}

/** Whether it died there. */
async function diesAt(rig: Rig, tally: Tally, place: string): Promise<boolean> {
  const isDue = await startsToDieAt(rig, place);
  const { agent, write } = writing(rig);
  const text = rig.text();
  const action = write(text, rig.turn());
  const submit = () => rig.submit(action, { key: agent.key, idempotencyKey: text });
  // Whichever of the two it dies in, its answer is lost; the agent and the approver come again.
  const first = await submit().catch(() => undefined);
  if (first?.state === 'awaiting_approval')
    await approve(rig, asWaiting(first, text, agent.key)).catch(() => undefined);
  const isDead = await Promise.race([
    ...(isDue ? [rig.gateway.gone().then(() => true)] : []),
    sleep(isDue ? DEATH_MAX_MS : 0, false, { ref: false }),
  ]);
  // This policy's writes do not come by there.
  if (isDue && !isDead) return false;
  await rig.gateway.start();
  const waiting = { key: agent.key, id: (await submit()).body.id ?? '' };
  await untilTrue(`after a death ${place} it goes on`, async () => {
    const answer = await submit();
    if (answer.state === 'awaiting_approval')
      await approve(rig, asWaiting(answer, text, agent.key));
    return answer.state !== 'awaiting_approval' && answer.status < 500;
  });
  const { state, code } = await ended(rig, waiting, 60_000);
  tally.held(state === 'succeeded', `dead ${place}, then ${state ?? ''} ${code ?? ''}`);
  await heldOnce(rig, tally, text, `dead ${place}`);
  return true;
}

async function diesAnywhere(rig: Rig, tally: Tally): Promise<void> {
  writing(rig);
  let deaths = 0;
  for (const place of rig.random.some(ON_THE_WAY, PLACES_TRIED_MAX))
    if (deaths < PLACES_TO_DIE && (await diesAt(rig, tally, place))) deaths += 1;
  await rig.gateway.restart();
}

const STANDING = ['status', 'voucher', 'code', 'expires_at', 'credential_version', 'card'];

function standing(rig: Rig, id: string): Row {
  const row = rig.store.all('SELECT * FROM requests WHERE id = ?', id)[0] ?? {};
  return Object.fromEntries(
    STANDING.filter((name) => name in row).map((name) => [name, row[name] ?? null]),
  );
}

function restore(rig: Rig, id: string, row: Row): void {
  const sets = Object.keys(row)
    .map((name) => `"${name}" = ?`)
    .join(', ');
  const sql = `UPDATE requests SET ${sets}, wake_at = 1, revision = 1000000 WHERE id = ?`;
  rig.store.run(sql, ...Object.values(row), id);
}

/** The row as it truly was, with all its seals, and every mark of its use gone. */
async function putBack(rig: Rig, tally: Tally): Promise<void> {
  const [waiting, control] = await submitWrites(rig, 2);
  if (waiting === undefined || control === undefined) return;
  const before = standing(rig, waiting.id);
  await approveSurely(rig, waiting);
  tally.sure((await ended(rig, waiting)).state === 'succeeded', 'the write did not succeed');
  rig.store.run('DELETE FROM approval_uses WHERE request_id = ?', waiting.id);
  rig.store.run('DELETE FROM decisions WHERE request_id = ?', waiting.id);
  restore(rig, waiting.id, before);
  await approve(rig, waiting);
  await approveSurely(rig, control);
  await outrun(rig, control);
  await heldOnce(rig, tally, waiting.text, 'a row put back to waiting and approved again');
}

async function marksTakenOut(rig: Rig, tally: Tally): Promise<void> {
  const [waiting, control] = await submitWrites(rig, 2);
  if (waiting === undefined || control === undefined) return;
  await approveSurely(rig, waiting);
  tally.sure((await ended(rig, waiting)).state === 'succeeded', 'the write did not succeed');
  rig.store.run('DELETE FROM approval_uses WHERE request_id = ?', waiting.id);
  restore(rig, waiting.id, { status: 'approved' });
  await approveSurely(rig, control);
  await outrun(rig, control);
  await heldOnce(rig, tally, waiting.text, 'the mark of its use taken out of the file');
}

export const LAW_03: Law = {
  number: 3,
  title: 'An approval executes at most once',
  guarantees: [
    {
      id: 'L03.1',
      title: 'many posts at once with one key: one request, one call',
      prove: postsAtOnce,
    },
    { id: 'L03.2', title: 'many approvals at once: one counts, one call', prove: decisionsAtOnce },
    {
      id: 'L03.3',
      title: 'kill -9 between begin and answer, and HubSpot had done it: once after the restart',
      prove: (rig, tally) => killedBeforeAnswer(rig, tally, 'commit_then_hang'),
    },
    {
      id: 'L03.4',
      title:
        'kill -9 between begin and answer, and HubSpot had not done it: once after the restart',
      prove: (rig, tally) => killedBeforeAnswer(rig, tally, 'hang'),
    },
    {
      id: 'L03.5',
      title: 'dead at any edge of a write’s way, drawn by the seed: once after the restart',
      prove: diesAnywhere,
    },
    {
      id: 'L03.6',
      title: 'the row put back to what it was before, and approved again: still once',
      prove: putBack,
    },
    {
      id: 'L03.7',
      title: 'the mark of its use deleted and its state set back by hand: still once',
      prove: marksTakenOut,
    },
    { id: 'L03.8', title: 'the same key with another body is refused', prove: otherBody },
  ],
};
