import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openContext } from '../../src/context.ts';
import { FAILPOINTS } from '../../src/core/failpoint-places.ts';
import { createLoneGateway, type LoneGateway } from '../support/lone-gateway.ts';
import { expectWitnessesAgree, isEffectOf, verifiedEntries } from '../support/witnesses.ts';
import { mixedWrite, WRITE_PATH } from './mixed-writes.ts';
import { isFull, scaled } from './scale.ts';

/**
 * R1: the gateway is killed at every failpoint of an approved write's way, with writes on every part of
 * it, and started again right into the next failpoint. Three witnesses must agree in the end: the
 * simulator's ledger, the audit log, and what the API says.
 */

/** Reached only when a write's answer is lost. */
const LOST = /lost|reconcile|settled/;
/** Reached by other paths than an approved write's. */
const ELSEWHERE = /rejected/;
const PLACES = FAILPOINTS.filter((place) => !ELSEWHERE.test(place));
const WRITES_PER_PLACE = Math.ceil(scaled(60, 1_000) / PLACES.length);
/** The second begin of the one write that is under way. */
const RESENDS = ['before', 'after'].map((edge) => `${edge} hubspot.intended/execute@2`);
/** A lost write that HubSpot does not have is sent again after its quiet time (20 s), and some to spare. */
const DEATH_LIMIT_MS = 60_000;
const SETTLED_WITHIN_MS = 60_000;

let lone: LoneGateway;

beforeAll(async () => {
  lone = await createLoneGateway({ temporalAddress: inject('temporalAddress') });
  await lone.simulator.control('POST', '/lag', { ms: 30_000 });
}, 60_000);
afterAll(() => lone.close());

interface Write {
  readonly text: string;
  readonly action: Record<string, unknown>;
  id?: string;
}

/** The n-th write of this run. */
const newWrite = (n: number): Write => ({ text: `R1-${n}`, action: mixedWrite(n, `R1-${n}`) });

const isEnded = (status: unknown): boolean =>
  ['succeeded', 'failed', 'refused', 'rejected', 'expired', 'withdrawn'].includes(String(status));

/** What an agent and an approver do, again and again, until it is done: all of it may be repeated. */
async function push(write: Write): Promise<string> {
  const { body } = await lone.submit(write.text, write.action);
  write.id = body.id ?? body.request_id ?? write.id;
  if (body.status === 'awaiting_approval') await lone.approve(body.id, body.digest);
  return write.id === undefined ? '' : String((await lone.state(write.id)).body.status);
}

/** Pushes until it has ended, the process has died, or time is up. */
async function pushUntil(write: Write, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const status = await push(write).catch(() => '');
    if (isEnded(status)) return;
    await sleep(50);
  }
}

/** Starts into a failpoint, pushes these writes, and waits for the death. `loses`: what becomes of one answer. */
async function runInto(place: string, writes: readonly Write[], loses?: string): Promise<void> {
  let isDead = false;
  if (loses !== undefined) {
    const match = { path: WRITE_PATH, body: `${writes.at(-1)?.text}(?![0-9])` };
    await lone.simulator.control('POST', '/faults', { match, mode: loses, times: 1 });
  }
  await lone.start(place).catch(() => undefined);
  const death = lone.gateway.exited().then(() => {
    isDead = true;
  });
  const deadline = Date.now() + DEATH_LIMIT_MS;
  await Promise.all(writes.map((write) => pushUntil(write, () => isDead || Date.now() > deadline)));
  await Promise.race([death, sleep(Math.max(0, deadline - Date.now()))]);
  expect(isDead, `nothing came to "${place}"`).toBe(true);
  await lone.simulator.control('DELETE', '/faults');
}

/** Pushes them to their ends, and says which are none of success. */
async function endAll(writes: readonly Write[]): Promise<unknown[]> {
  const deadline = Date.now() + SETTLED_WITHIN_MS;
  await Promise.all(writes.map((write) => pushUntil(write, () => Date.now() > deadline)));
  const ends = await Promise.all(writes.map(async ({ id }) => (await lone.state(id!)).body));
  return ends.filter(({ status }) => status !== 'succeeded');
}

describe('R1: kill -9 at each failpoint', () => {
  const writes: Write[] = [];

  it('kills where it is told to, at every place', async () => {
    for (const place of PLACES) {
      const fresh = Array.from({ length: WRITES_PER_PLACE }, (_, i) => newWrite(writes.length + i));
      writes.push(...fresh);
      await runInto(place, fresh, LOST.test(place) ? 'commit_then_drop' : undefined);
      if (!isFull) continue;
      // So many that each place has to bring its own to an end: no box ends a thousand in a minute.
      await lone.start();
      expect(await endAll(fresh), place).toEqual([]);
      await lone.gateway.stop('SIGKILL');
    }
  }, 3_600_000);

  it('leaves every write terminal within a minute of the last restart', async () => {
    await lone.start();
    expect(await endAll(writes)).toEqual([]);
    await lone.gateway.stop('SIGKILL');
  }, 120_000);

  // HubSpot never got it: it is begun a second time, and whoever dies there has two begins and at most one effect.
  it.each(RESENDS)(
    'nor sends twice what is sent again, killed %s',
    async (place) => {
      const fresh = [newWrite(writes.length)];
      writes.push(...fresh);
      await runInto(place, fresh, 'drop');
      await lone.start();
      expect(await endAll(fresh)).toEqual([]);
      await lone.gateway.stop('SIGKILL');
    },
    180_000,
  );

  it('leaves each of them in HubSpot exactly once, looked for without one search', async () => {
    const effects = await lone.simulator.effects();
    const counts = writes.map(
      ({ text }) => effects.filter((effect) => isEffectOf(effect, text)).length,
    );
    const twice = counts.filter((count) => count > 1).length;
    const lost = counts.filter((count) => count === 0).length;
    console.info(
      `R1: ${writes.length} writes, ${PLACES.length + RESENDS.length} kills: ${twice} twice, ${lost} lost`,
    );
    expect({ twice, lost }).toEqual({ twice: 0, lost: 0 });
    const { body } = await lone.simulator.control<{ requests: { path: string }[] }>(
      'GET',
      '/requests',
    );
    expect(body.requests.filter(({ path }) => path.includes('/search'))).toEqual([]);
  });

  it('leaves the whole story of each in the published log, as HubSpot and the API tell it', async () => {
    await lone.start();
    const ended = await Promise.all(
      writes.map(async ({ id, text }) => {
        const { body } = await lone.state(id!);
        return { id: id!, text, status: body.status as string };
      }),
    );
    await lone.gateway.stop();
    const { log_dir: folder, log_vkey: vkey } = lone.gateway.run();
    delete lone.gateway.env['SALLYPORT_FAILPOINT'];
    const context = await openContext(readConfig(lone.gateway.env));
    const size = await context.store.log.size();
    await context.close();
    const entries = await verifiedEntries({ folder, vkey, size });
    const agreed = expectWitnessesAgree(ended, await lone.simulator.effects(), entries);
    console.info(`R1: three witnesses agree: ${JSON.stringify(agreed)}`);
    expect(agreed.effects).toBe(writes.length);
    expect(agreed.completions).toBe(writes.length);
  }, 120_000);
});
