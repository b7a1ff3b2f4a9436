import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openContext } from '../../src/context.ts';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';
import { scaled } from './scale.ts';
import { entriesOf } from '../support/log-entries.ts';

/** R4: what waits for people outlives every process, and every third time the engine's database too. */
const APPROVALS = scaled(20, 200);
const ROUNDS = scaled(3, 20);
const ENGINE_LOST_EVERY = 3;
const EXPIRING = 5;
const SHORT_SECONDS = 4;

let gateway: RunningGateway;

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

interface Waiting {
  readonly id: string;
  readonly digest: string;
  readonly text: string;
}

async function submit(text: string): Promise<Waiting> {
  const action = { action: 'create_note', contact_id: '20001', note: text };
  const { body } = await gateway.api('POST', '/v1/actions', {
    body: { user_id: 'dana@acme.test', agent_prompt: 'Please.', action },
    headers: { 'idempotency-key': text.replaceAll(' ', '-') },
  });
  expect(body.status, JSON.stringify(body)).toBe('awaiting_approval');
  return { id: body.id, digest: body.digest, text };
}

const submitMany = async (count: number, name: string): Promise<Waiting[]> => {
  const made: Waiting[] = [];
  for (let i = 0; i < count; i += 1) made.push(await submit(`${name} ${i}.`));
  return made;
};

const stateOf = async ({ id }: Waiting): Promise<string> =>
  (await gateway.api('GET', `/v1/actions/${id}`)).body.status;

const statesOf = async (waiting: readonly Waiting[]): Promise<Record<string, number>> => {
  const states = await Promise.all(waiting.map(stateOf));
  return Object.fromEntries(
    [...new Set(states)].map((s) => [s, states.filter((x) => x === s).length]),
  );
};

async function approve({ id, digest }: Waiting): Promise<void> {
  const answer = await gateway.api('POST', `/v1/approvals/${id}/decisions`, {
    key: gateway.run().approver_key,
    body: { decision: 'approve', digest },
  });
  expect(answer.status).toBe(200);
}

async function killAndStart(isEngineLost: boolean): Promise<void> {
  await gateway.killEverything();
  if (isEngineLost) {
    const files = readdirSync(gateway.dataDir).filter((name) => name.startsWith('temporal.db'));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) rmSync(join(gateway.dataDir, name));
  }
  await gateway.start();
}

const effectsOf = async (): Promise<string[]> =>
  (await gateway.control('GET', '/effects')).effects.map((effect: { properties: unknown }) =>
    JSON.stringify(effect.properties),
  );

describe(`R4: ${APPROVALS} waiting approvals, everything killed ${ROUNDS} times`, () => {
  it('still wait after each, and each that is approved is executed once', async () => {
    const waiting = await submitMany(APPROVALS, 'Waiting');
    const approved: Waiting[] = [];
    const perRound = Math.floor(APPROVALS / (ROUNDS + 1));
    for (let round = 1; round <= ROUNDS; round += 1) {
      await killAndStart(round % ENGINE_LOST_EVERY === 0);
      const open = waiting.filter((one) => !approved.includes(one));
      expect(await statesOf(open)).toEqual({ awaiting_approval: open.length });
      const next = open.slice(0, perRound);
      for (const one of next) await approve(one);
      approved.push(...next);
    }
    // The last are approved and killed at once: a decision that was acknowledged is not lost.
    const last = waiting.filter((one) => !approved.includes(one));
    for (const one of last) await approve(one);
    await killAndStart(false);
    await expect
      .poll(() => statesOf(waiting), { timeout: 60_000, interval: 500 })
      .toEqual({ succeeded: APPROVALS });
    const effects = await effectsOf();
    const times = waiting.map(({ text }) => effects.filter((e) => e.includes(text)).length);
    console.info(
      `R4: ${APPROVALS} approvals, ${ROUNDS + 1} kills of everything, engine lost ` +
        `${Math.floor(ROUNDS / ENGINE_LOST_EVERY)} times: ${times.filter((n) => n === 1).length} executed once`,
    );
    expect(new Set(times)).toEqual(new Set([1]));
  }, 1_200_000);

  it('expire exactly once when their time passes while nothing runs', async () => {
    await gateway.stop();
    gateway.env['SALLYPORT_APPROVAL_SECONDS'] = String(SHORT_SECONDS);
    await gateway.start();
    const expiring = await submitMany(EXPIRING, 'Expiring');
    await gateway.killEverything();
    await sleep(SHORT_SECONDS * 1_000);
    await killAndStart(true);
    await expect
      .poll(() => statesOf(expiring), { timeout: 60_000, interval: 500 })
      .toEqual({ expired: EXPIRING });
    await gateway.stop();
    const context = await openContext(readConfig(gateway.env));
    for (const { id } of expiring) {
      const entries = await entriesOf(context.store, id);
      expect(entries.filter(({ event }) => event === 'approval.expired')).toHaveLength(1);
    }
    await context.close();
  }, 180_000);
});
