import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  approveNote,
  createBusyGateway,
  loseEngine,
  publishedEntries,
  statesOf,
  submitNotes,
  timesExpired,
  timesSent,
  type Waiting,
} from '../support/approvals.ts';
import type { RunningGateway } from '../support/running-gateway.ts';
import type { SimulatorEffect } from '../support/simulator.ts';
import { expectWitnessesAgree } from '../support/witnesses.ts';
import { scaled } from './scale.ts';

/** R4: what waits for people outlives every process, and every third time the engine's database too. */
const APPROVALS = scaled(20, 200);
const ROUNDS = scaled(3, 20);
const ENGINE_LOST_EVERY = 3;
/** So many leave at the pace that HubSpot allows, of which some turns are kept for settling. */
const ALL_SENT_MS = scaled(60_000, 300_000);
const EXPIRING = 5;
const SHORT_SECONDS = 4;

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await createBusyGateway();
  await gateway.start();
}, 90_000);
afterAll(() => gateway.close());

async function killAndStart(isEngineLost: boolean): Promise<void> {
  await gateway.killEverything();
  if (isEngineLost) loseEngine(gateway);
  await gateway.start();
}

async function approveAll(waiting: readonly Waiting[]): Promise<void> {
  for (const one of waiting) expect((await approveNote(gateway, one)).status).toBe(200);
}

/** HubSpot's ledger and what the API says, before the gateway is stopped to read its log. */
async function witnessesOf(notes: readonly Waiting[]) {
  const { effects } = (await gateway.control('GET', '/effects')) as { effects: SimulatorEffect[] };
  const states = notes.map(async ({ id, text }) => {
    const { body } = await gateway.api('GET', `/v1/actions/${id}`);
    return { id, text, status: body.status as string };
  });
  return { effects, writes: await Promise.all(states) };
}

describe(`R4: ${APPROVALS} waiting approvals, everything killed ${ROUNDS} times`, () => {
  let waiting: readonly Waiting[] = [];

  it('still wait after each, and each that is approved is executed once', async () => {
    waiting = await submitNotes(gateway, 'Waiting', APPROVALS);
    const approved: Waiting[] = [];
    const perRound = Math.floor(APPROVALS / (ROUNDS + 1));
    for (let round = 1; round <= ROUNDS; round += 1) {
      await killAndStart(round % ENGINE_LOST_EVERY === 0);
      const open = waiting.filter((one) => !approved.includes(one));
      expect(await statesOf(gateway, open)).toEqual({ awaiting_approval: open.length });
      const next = open.slice(0, perRound);
      await approveAll(next);
      approved.push(...next);
    }
    // The last are approved and killed at once: a decision that was acknowledged is not lost.
    const last = waiting.filter((one) => !approved.includes(one));
    await approveAll(last);
    await killAndStart(false);
    await expect
      .poll(() => statesOf(gateway, waiting), { timeout: ALL_SENT_MS, interval: 500 })
      .toEqual({ succeeded: APPROVALS });
    const times = await timesSent(gateway, waiting);
    console.info(
      `R4: ${APPROVALS} approvals, ${ROUNDS + 1} kills of everything, engine lost ` +
        `${Math.floor(ROUNDS / ENGINE_LOST_EVERY)} times: ${times.filter((n) => n === 1).length} executed once`,
    );
    expect(new Set(times)).toEqual(new Set([1]));
  }, 1_200_000);

  it('are executed as the log has it, that verifies: no effect without an intent, one end each', async () => {
    const { effects, writes } = await witnessesOf(waiting);
    await gateway.stop();
    const agreed = expectWitnessesAgree(writes, effects, await publishedEntries(gateway));
    console.info(`R4: three witnesses agree: ${JSON.stringify(agreed)}`);
    expect(agreed).toMatchObject({ effects: APPROVALS, completions: APPROVALS });
  }, 120_000);

  it('expire exactly once when their time passes while nothing runs', async () => {
    await gateway.stop();
    gateway.env['SALLYPORT_APPROVAL_SECONDS'] = String(SHORT_SECONDS);
    await gateway.start();
    const expiring = await submitNotes(gateway, 'Expiring', EXPIRING);
    await gateway.killEverything();
    await sleep(SHORT_SECONDS * 1_000);
    await killAndStart(true);
    await expect
      .poll(() => statesOf(gateway, expiring), { timeout: 60_000, interval: 500 })
      .toEqual({ expired: EXPIRING });
    const { effects, writes } = await witnessesOf([...waiting, ...expiring]);
    await gateway.stop();
    expect(new Set(await timesExpired(gateway, expiring))).toEqual(new Set([1]));
    const agreed = expectWitnessesAgree(writes, effects, await publishedEntries(gateway));
    expect(agreed).toMatchObject({ effects: APPROVALS, completions: APPROVALS });
  }, 180_000);
});
