import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { scaled } from './scale.ts';

/**
 * R2: HubSpot's answer to three writes in ten is lost, in every way it can be: after it was done or
 * before, with and without an answer. The search index lags by half a minute, so whoever settles by
 * search makes a second record.
 */
const MODES = [
  ...['commit_then_drop', 'commit_then_500', 'commit_then_502', 'commit_then_hang'],
  ...['drop', 'hang', '500', '502', '429', 'html', 'truncate'],
] as const;
/** Of each mode in turn, so that three in ten are hit when a fault takes the place of another. */
const AMBIGUOUS_SHARE = 0.4;
const WRITES = scaled(60, 1_000);
const LANES = 8;
/** Of sixty writes one in a few runs fails five times on end, with a longer pause before each attempt. */
const SETTLED_WITHIN_MS = 240_000;
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** Contacts of the simulator's seed. */
const CONTACTS = 180;
/** Creates and updates; not the batch reads, which are POSTs too. */
const WRITE_PATH = '/(contacts|notes|tasks)(/[0-9]+)?$';

let gateway: TestGateway;
const statusesSeen = new Map<string, Set<string>>();

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  await gateway.simulator.control('POST', '/lag', { ms: 30_000 });
  for (const [i, mode] of MODES.entries()) {
    for (const method of ['POST', 'PATCH']) {
      await gateway.simulator.control('POST', '/faults', {
        match: { method, path: WRITE_PATH },
        mode,
        times: 0,
        probability: AMBIGUOUS_SHARE / MODES.length,
        seed: SEED + i,
      });
    }
  }
});
afterAll(() => gateway.close());

interface Write {
  readonly text: string;
  readonly action: Record<string, unknown>;
  id?: string;
}

function write(i: number): Write {
  const text = `Ambiguous-${SEED}-${i}`;
  const kinds: Record<string, unknown>[] = [
    { action: 'create_note', contact_id: '20001', note: text },
    { action: 'create_task', contact_id: '20002', subject: text, due: '2027-01-04T09:00:00Z' },
    { action: 'create_contact', email: `${text.toLowerCase()}@acme.test`, lastname: text },
    { action: 'update_contact', contact_id: String(20_001 + (i % CONTACTS)), jobtitle: text },
  ];
  return { text, action: kinds[i % kinds.length]! };
}

async function run(made: Write): Promise<void> {
  const seen = new Set<string>();
  statusesSeen.set(made.text, seen);
  const { body } = await gateway.submit(made.action);
  made.id = body.id;
  const status = async (): Promise<string> => {
    const answer = await gateway.agent.call('GET', `/v1/actions/${body.id}`);
    seen.add(answer.body.status);
    return answer.body.status;
  };
  const comesTo = (ends: RegExp): Promise<void> =>
    expect.poll(status, { timeout: SETTLED_WITHIN_MS, interval: 100 }).toMatch(ends);
  // A card waits while HubSpot, after a 429 to another, wants to be left alone.
  await comesTo(/awaiting_approval/);
  await gateway.approve(body.id, body.digest);
  await comesTo(/succeeded|failed/);
}

describe(`R2: ambiguous answers (seed ${SEED})`, () => {
  it('leave no duplicate, no false "failed", and are settled without one search', async () => {
    const writes = Array.from({ length: WRITES }, (_, i) => write(i));
    const queue = [...writes];
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await run(next);
    };
    await Promise.all(Array.from({ length: LANES }, lane));

    const { body: armed } = await gateway.simulator.control<{ faults: { hits: number }[] }>(
      'GET',
      '/faults',
    );
    const ambiguous = armed.faults.reduce((sum, { hits }) => sum + hits, 0);
    const effects = await gateway.simulator.effects();
    const times = ({ text }: Write): number =>
      effects.filter(({ properties }) => new RegExp(`${text}\\b`).test(JSON.stringify(properties)))
        .length;
    const duplicates = writes.filter((made) => times(made) > 1).length;
    const ends = writes.map((made) => [...statusesSeen.get(made.text)!]);
    const falseFailed = writes.filter((made, i) => ends[i]!.includes('failed') && times(made) > 0);
    const lost = writes.filter((made, i) => ends[i]!.includes('succeeded') && times(made) !== 1);
    const { body } = await gateway.simulator.control<{ requests: { path: string }[] }>(
      'GET',
      '/requests',
    );
    const searches = body.requests.filter(({ path }) => path.includes('/search')).length;
    const unknown = ends.filter((seen) => seen.includes('outcome_unknown')).length;
    console.info(
      `R2 (seed ${SEED}): ${WRITES} writes, ${ambiguous} ambiguous answers, ${unknown} seen unknown: ` +
        `${duplicates} duplicates, ${falseFailed.length} false "failed", ${lost.length} lost, ${searches} searches`,
    );
    expect(ambiguous).toBeGreaterThan(WRITES * 0.2);
    expect({
      duplicates,
      falseFailed: falseFailed.length,
      lost: lost.length,
      searches,
    }).toEqual({ duplicates: 0, falseFailed: 0, lost: 0, searches: 0 });
  }, 1_800_000);
});
