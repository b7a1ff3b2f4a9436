import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  approveNote,
  createBusyGateway,
  keyOf,
  loseEngine,
  postNote,
  rejectNote,
  statesOf,
  submitNotes,
  timesExpired,
  timesSent,
  type Waiting,
} from '../support/approvals.ts';
import type { RunningGateway } from '../support/running-gateway.ts';
import { scaled } from './scale.ts';

/**
 * R3 and R4 over days and weeks: the gateway's clock is set by libfaketime, the engine's and HubSpot's
 * go on as they are, so that clocks which disagree are part of it.
 */
const KEYS = scaled(5, 50);
const POSTS = 200;
const APPROVALS = scaled(20, 200);
const TIME_LIMIT_MS = scaled(240_000, 1_800_000);

const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketime.so.1`,
);
const library = LIBRARIES.find((file) => existsSync(file));

let gateway: RunningGateway;

/** Stops it, or kills all of it and takes the engine's database away, and starts it with its clock that far off. */
async function restartAt(offset: string, isEngineLost = false): Promise<void> {
  if (isEngineLost) {
    await gateway.killEverything();
    loseEngine(gateway);
  } else await gateway.stop();
  gateway.env['LD_PRELOAD'] = library ?? '';
  gateway.env['FAKETIME'] = offset;
  // Timers go by the clock that nobody sets.
  gateway.env['FAKETIME_DONT_FAKE_MONOTONIC'] = '1';
  await gateway.start();
}

/** They come to this state, all of them. */
const allBecome = (waiting: readonly Waiting[], state: string) =>
  expect
    .poll(() => statesOf(gateway, waiting), { timeout: 90_000, interval: 500 })
    .toEqual({ [state]: waiting.length });

async function approveAll(waiting: readonly Waiting[]): Promise<void> {
  for (const one of waiting) expect((await approveNote(gateway, one)).status).toBe(200);
}

describe.skipIf(library === undefined)('the clock, days and weeks on', () => {
  beforeAll(async () => {
    gateway = await createBusyGateway();
    await gateway.start();
  }, 90_000);
  afterAll(() => gateway.close());
  afterEach(() => restartAt('+0d'), 90_000);

  it(
    `R3: after 30 days ${KEYS} keys get the same status and body, and another body is refused`,
    async () => {
      const undecided = await submitNotes(gateway, 'Undecided key', 1);
      await restartAt('+3d');
      await allBecome(undecided, 'expired');
      const rejected = await submitNotes(gateway, 'Rejected key', 1);
      for (const one of rejected) expect((await rejectNote(gateway, one)).status).toBe(200);
      await allBecome(rejected, 'rejected');
      const executed = await submitNotes(gateway, 'Kept', KEYS);
      await approveAll(executed);
      await allBecome(executed, 'succeeded');
      const waiting = [...executed, ...rejected, ...undecided];
      const first = await Promise.all(waiting.map(({ text }) => postNote(gateway, text)));
      expect(first.map(({ status, body }) => `${status} ${body.code ?? body.status}`)).toEqual([
        ...executed.map(() => '200 succeeded'),
        '403 approval.rejected',
        '409 approval.expired',
      ]);
      await restartAt('+33d', true);
      for (const [i, { text }] of waiting.entries()) {
        const answers = await Promise.all(
          Array.from({ length: POSTS }, () => postNote(gateway, text)),
        );
        const seen = new Set(answers.map((answer) => JSON.stringify(answer)));
        expect([...seen]).toEqual([JSON.stringify(first[i])]);
        const other = await postNote(gateway, 'Another text.', keyOf(text));
        expect([other.status, other.body.code]).toEqual([422, 'idempotency.mismatch']);
      }
      const times = await timesSent(gateway, waiting);
      console.info(
        `R3: ${waiting.length} keys, ${POSTS} posts of each at once, 30 days later: ` +
          `${times.filter((n) => n === 1).length} sent once, 1 rejected, 1 expired`,
      );
      expect(times).toEqual([...executed.map(() => 1), 0, 0]);
    },
    TIME_LIMIT_MS,
  );

  it(
    `R4: after 7 days ${APPROVALS} undecided writes have expired, once each, and none is sent`,
    async () => {
      const waiting = await submitNotes(gateway, 'Undecided', APPROVALS);
      await restartAt('+7d', true);
      await allBecome(waiting, 'expired');
      const late = await approveNote(gateway, waiting[0]!);
      expect([late.status, late.body.code]).toEqual([409, 'approval.closed']);
      expect(new Set(await timesSent(gateway, waiting))).toEqual(new Set([0]));
      await gateway.stop();
      const times = await timesExpired(gateway, waiting);
      console.info(`R4: clock + 7 days: ${times.filter((n) => n === 1).length} expired once`);
      expect(new Set(times)).toEqual(new Set([1]));
      await gateway.start();
    },
    TIME_LIMIT_MS,
  );

  it(
    'set back by a day, what waits goes on waiting and is executed once when it is approved',
    async () => {
      const waiting = await submitNotes(gateway, 'Set back', 3);
      await restartAt('-1d', true);
      await allBecome(waiting, 'awaiting_approval');
      await approveAll(waiting);
      await allBecome(waiting, 'succeeded');
      expect(await timesSent(gateway, waiting)).toEqual([1, 1, 1]);
    },
    TIME_LIMIT_MS,
  );

  it(
    'jumping by three days between approval and begin, an approval that is too old is not used',
    async () => {
      const [waiting] = await submitNotes(gateway, 'Too late', 1);
      // Nothing begins while HubSpot cannot be read.
      await gateway.control('POST', '/faults', { mode: '503', times: 0 });
      await approveAll([waiting!]);
      await restartAt('+3d', true);
      await allBecome([waiting!], 'expired');
      await gateway.control('DELETE', '/faults');
      expect(await timesSent(gateway, [waiting!])).toEqual([0]);
    },
    TIME_LIMIT_MS,
  );
});
