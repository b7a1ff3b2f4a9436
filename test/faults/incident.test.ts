import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { verifyLog } from '../../src/audit/verify.ts';
import { INCIDENT_FAILPOINTS } from '../../src/core/failpoint-places.ts';
import { EXACT_SCOPES, standsAt } from '../support/incidents.ts';
import { createLoneGateway, type LoneGateway } from '../support/lone-gateway.ts';
import { isFull } from './scale.ts';

/**
 * I5: the gateway is killed at every commit of an incident's way, before it and after it, and started
 * again: the incident ends, each of its steps is in the log once, and the post-mortem is there within
 * ten seconds. One incident dies at all of them; in full form each of them has an incident of its own too.
 */
const POST_MORTEM_LIMIT_MS = 10_000;
const DEATH_LIMIT_MS = 60_000;
const STEPS = [
  'incident.opened',
  'incident.contained',
  'incident.key_supplied',
  'incident.verified',
  'incident.assessed',
  'incident.reverting',
  'incident.reverted',
  'incident.closed',
];

let lone: LoneGateway;
/** HubSpot's, as it is now. */
let key: string;

beforeAll(async () => {
  lone = await createLoneGateway({
    temporalAddress: inject('temporalAddress'),
    scopes: EXACT_SCOPES,
  });
  key = lone.firstKey;
  // So that it is known which changes in HubSpot are made under our key.
  const { env } = lone.gateway;
  const connected = spawnSync(process.execPath, ['src/cli/main.ts', 'connect'], { env });
  expect(connected.status).toBe(0);
}, 60_000);
afterAll(() => lone.close());

type Answer = Awaited<ReturnType<LoneGateway['asPerson']>>;

/** `undefined` while the process is away. */
async function askFor(
  who: 'first' | 'second',
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer | undefined> {
  try {
    return await lone.asPerson(who, method, `/v1${path}`, body);
  } catch {
    return undefined;
  }
}

const ask = (who: 'first' | 'second', method: string, path: string, body?: unknown) =>
  askFor(who, method, `/incidents${path}`, body);

let appId: number | null = null;
let rogues = 0;

/** Somebody else with our key, so that there is something to set back. */
async function actRogue(): Promise<void> {
  const properties = { jobtitle: `Rogue ${(rogues += 1)}` };
  const { status } = await fetch(`${lone.simulator.url}/crm/objects/2026-09/contacts/20001`, {
    ...{ method: 'PATCH', body: JSON.stringify({ properties }) },
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  });
  expect(status).toBe(200);
  appId = (await lone.simulator.effects()).at(-1)?.app_id ?? null;
}

/** "Rotate and expire now": the key before is dead before the new one is there. */
async function rotate(): Promise<string> {
  await lone.simulator.control('POST', '/tokens/state', { token: key, state: 'revoked' });
  const minting = { scopes: EXACT_SCOPES, app_id: appId };
  const { body } = await lone.simulator.control<{ token: string }>('POST', '/tokens', minting);
  return body.token;
}

/** Some deaths lie before the new key is there. */
let mayRotate = false;
const FIRST_WITH_KEY = INCIDENT_FAILPOINTS.indexOf('before incident.key_supplied');

/** Opens it, however often it takes. */
async function opened(): Promise<string> {
  for (;;) {
    const answer = await ask('first', 'POST', '', { reason: 'I5' });
    if (answer?.status === 201) return answer.body.id as string;
    await sleep(100);
  }
}

/** Says yes to what is to be set back, as far as its card is there. */
async function approve(takeBacks: readonly string[]): Promise<void> {
  for (const id of takeBacks) {
    const { body } = (await askFor('first', 'GET', `/approvals/${id}`)) ?? {};
    const decision = { decision: 'approve', digest: body?.card?.digest };
    if (decision.digest !== undefined)
      await askFor('first', 'POST', `/approvals/${id}/decisions`, decision);
  }
}

/** What people do, each step again and again until the incident has passed it: ends with the incident. */
async function people(): Promise<string> {
  const id = await opened();
  let rotated: string | undefined;
  for (;;) {
    const { stage, take_backs: takeBacks } = (await ask('first', 'GET', `/${id}`))?.body ?? {};
    if (stage === 'closed') break;
    if (stage === 'rotating' && mayRotate) {
      rotated ??= await rotate();
      await ask('first', 'POST', `/${id}/key`, { key: rotated });
    }
    if (stage === 'reverting') await approve(takeBacks);
    if (stage === 'resuming') await ask('second', 'POST', `/${id}/resume`, {});
    await sleep(100);
  }
  key = rotated ?? key;
  return id;
}

/** Started into the failpoint, it dies there; false when nothing came to it in time. */
async function diesAt(place: string): Promise<boolean> {
  await lone.start(place).catch(() => undefined);
  return Promise.race([
    lone.gateway.exited().then(() => true),
    sleep(DEATH_LIMIT_MS).then(() => false),
  ]);
}

/** One incident over deaths at all these places, in the order of its way. */
async function over(places: readonly (typeof INCIDENT_FAILPOINTS)[number][]): Promise<string> {
  mayRotate = false;
  await actRogue();
  const done = people();
  for (const place of places) {
    mayRotate = INCIDENT_FAILPOINTS.indexOf(place) >= FIRST_WITH_KEY;
    expect(await diesAt(place), `nothing came to "${place}"`).toBe(true);
  }
  mayRotate = true;
  await lone.start();
  const id = await done;
  await standsAt(lone, id, ['closed']);
  return id;
}

const timesIn = (report: string, event: string): number =>
  report.split('\n').filter((line) => line.includes(`| ${event} |`)).length;

async function expectWholeStory(id: string): Promise<void> {
  const begunAt = Date.now();
  const { body } = await lone.asPerson('second', 'GET', `/v1/incidents/${id}/post-mortem`);
  expect(Date.now() - begunAt).toBeLessThan(POST_MORTEM_LIMIT_MS);
  const counts = STEPS.map((event) => `${event} ${timesIn(body.markdown as string, event)}`);
  expect(counts).toEqual(STEPS.map((event) => `${event} 1`));
  expect(body.markdown).not.toContain('not reached');
}

describe('I5: kill -9 at every step of an incident', () => {
  it('completes over all of them, each step in the log once, with its post-mortem', async () => {
    await expectWholeStory(await over(INCIDENT_FAILPOINTS));
    await lone.gateway.stop('SIGKILL');
    const singles = isFull ? INCIDENT_FAILPOINTS : [];
    for (const place of singles) {
      await expectWholeStory(await over([place]));
      await lone.gateway.stop('SIGKILL');
    }
    const kills = INCIDENT_FAILPOINTS.length + singles.length;
    console.info(`I5: ${kills} kills, ${1 + singles.length} incidents ended, each step once`);
  }, 1_800_000);

  it('leaves a log that verifies', async () => {
    const { log_dir: folder, log_vkey: vkey } = lone.gateway.run();
    expect((await verifyLog({ folder, vkey })).findings).toEqual([]);
  });
});
