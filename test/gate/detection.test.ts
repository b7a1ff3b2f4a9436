import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openContext } from '../../src/context.ts';
import type { AuditEvent } from '../../src/core/records.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { newestAlerts } from '../../src/gate/alerts.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { createDetection, type DetectionDependencies } from '../../src/gate/detection.ts';
import { declareFalseAlarm, resumeIncident } from '../../src/gate/incident-steps.ts';
import { addAgent } from '../../src/gate/roster.ts';
import { createSlowdown } from '../../src/gate/slowdown.ts';
import { createLogProbe } from '../../src/log-probe.ts';
import type { Store } from '../../src/ports/store.ts';
import { START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { detectionSettings } from '../support/detection.ts';
import { logEntries } from '../support/log-entries.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import { inFile, putBack, type Row, runInFile } from '../support/store-file.ts';

let place: SqlitePlace;
let store: Store;
let now: number;
let agentId: string;

const clock = () => new Date(now);
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const detection = (over: Partial<DetectionDependencies> = {}) =>
  createDetection({
    ...{ store, clock, logger, connection: 'main', places: [], settings: detectionSettings() },
    probePublication: () => Promise.resolve(),
    ...over,
  });

const append = (...events: readonly AuditEvent[]) =>
  store.commit(async (tx) => {
    for (const event of events) await tx.log.append(event);
  });

const error500 = (): AuditEvent => ({
  ...{ event: 'hubspot.lost', actor: 'gateway', agentId, responseStatus: 500 },
  ...{ code: 'hubspot.unavailable', facts: { purpose: 'read', answer: 'lost' } },
});
const unauthorized = (): AuditEvent => ({
  ...{ event: 'hubspot.answered', actor: 'gateway', agentId, responseStatus: 401 },
  ...{ code: 'hubspot.unauthorized', facts: { purpose: 'read', answer: 'refused' } },
});
const contactRead = (): AuditEvent => ({
  ...{ event: 'hubspot.intended', actor: 'gateway', agentId, facts: { purpose: 'read' } },
  hubspotEndpoint: '/crm/objects/2026-09/contacts/search',
});
const denied = (): AuditEvent => ({
  ...{ event: 'request.refused', actor: `agent:${agentId}`, agentId, code: 'policy.denied' },
  facts: { at: 'validation', risk: 'write' },
});

const alerts = (of: Store = store) => newestAlerts(of, { limit: 200 });
const rulesTold = async () => (await alerts()).map(({ rule }) => rule).toReversed();

beforeEach(async () => {
  now = START.getTime();
  place = await sqlitePlace();
  store = await place.open({ clock });
  const { record } = await store.commit((tx) =>
    addAgent(tx, { name: 'helper', groups: [], by: 'test' }),
  );
  agentId = record.id;
});
afterEach(() => place.close());

describe('following the log', () => {
  it('tells of what is new, once, with the entries that caused it', async () => {
    const follower = detection();
    await follower.look();
    expect(await alerts()).toEqual([]);
    const index = await store.log.size();
    await append(error500());
    await follower.look();
    await follower.look();
    expect(await alerts()).toMatchObject([
      { rule: 'hubspot_error', agentId: null, count: 1, entries: [index], response: 'notify' },
    ]);
    await append(error500());
    now += 599_000;
    await append(error500());
    await follower.look();
    expect(await rulesTold()).toEqual(['hubspot_error']);
    now += 600_000;
    await append(error500());
    await follower.look();
    expect(await rulesTold()).toEqual(['hubspot_error', 'hubspot_error']);
  });

  it('owes each alert to people, and what was passed over too', async () => {
    const places = [{ channel: 'slack', recipient: 'C0APPROVALS' }] as const;
    const owed = async () =>
      (await store.notices.list({ states: ['due'], limit: 10 })).map(({ subject }) => subject);
    await append(error500());
    await detection({ places }).look();
    const [alert] = await newestAlerts(store, { limit: 1 });
    expect(await owed()).toEqual([`alt_${String(alert?.index)}`]);
    for (let n = 0; n < 12; n += 1) await append({ event: 'gateway.started', actor: 'gateway' });
    await detection({ places, limits: { catchUpEntriesMax: 5 } }).look();
    const [unlooked] = await newestAlerts(store, { limit: 1 });
    expect(unlooked?.rule).toBe('entries_unlooked');
    expect(await owed()).toContain(`alt_${String(unlooked?.index)}`);
  });

  it('says nothing twice and misses nothing, whoever follows and wherever they die', async () => {
    const settings = detectionSettings({
      hubspot_error: '1 in 20s: notify',
      denied_writes: '2 in 15s: notify',
      contact_reads: '3 in 10s: notify',
    });
    const events = [error500, denied, contactRead, contactRead];
    const others = [await place.open({ clock }), await place.open({ clock })];
    let restarts = 0;
    const random = createSeededRandom(7);
    const make = (on: Store, isMortal: boolean) => {
      const dying: Store = {
        ...on,
        commit: (work) =>
          isMortal && random.chance(0.2)
            ? Promise.reject(new GatewayError('store.unavailable'))
            : on.commit(work),
      };
      const limits = { pageEntries: 7, pagesMax: 3, markEveryEntries: 40 };
      return detection({ store: dying, settings, limits });
    };
    const followers = [store, ...others].map((on) => make(on, true));
    for (let step = 0; step < 300; step += 1) {
      now += random.chance(0.1) ? random.below(40_000) : random.below(2_500);
      await append(random.pick(events)());
      const nth = random.below(followers.length);
      if (random.chance(0.2)) {
        followers[nth] = make([store, ...others][nth]!, true);
        restarts += 1;
      }
      await followers[nth]?.look().catch(() => undefined);
    }
    for (let looks = 0; looks < 20; looks += 1) await make(store, false).look();
    const told = (await alerts()).map(({ rule, at, entries }) => `${rule} ${at} ${entries.join()}`);

    // The same entries in a store where one follower sees them all at once.
    const single = await sqlitePlace();
    const entries = (await logEntries(store)).filter(({ event }) =>
      /^(?:hubspot|request)\./.test(event),
    );
    let at = START.getTime();
    const alone = await single.open({ clock: () => new Date(at) });
    for (const { timestamp, index, ...entry } of entries) {
      at = Date.parse(timestamp);
      await alone.commit((tx) =>
        tx.log.append({
          ...{ event: entry.event, actor: entry.actor, agentId: entry.agent_id, code: entry.code },
          ...{ responseStatus: entry.response_status, hubspotEndpoint: entry.hubspot_endpoint },
          facts: { ...entry.facts, index },
        }),
      );
    }
    const whole = createDetection({
      ...{ store: alone, clock: () => new Date(at), logger, connection: 'main', settings },
      places: [],
      probePublication: () => Promise.resolve(),
    });
    await whole.look();
    const original = async (index: number) => (await logEntries(alone))[index].facts.index;
    const expected = [];
    for (const alert of await alerts(alone))
      expected.push(
        `${alert.rule} ${alert.at} ${(await Promise.all(alert.entries.map(original))).join()}`,
      );
    await single.close();
    console.info(`detection: ${told.length} episodes, ${restarts} restarts of 3 followers`);
    expect(told.toSorted()).toEqual(expected.toSorted());
    expect(told.length).toBeGreaterThan(20);
    expect(restarts).toBeGreaterThan(40);
  }, 180_000);

  it('goes on after a standstill, and says what it passed over', async () => {
    const limits = { pageEntries: 5, pagesMax: 2, markEveryEntries: 10, catchUpEntriesMax: 30 };
    const first = detection({ limits });
    await append(...Array.from({ length: 12 }, contactRead));
    for (let looks = 0; looks < 5; looks += 1) await first.look();
    const upto = (await logEntries(store)).findLast(({ event }) => event === 'detection.marked');
    expect(upto.facts.upto).toBeGreaterThanOrEqual(10);
    await append(unauthorized(), ...Array.from({ length: 40 }, contactRead), error500());
    const size = await store.log.size();
    const second = detection({ limits });
    for (let looks = 0; looks < 10; looks += 1) await second.look();
    expect(await alerts()).toMatchObject([
      { rule: 'hubspot_error' },
      { rule: 'entries_unlooked', entries: [upto.facts.upto, size - 31] },
    ]);
    await detection({ limits }).look();
    expect(await rulesTold()).toEqual(['entries_unlooked', 'hubspot_error']);
  });

  it('tells late of what it finds late, and freezes nobody for it', async () => {
    await append(unauthorized());
    now += 3_600_001;
    await detection().look();
    expect(await alerts()).toMatchObject([
      { rule: 'hubspot_unauthorized', response: 'notify', late: true, incident: null },
    ]);
    expect(await store.incidents.open('main')).toBeUndefined();
  });

  it('goes on past entries that were changed by hand, and tells of them', async () => {
    await append(contactRead(), contactRead(), contactRead());
    const size = await store.log.size();
    runInFile(place.file, "update log_entries set leaf = x'7b7d' where idx = ?", size - 2);
    runInFile(place.file, 'delete from log_entries where idx = ?', size - 3);
    await append(error500());
    await detection().look();
    expect((await alerts()).map(({ rule, entries }) => [rule, entries]).toReversed()).toEqual([
      ['store_tampered', [size - 3]],
      ['hubspot_error', [size]],
    ]);
  });

  it('ends between two pages when it is told to, and loses nothing by it', async () => {
    const follower = detection({ limits: { pageEntries: 5 } });
    const stopping = new AbortController();
    await append(error500(), ...Array.from({ length: 40 }, contactRead), denied());
    const looking = follower.look(stopping.signal);
    stopping.abort();
    await expect(looking).rejects.toThrow('aborted');
    await detection().look();
    await follower.look();
    expect(await rulesTold()).toEqual(['hubspot_error']);
  });

  it('passes over an alert of a later version, as everybody does', async () => {
    await append({ event: 'alert.raised', actor: 'gateway', facts: { rule: 'from_tomorrow' } });
    await append(error500());
    await detection().look();
    expect(await rulesTold()).toEqual(['hubspot_error']);
    expect(await createSlowdown(store, clock)(agentId)).toBe(1);
  });

  it('finds a real log that nobody publishes', async () => {
    const folder = join(place.folder, 'data');
    const config = readConfig({ SALLYPORT_DATA_DIR: folder, SALLYPORT_LOG_LEVEL: 'silent' });
    rmSync(folder, { recursive: true });
    const context = await openContext(config);
    const later = (ms: number) => new Date(Date.now() + ms);
    await context.store.commit((tx) =>
      tx.log.append({ event: 'gateway.started', actor: 'gateway' }),
    );
    let ms = 0;
    const probe = createLogProbe({ ...context, clock: () => later(ms) });
    const follower = detection({
      ...{ store: context.store, clock: () => later(ms), probePublication: probe },
    });
    const told = async () => (await alerts(context.store)).map(({ rule }) => rule);
    await follower.look();
    for (ms of [5_000, 10_000, 17_000]) await follower.look();
    expect(await told()).toEqual([]);
    ms = 19_000;
    await follower.look();
    expect(await told()).toEqual(['log_behind']);
    await context.auditLog.publish();
    for (ms of [100_000, 102_000, 104_000]) await follower.look();
    expect(await told()).toEqual(['log_behind']);
    await context.close();
  });

  it('has no place of its own that a hand could move', async () => {
    const limits = { markEveryEntries: 10 };
    await append(...Array.from({ length: 20 }, contactRead));
    await detection({ limits }).look();
    await append(error500());
    inFile(place.file, (raw) => {
      const [mark] = raw
        .prepare("select idx, leaf from log_entries where event = 'detection.marked'")
        .all() as { idx: number; leaf: Uint8Array }[];
      const moved = Buffer.from(mark!.leaf)
        .toString()
        .replace(/"upto":\d+/, '"upto":9999');
      raw
        .prepare('update log_entries set leaf = ? where idx = ?')
        .run(Buffer.from(moved), mark!.idx);
    });
    await detection({ limits }).look();
    expect(await rulesTold()).toEqual(['store_tampered', 'hubspot_error']);
  });

  it('finds alerts and marks without reading the log', () => {
    for (const event of ['alert.raised', 'detection.marked']) {
      const sql = `explain query plan select idx from log_entries where event = '${event}' and idx < ? order by idx desc limit ?`;
      const plan = inFile(place.file, (raw) => raw.prepare(sql).all(9, 9));
      expect(JSON.stringify(plan)).toMatch(/log_entries_(?:alerts|marks)/);
    }
  });
});

describe('what an alert does', () => {
  it('opens an incident by an unexpected 401, in one commit with its entry', async () => {
    const index = await store.log.size();
    await append(unauthorized());
    await detection().look();
    const incident = await store.incidents.open('main');
    expect(incident?.cause).toEqual({ rule: 'hubspot_unauthorized', entries: [index] });
    expect(await alerts()).toMatchObject([
      { response: 'open_incident', incident: incident?.id, freeze: incident?.freezeId },
    ]);
    const entries = await logEntries(store, index);
    expect(entries.map(({ event }) => event)).toEqual([
      'hubspot.answered',
      'freeze.placed',
      'incident.opened',
      'alert.raised',
    ]);
    expect(new Set(entries.slice(1).map(({ timestamp }) => timestamp)).size).toBe(1);
    expect(await store.freezes.standing([{ kind: 'connection', id: 'main' }])).toMatchObject({
      id: incident?.freezeId,
      placedBy: 'gateway',
    });
  });

  it('opens one that looks as far back as the sweep that found the change', async () => {
    const from = new Date(now - 3 * 86_400_000);
    const facts = { window_from: from.toISOString() };
    await append({ event: 'radar.found', actor: 'gateway', facts });
    await detection().look();
    expect((await store.incidents.open('main'))?.since).toEqual(from);
  });

  it('opens another incident when the key is refused again after the first one', async () => {
    const follower = detection();
    await append(unauthorized());
    await follower.look();
    const first = await store.incidents.open('main');
    const by = 'operator';
    await store.commit(async (tx) => {
      await tx.incidents.update(first!.id, { stage: 'rotating' });
      await declareFalseAlarm(tx, { incidentId: first!.id, by, reason: 'It was us.' });
      await resumeIncident(tx, { incidentId: first!.id, by });
    });
    await follower.look();
    now += 60_000;
    await append(unauthorized());
    // Not those that still know of the first one alone, and not one that has just begun.
    await Promise.all([follower.look(), detection().look()]);
    const second = await store.incidents.open('main');
    expect(second?.id).not.toBe(first?.id);
    expect((await alerts()).map(({ incident }) => incident)).toEqual([second?.id, first?.id]);
  });

  it('freezes the connection all the same when no incident can be opened', async () => {
    await append(unauthorized());
    await detection().look();
    runInFile(place.file, "update incidents set body = x'00'");
    now += 700_000;
    await append(unauthorized());
    await detection().look();
    const [alert] = await alerts();
    expect(alert).toMatchObject({ failed_with: 'plan.tampered', incident: null });
    expect(alert?.freeze).toMatch(/^frz_/);
  });

  it('freezes the connection all the same where the log has lost an order', async () => {
    const made = { connection: 'main', version: 1, fingerprint: 'f'.repeat(12), by: 'test' };
    await store.commit((tx) => activateCredential(tx, made));
    await append(denied());
    const lost = inFile(place.file, (file) => {
      const is = "event = 'credential.activated'";
      const row = file.prepare(`SELECT * FROM log_entries WHERE ${is}`).get();
      file.exec(`DELETE FROM log_entries WHERE ${is}`);
      return row as Row;
    });
    await append(unauthorized(), error500());
    await detection().look();
    const raised = await alerts();
    const refused = raised.find(({ rule }) => rule === 'hubspot_unauthorized');
    expect(refused).toMatchObject({ failed_with: 'freeze.active', incident: null });
    // Whoever follows the log goes on.
    expect(raised.map(({ rule }) => rule)).toContain('hubspot_error');
    putBack(place.file, 'log_entries', lost);
    const standing = await store.freezes.standing([{ kind: 'connection', id: 'main' }]);
    expect(standing).toMatchObject({ id: refused?.freeze, placedBy: 'gateway' });
  });

  it('freezes the agent that came upon a decoy', async () => {
    await append({
      ...{ event: 'request.completed', actor: 'gateway', agentId, facts: { status: 'succeeded' } },
      personal: { result: { contacts: [{ id: '1' }, { id: '66601' }], total: 2 } },
    });
    await detection().look();
    const freeze = await store.freezes.standing([{ kind: 'agent', id: agentId }]);
    expect(freeze?.placedBy).toBe('gateway');
    expect(await alerts()).toMatchObject([
      { rule: 'decoy_touched', agentId, response: 'freeze_agent', freeze: freeze?.id },
    ]);
    expect(JSON.stringify(await logEntries(store))).not.toContain('66601');
  });

  it('tells all the same of an agent that cannot be frozen', async () => {
    await append({ ...error500(), agentId: 'agt_9999999999', facts: {} });
    await append({
      ...{ event: 'hubspot.intended', actor: 'gateway', agentId: 'agt_9999999999' },
      hubspotEndpoint: '/crm/objects/2026-09/contacts/66601',
    });
    await detection().look();
    expect(await alerts()).toMatchObject([
      { rule: 'decoy_touched', freeze: null, failed_with: 'request.not_found' },
      { rule: 'hubspot_error' },
    ]);
  });

  it('slows an agent down for the window, in every process, and then no more', async () => {
    const other = await place.open({ clock });
    const costs = [createSlowdown(store, clock), createSlowdown(other, clock)];
    const cost = () => Promise.all(costs.map((costOf) => costOf(agentId)));
    expect(await cost()).toEqual([1, 1]);
    await append(...Array.from({ length: 101 }, contactRead));
    await detection({
      settings: detectionSettings({ contact_reads_all: '999 in 60s: notify' }),
    }).look();
    now += 1_000;
    expect(await cost()).toEqual([10, 10]);
    expect(await costs[0]?.('agt_1111111111')).toBe(1);
    now += 58_000;
    expect(await cost()).toEqual([10, 10]);
    now += 1_000;
    expect(await cost()).toEqual([1, 1]);
  });

  it('tells of a log that is not published any more, and again when it happens again', async () => {
    let isLate = true;
    const probePublication = () =>
      isLate ? Promise.reject(new GatewayError('log.unavailable')) : Promise.resolve();
    const follower = detection({ probePublication });
    await follower.look();
    await follower.look();
    expect(await alerts()).toEqual([]);
    for (let looks = 0; looks < 5; looks += 1) {
      now += 2_000;
      await follower.look();
    }
    expect(await rulesTold()).toEqual(['log_behind']);
    await detection({ probePublication }).look();
    now += 2_000;
    isLate = false;
    await follower.look();
    now += 70_000;
    isLate = true;
    for (let looks = 0; looks < 3; looks += 1) {
      now += 2_000;
      await follower.look();
    }
    expect(await rulesTold()).toEqual(['log_behind', 'log_behind']);
  });
});
