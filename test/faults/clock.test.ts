import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openContext } from '../../src/context.ts';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';
import { scaled } from './scale.ts';

/**
 * R3 and R4 over days and weeks: the gateway's clock is set by libfaketime, the engine's and HubSpot's
 * go on as they are, so that clocks which disagree are part of it.
 */
const KEYS = scaled(5, 50);
const APPROVALS = scaled(20, 200);
const TIME_LIMIT_MS = scaled(240_000, 1_800_000);

const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketime.so.1`,
);
const library = LIBRARIES.find((file) => existsSync(file));

let gateway: RunningGateway;

/** Stops it, and starts it with its clock that far off. */
async function restartAt(offset: string, isEngineLost = false): Promise<void> {
  await gateway.stop();
  if (isEngineLost)
    for (const name of readdirSync(gateway.dataDir).filter((each) =>
      each.startsWith('temporal.db'),
    ))
      rmSync(join(gateway.dataDir, name));
  gateway.env['LD_PRELOAD'] = library ?? '';
  gateway.env['FAKETIME'] = offset;
  // Timers go by the clock that nobody sets.
  gateway.env['FAKETIME_DONT_FAKE_MONOTONIC'] = '1';
  await gateway.start();
}

const post = (text: string, key = text.replaceAll(/\W+/g, '-')) =>
  gateway.api('POST', '/v1/actions', {
    body: {
      user_id: 'dana@acme.test',
      agent_prompt: 'Please.',
      action: { action: 'create_note', contact_id: '20001', note: text },
    },
    headers: { 'idempotency-key': key },
  });

interface Waiting {
  readonly id: string;
  readonly digest: string;
  readonly text: string;
}

async function submit(text: string): Promise<Waiting> {
  const { body } = await post(text);
  expect(body.status, JSON.stringify(body)).toBe('awaiting_approval');
  return { id: body.id, digest: body.digest, text };
}

const textsOf = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name} ${i}.`);

async function submitMany(name: string, count: number): Promise<Waiting[]> {
  const made: Waiting[] = [];
  for (const text of textsOf(name, count)) made.push(await submit(text));
  return made;
}

const approve = ({ id, digest }: Waiting) =>
  gateway.api('POST', `/v1/approvals/${id}/decisions`, {
    key: gateway.run().approver_key,
    body: { decision: 'approve', digest },
  });

const stateOf = async ({ id }: Waiting): Promise<string> =>
  (await gateway.api('GET', `/v1/actions/${id}`)).body.status;

/** They come to this state, all of them. */
const allBecome = (waiting: readonly Waiting[], state: string) =>
  expect
    .poll(async () => [...new Set(await Promise.all(waiting.map(stateOf)))], {
      timeout: 90_000,
      interval: 500,
    })
    .toEqual([state]);

async function timesSent(waiting: readonly Waiting[]): Promise<number[]> {
  const { effects } = await gateway.control('GET', '/effects');
  const texts: string[] = effects.map(({ properties }: object & { properties: unknown }) =>
    JSON.stringify(properties),
  );
  return waiting.map(({ text }) => texts.filter((sent) => sent.includes(text)).length);
}

async function timesExpired(waiting: readonly Waiting[]): Promise<number[]> {
  await gateway.stop();
  const context = await openContext(readConfig(gateway.env));
  try {
    return await Promise.all(
      waiting.map(async ({ id }) => {
        const leaves = (await context.store.log.ofRequest(id)).map(({ leaf }) => leaf);
        const entries = leaves.map((leaf) => JSON.parse(new TextDecoder().decode(leaf)));
        return entries.filter(({ event }) => event === 'approval.expired').length;
      }),
    );
  } finally {
    await context.close();
  }
}

describe.skipIf(library === undefined)('the clock, days and weeks on', () => {
  beforeAll(async () => {
    gateway = await createRunningGateway({
      temporalCli: await temporalCliPath(),
      env: {
        SALLYPORT_AGENT_REQUESTS_PER_MINUTE: '100000',
        SALLYPORT_AGENT_WAITING_MAX: '1000',
        SALLYPORT_PERSON_DECISIONS_PER_MINUTE: '100000',
        SALLYPORT_SLOTS: '1000',
      },
    });
    await gateway.start();
  }, 90_000);
  afterAll(() => gateway.close());
  afterEach(() => restartAt('+0d'), 90_000);

  it(
    `R3: after 30 days ${KEYS} keys get the same status and body, and another body is refused`,
    async () => {
      const waiting = await submitMany('Kept', KEYS);
      for (const one of waiting) expect((await approve(one)).status).toBe(200);
      await allBecome(waiting, 'succeeded');
      const first = await Promise.all(waiting.map(({ text }) => post(text)));
      expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200]));
      await restartAt('+30d', true);
      for (const [i, { text }] of waiting.entries()) {
        const answers = await Promise.all(Array.from({ length: 10 }, () => post(text)));
        const seen = new Set(answers.map((answer) => JSON.stringify(answer)));
        expect([...seen]).toEqual([JSON.stringify(first[i])]);
        const other = await post('Another text.', text.replaceAll(/\W+/g, '-'));
        expect([other.status, other.body.code]).toEqual([422, 'idempotency.mismatch']);
      }
      const times = await timesSent(waiting);
      console.info(
        `R3: ${KEYS} keys, 30 days later: ${times.filter((n) => n === 1).length} sent once`,
      );
      expect(new Set(times)).toEqual(new Set([1]));
    },
    TIME_LIMIT_MS,
  );

  it(
    `R4: after 7 days ${APPROVALS} undecided writes have expired, once each, and none is sent`,
    async () => {
      const waiting = await submitMany('Undecided', APPROVALS);
      await restartAt('+7d', true);
      await allBecome(waiting, 'expired');
      const late = await approve(waiting[0]!);
      expect([late.status, late.body.code]).toEqual([409, 'approval.closed']);
      expect(new Set(await timesSent(waiting))).toEqual(new Set([0]));
      const times = await timesExpired(waiting);
      console.info(`R4: clock + 7 days: ${times.filter((n) => n === 1).length} expired once`);
      expect(new Set(times)).toEqual(new Set([1]));
      await gateway.start();
    },
    TIME_LIMIT_MS,
  );

  it(
    'set back by a day, what waits goes on waiting and is executed once when it is approved',
    async () => {
      const waiting = await submitMany('Set back', 3);
      await restartAt('-1d', true);
      await allBecome(waiting, 'awaiting_approval');
      for (const one of waiting) expect((await approve(one)).status).toBe(200);
      await allBecome(waiting, 'succeeded');
      expect(await timesSent(waiting)).toEqual([1, 1, 1]);
    },
    TIME_LIMIT_MS,
  );

  it(
    'jumping by three days between approval and begin, an approval that is too old is not used',
    async () => {
      const [waiting] = await submitMany('Too late', 1);
      // Nothing begins while HubSpot cannot be read.
      await gateway.control('POST', '/faults', { mode: '503', times: 0 });
      expect((await approve(waiting!)).status).toBe(200);
      await restartAt('+3d', true);
      await allBecome([waiting!], 'expired');
      await gateway.control('DELETE', '/faults');
      expect(await timesSent([waiting!])).toEqual([0]);
    },
    TIME_LIMIT_MS,
  );
});
