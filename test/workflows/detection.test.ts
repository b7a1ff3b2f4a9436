import { afterEach, describe, expect, inject, it } from 'vitest';
import { RULE_NAMES, RULES, parseRuleSetting } from '../../src/core/detection-rules.ts';
import {
  detect,
  type DetectionSettings,
  type Finding,
  initialDetection,
} from '../../src/core/detection.ts';
import { mayNameRecords, type Observed, observedOf } from '../../src/core/observed.ts';
import type { AuditRecord } from '../../src/core/records.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { readLeaf } from '../support/log-entries.ts';
import { createSeededRandom, type SeededRandom } from '../support/seeded-random.ts';

/** Detection on a real gateway, engine and simulator. */

const WITHIN_MS = 5_000;

let gateway: TestGateway;
afterEach(() => gateway.close());

const start = (env: Record<string, string> = {}) =>
  startTestGateway({ temporalAddress: inject('temporalAddress'), env });

const alerts = async (): Promise<any[]> =>
  (await gateway.approver.call('GET', '/v1/alerts')).body.alerts;

/** The alert of this rule, and how long it took, ms. */
async function toldOf(rule: string, since: number): Promise<{ alert: any; ms: number }> {
  for (;;) {
    const alert = (await alerts()).find((one) => one.rule === rule);
    if (alert !== undefined) return { alert, ms: Date.now() - since };
    if (Date.now() - since > 2 * WITHIN_MS) throw new Error(`${rule} was not told`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const requestsOf = async (): Promise<any[]> =>
  (await gateway.simulator.control<{ requests: any[] }>('GET', '/requests')).body.requests;

const GET = { action: 'get_contact', contact_id: '20001' };

describe('detection', () => {
  it('tells of a 5xx of HubSpot within five seconds, with the entries and the request', async () => {
    gateway = await start();
    await gateway.fault({}, '500', 1);
    const since = Date.now();
    const failed = await gateway.submit(GET);
    const { alert, ms } = await toldOf('hubspot_error', since);
    console.info(`detection: a 500 was told after ${ms} ms`);
    expect(ms).toBeLessThan(WITHIN_MS);
    const [id] = alert.requests;
    expect((await gateway.ended(id)).body.problem.code).toBe(failed.body.code);
    expect(alert).toMatchObject({ response: 'notify', count: 1, requests: [id], incident: null });
    const entries = await gateway.entriesOf(id);
    expect(alert.entries).toEqual(
      entries.filter(({ response_status: status }) => status === 500).map(({ index }) => index),
    );
    const { body: status } = await gateway.approver.call('GET', '/v1/status');
    expect(status.alerts_last_day).toBe(1);
    expect((await gateway.submit(GET)).status).toBe(200);
    expect((await gateway.agent.call('GET', '/v1/alerts')).status).toBe(401);
  });

  it('opens an incident by an unexpected 401, which freezes the connection and is never retried', async () => {
    gateway = await start();
    const before = (await requestsOf()).length;
    await gateway.fault({}, '401', 1);
    const since = Date.now();
    const key = 'once';
    const refused = await gateway.submit(GET, { key });
    expect(refused.body).toMatchObject({ code: 'hubspot.unauthorized', retryable: false });
    const { alert, ms } = await toldOf('hubspot_unauthorized', since);
    console.info(`detection: a 401 had frozen the connection after ${ms} ms`);
    expect(ms).toBeLessThan(WITHIN_MS);
    expect(alert.response).toBe('open_incident');
    const { body: incident } = await gateway.approver.call(
      'GET',
      `/v1/incidents/${alert.incident}`,
    );
    expect(incident).toMatchObject({
      ...{ rule: 'hubspot_unauthorized', opened_by: 'gateway', connection: 'main' },
      freeze: alert.freeze,
    });
    expect((await gateway.submit(GET)).body.code).toBe('freeze.active');
    // The same submission again is the same refusal, and no call.
    expect((await gateway.submit(GET, { key })).body.code).toBe('hubspot.unauthorized');
    const reads = (await requestsOf()).slice(before).filter(({ path }) => /contacts/.test(path));
    expect(reads).toHaveLength(1);
    expect(await alerts()).toHaveLength(1);
  });

  it('does not retry a write that meets with 401 either', async () => {
    gateway = await start();
    const waiting = await gateway.submit({
      ...{ action: 'create_note', contact_id: '20001', note: 'met with 401' },
    });
    const { id, digest } = waiting.body;
    await gateway.fault({ method: 'POST' }, '401', 1);
    const since = Date.now();
    await gateway.approve(id, digest);
    await toldOf('hubspot_unauthorized', since);
    expect((await gateway.ended(id)).body.status).toBe('failed');
    expect(await gateway.timesSent('met with 401')).toBe(0);
    const posts = (await requestsOf()).filter(
      ({ method, path }) => /POST/.test(method) && /notes/.test(path),
    );
    expect(posts).toHaveLength(1);
  });

  it('freezes the agent that finds a decoy, and no other', async () => {
    gateway = await start({ SALLYPORT_DECOYS: 'contacts/20003, companies/10007' });
    const other = await gateway.addAgent('other');
    const honest = await gateway.submit(GET, { call: other.call });
    expect(honest.status).toBe(200);
    const since = Date.now();
    const decoy = (await gateway.submit({ action: 'get_contact', contact_id: '20003' })).body;
    expect(decoy.status).toBe('succeeded');
    const { alert, ms } = await toldOf('decoy_touched', since);
    expect(ms).toBeLessThan(WITHIN_MS);
    expect(alert).toMatchObject({ response: 'freeze_agent', agent_id: gateway.agent.record.id });
    expect((await gateway.submit(GET)).body.code).toBe('freeze.active');
    expect((await gateway.submit(GET, { call: other.call })).status).toBe(200);
    // The far end of an association, by somebody else.
    await gateway.submit(
      { action: 'associate_records', contact_id: '20001', company_id: '10007' },
      { call: other.call },
    );
    await expect
      .poll(async () => (await alerts()).map(({ agent_id: id }) => id))
      .toEqual([other.record.id, gateway.agent.record.id]);
  });

  it('slows down an agent that is refused again and again', async () => {
    gateway = await start({ SALLYPORT_AGENT_REQUESTS_PER_MINUTE: '100' });
    const since = Date.now();
    for (let nth = 0; nth < 21; nth += 1) await gateway.submit({ action: `no_such_${nth}` });
    const { alert } = await toldOf('refusals', since);
    expect(alert).toMatchObject({ response: 'slow', count: 21 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const codes = [];
    for (let nth = 0; nth < 9; nth += 1) codes.push((await gateway.submit(GET)).body.code ?? 'ok');
    // 79 of a hundred were left, ten for each.
    expect(codes).toEqual([
      ...Array.from({ length: 7 }, () => 'ok'),
      'rate.limited',
      'rate.limited',
    ]);
  });
});

const QUIET = Object.fromEntries(
  RULE_NAMES.map((name) => [`SALLYPORT_RULE_${name.toUpperCase()}`, '1000000 in 1s: notify']),
);

const DECOYS = ['contacts/29999'];

const settings: DetectionSettings = {
  rules: Object.fromEntries(
    RULE_NAMES.map((name) => [name, parseRuleSetting(name, RULES[name].default)]),
  ) as DetectionSettings['rules'],
  decoys: new Set(DECOYS),
  ownAgentId: 'agt_0000000000',
};

const REQUESTS = 400;
const DAY_MS = 8 * 3_600_000;

const contact = (random: SeededRandom) => String(20_001 + random.below(40));
const company = (random: SeededRandom) => String(10_001 + random.below(20));

/** What assistants are asked for on an ordinary day: mostly looking up, some writing, a few slips. */
const ORDINARY: readonly ((random: SeededRandom) => Record<string, unknown>)[] = [
  (random) => ({ action: 'get_contact', contact_id: contact(random) }),
  (random) => ({ action: 'get_contact', contact_id: contact(random) }),
  () => ({ action: 'search_contact', company: 'Acme Corp' }),
  (random) => ({ action: 'search_contact', name: random.pick(['Dana', 'Kim', 'Alex', 'Robin']) }),
  (random) => ({ action: 'get_company', company_id: company(random) }),
  (random) => ({ action: 'list_interactions', contact_id: contact(random), kind: 'email' }),
  () => ({ action: 'search_deal', name: 'Renewal' }),
  (random) => ({ action: 'get_contact', contact_id: `9${contact(random)}` }),
  (random) => ({ action: 'create_note', contact_id: contact(random), note: `n${random.next()}` }),
  (random) => ({
    ...{ action: 'update_contact', contact_id: contact(random) },
    jobtitle: `t${random.next()}`,
  }),
  () => ({ action: 'search_contacts', company: 'Acme Corp' }),
];

function episodesOf(log: readonly Observed[]): readonly Finding[] {
  let state = initialDetection();
  return log.flatMap((seen) => {
    const detected = detect(state, seen, settings);
    ({ state } = detected);
    return detected.findings;
  });
}

async function recordsOf(): Promise<readonly AuditRecord[]> {
  const { log } = gateway.context.store;
  return (await log.each(0, await log.size(), mayNameRecords)).flatMap((one) => one ?? []);
}

const asItRan = async (): Promise<Observed[]> =>
  (await recordsOf()).map(({ leaf, personal }) =>
    observedOf(readLeaf(leaf), personal?.value ?? null),
  );

/** The entries of the run as they would be in a day: each request at its hour, people at their pace. */
async function asADay(random: SeededRandom): Promise<Observed[]> {
  const records = await recordsOf();
  const begins = new Map<string, { readonly at: number; readonly ms: number; delay: number }>();
  let at = 0;
  const timed = records.map((record) => {
    const entry = readLeaf(record.leaf);
    const ms = Date.parse(entry.timestamp);
    const key = entry.request_id ?? `none ${entry.index}`;
    if (!begins.has(key)) {
      // A few at a time, as somebody works through a matter, then a while nothing.
      at += random.chance(0.15) ? random.below((DAY_MS / REQUESTS) * 10) : random.below(15_000);
      begins.set(key, { at, ms, delay: 0 });
    }
    const begin = begins.get(key)!;
    if (/^approval\.(?:granted|rejected)$/.test(entry.event))
      begin.delay = 15_000 + random.below(1_800_000);
    const time = begin.at + (ms - begin.ms) + begin.delay;
    return { time, record, entry };
  });
  return timed
    .toSorted((a, b) => a.time - b.time)
    .map(({ time, record, entry }, index) => {
      const timestamp = new Date(Date.parse('2026-11-02T08:00:00Z') + time).toISOString();
      return observedOf({ ...entry, index, timestamp }, record.personal?.value ?? null);
    });
}

describe('an ordinary day', () => {
  it('raises nothing', async () => {
    gateway = await start(QUIET);
    const random = createSeededRandom(20_261_102);
    const others = [await gateway.addAgent('sales'), await gateway.addAgent('service')];
    const reader = await gateway.addAgent('reader', ['readers']);
    const callers = [gateway.agent.call, ...others.map(({ call }) => call)];
    const ends: Record<string, number> = {};
    for (let nth = 0; nth < REQUESTS; nth += 1) {
      // Twice in the day the reader tries what only assistants may.
      const isSlip = nth === 100 || nth === 101;
      const call = isSlip ? reader.call : random.pick(callers);
      const action = isSlip ? ORDINARY[8]!(random) : random.pick(ORDINARY)(random);
      const { body } = await gateway.submit(action, { call });
      const what = body.code ?? body.status;
      ends[what] = (ends[what] ?? 0) + 1;
      if (body.status !== 'awaiting_approval') continue;
      if (random.chance(0.9)) await gateway.approve(body.id, body.digest);
    }
    const day = await asADay(random);
    const findings = episodesOf(day);
    const hours = (Date.parse(day.at(-1)!.timestamp) - Date.parse(day[0]!.timestamp)) / 3_600_000;
    console.info(
      `an ordinary day: ${REQUESTS} requests, ${day.length} entries, ${hours.toFixed(1)} h, ${findings.length} alerts`,
      ends,
    );
    expect(ends).toMatchObject({ 'policy.denied': 2 });
    expect(ends['succeeded']).toBeGreaterThan(200);
    expect(ends['awaiting_approval']).toBeGreaterThan(40);
    expect(findings).toEqual([]);
    // All of it in the minute that the run took is no ordinary day: the silence says something.
    const crowded = episodesOf(await asItRan()).map(({ rule }) => rule);
    expect(crowded).toContain('contact_reads_all');
    // The gateway's own follower, whose every rule was turned off.
    expect(await alerts()).toEqual([]);
  }, 180_000);
});
