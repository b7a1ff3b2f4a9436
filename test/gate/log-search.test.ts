import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/core/records.ts';
import type { LogFilter } from '../../src/gate/log-filter.ts';
import { createLogReader, LOOKED_THROUGH_MAX, type LogSearch } from '../../src/gate/log-search.ts';
import type { Store } from '../../src/ports/store.ts';
import { cardFor, later, request, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { runInFile } from '../support/store-file.ts';

let place: SqlitePlace;
let store: Store;
let now: number;

const HOUR_MS = 3_600_000;
const answered = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  ...{ event: 'hubspot.answered', actor: 'gateway', ...more },
});
const append = (...events: readonly AuditEvent[]) =>
  store.commit(async (tx) => {
    for (const event of events) await tx.log.append(event);
  });
type Wanted = Partial<Omit<LogSearch, 'filter'>> & LogFilter;
const search = ({ limit = 100, before, request: id, ...filter }: Wanted = {}) =>
  createLogReader(store).search({ limit, before, request: id, filter });
const found = async (of: Wanted = {}): Promise<number[]> =>
  (await search(of)).entries.map(({ index }) => index);

beforeEach(async () => {
  now = START.getTime();
  place = await sqlitePlace();
  store = await place.open({ clock: () => new Date(now) });
});
afterEach(() => place.close());

describe('a page of the log', () => {
  it('is the newest first, and goes on where it ended though the log has grown', async () => {
    await append(...Array.from({ length: 5 }, () => answered()));
    const first = await search({ limit: 2 });
    expect(first.entries.map(({ index }) => index)).toEqual([4, 3]);
    expect(first.next).toBe(3);
    await append(answered());
    const second = await search({ limit: 2, before: first.next! });
    expect(second.entries.map(({ index }) => index)).toEqual([2, 1]);
    const last = await search({ limit: 2, before: second.next! });
    expect(last).toMatchObject({ entries: [{ index: 0 }], next: undefined, size: 6 });
  });

  it('of an empty log is empty', async () => {
    expect(await search()).toMatchObject({ entries: [], next: undefined, size: 0, looked: 0 });
  });

  it('looks through no more than so many entries, lets others have their turn, and says where to go on', async () => {
    const entries = LOOKED_THROUGH_MAX + 500;
    await append(answered({ code: 'hubspot.refused' }));
    await append(...Array.from({ length: entries - 1 }, () => answered()));
    let turns = 0;
    const others = setInterval(() => (turns += 1), 0);
    const first = await search({ code: 'hubspot.refused' });
    clearInterval(others);
    expect(first).toMatchObject({ entries: [], looked: LOOKED_THROUGH_MAX, next: 500 });
    expect(turns).toBeGreaterThan(3);
    expect(await found({ code: 'hubspot.refused', before: first.next! })).toEqual([0]);
  });

  it('names what is gone or does not open, and shows the others', async () => {
    await append(...Array.from({ length: 8 }, () => answered()));
    runInFile(place.file, 'delete from log_entries where idx in (3, 4)');
    runInFile(place.file, "update log_entries set event = 'freeze.placed' where idx = 6");
    const { entries, damaged } = await search();
    expect(entries.map(({ index }) => index)).toEqual([7, 5, 2, 1, 0]);
    expect(damaged).toEqual(['entry 6', 'entries 3 to 4']);
  });
});

describe('a search of the log', () => {
  it('finds by agent: what it did, and what was done about it', async () => {
    await append(
      { event: 'agent.revoked', actor: 'operator', agentId: 'agt_0000000001' },
      { event: 'request.withdrawn', actor: 'agent:agt_0000000001', agentId: 'agt_0000000001' },
      answered({ agentId: 'agt_0000000002' }),
    );
    expect(await found({ agent: 'agt_0000000001' })).toEqual([1, 0]);
    expect(await found({ agent: 'agt_0' })).toEqual([]);
  });

  it('finds by person: what they did, what was done to them, and what was done in their place', async () => {
    await append(
      { event: 'session.started', actor: 'person:per_0000000001' },
      { event: 'person.revoked', actor: 'operator', facts: { person: 'per_0000000001' } },
      ...[
        {
          ...{ event: 'approval.granted' as const, actor: 'person:per_0000000002' },
          facts: { in_place_of: 'per_0000000001' },
        },
      ],
      { event: 'session.started', actor: 'person:per_0000000003' },
    );
    expect(await found({ person: 'per_0000000001' })).toEqual([2, 1, 0]);
  });

  it('finds by event and by code, and only what fits all that is asked', async () => {
    await append(answered({ code: 'hubspot.refused' }), answered(), {
      event: 'request.refused',
      actor: 'gateway',
      code: 'hubspot.refused',
    });
    expect(await found({ event: 'hubspot.answered' })).toEqual([1, 0]);
    expect(await found({ code: 'hubspot.refused' })).toEqual([2, 0]);
    expect(await found({ event: 'hubspot.answered', code: 'hubspot.refused' })).toEqual([0]);
  });

  it('finds by action and by record what belongs to a request of it, not only the entry that names it', async () => {
    const [one, two] = [requestId(1), requestId(2)];
    const records = [{ object_type: 'contacts', id: '20001', name: 'Dana Reyes' }];
    await store.commit(async (tx) => {
      await tx.requests.insert(request(1, { card: { ...cardFor(one), records } }));
      await tx.requests.insert(request(2, { action: 'update_deal' }));
    });
    await append(
      { event: 'approval.granted', actor: 'person:per_0000000001', requestId: one },
      { event: 'approval.granted', actor: 'person:per_0000000001', requestId: two },
      { event: 'grant.given', actor: 'person:per_0000000001', facts: { action: 'update_deal' } },
      answered({ hubspotEndpoint: '/crm/objects/2026-09/contacts/20001' }),
      answered({ hubspotEndpoint: '/crm/objects/2026-09/deals/20001' }),
      answered({ hubspotEndpoint: '/crm/objects/2026-09/contacts/200011' }),
      {
        ...{ event: 'radar.found', actor: 'gateway' },
        facts: { object_type: 'contacts', object_id: '20001' },
      },
    );
    expect(await found({ action: 'update_deal' })).toEqual([2, 1]);
    expect(await found({ record: '20001' })).toEqual([6, 4, 3, 0]);
    expect(await found({ record: 'contacts/20001' })).toEqual([6, 3, 0]);
    expect((await search()).actions).toEqual({ [one]: 'create_note', [two]: 'update_deal' });
  });

  it('finds one request in a long log without looking through the others', async () => {
    await append(answered({ requestId: requestId(1) }));
    await append(...Array.from({ length: LOOKED_THROUGH_MAX + 10 }, () => answered()));
    await append(answered({ requestId: requestId(1), code: 'hubspot.refused' }));
    const last = LOOKED_THROUGH_MAX + 11;
    expect(await search({ request: requestId(1), limit: 1 })).toMatchObject({
      ...{ entries: [{ index: last }], next: last },
    });
    expect(await found({ request: requestId(1), before: last })).toEqual([0]);
    expect(await found({ request: requestId(1), code: 'hubspot.refused' })).toEqual([last]);
  });

  it('finds by time in a long log without looking through what is newer or older', async () => {
    for (let hour = 0; hour < 100; hour += 1) {
      now = START.getTime() + hour * HOUR_MS;
      await append(answered(), answered());
    }
    const within = { from: later(10 * HOUR_MS), to: later(11 * HOUR_MS) };
    const { entries, looked, next } = await search(within);
    expect(entries.map(({ index }) => index)).toEqual([23, 22, 21, 20]);
    expect(looked).toBeLessThan(20);
    expect(next).toBeUndefined();
    expect(await found({ from: later(99 * HOUR_MS) })).toEqual([199, 198]);
    expect(await found({ to: later(-1) })).toEqual([]);
  });

  it('finds by time what was written while the clock was set back for less than an hour', async () => {
    // In minutes: the clock is set back from 60 to 10 and runs on.
    const minutes = [0, 20, 40, 60, 10, 30, 50, 70, 90, 200];
    for (const minute of minutes) {
      now = START.getTime() + minute * 60_000;
      await append(answered());
    }
    for (let from = 0; from <= 200; from += 10)
      for (let to = from; to <= 200; to += 10) {
        const wanted = minutes.flatMap((at, index) => (at >= from && at <= to ? [index] : []));
        const span = { from: later(from * 60_000), to: later(to * 60_000) };
        expect([from, to, await found(span)]).toEqual([from, to, wanted.toReversed()]);
      }
  });
});

describe('following the log', () => {
  it('gives what came since, in its order, by the same filter, and names what does not open', async () => {
    await append(answered(), answered());
    await append(answered({ code: 'hubspot.refused' }), answered(), answered());
    runInFile(place.file, 'delete from log_entries where idx = 3');
    const reader = createLogReader(store);
    const since = await reader.since(2, {});
    expect(since.entries.map(({ index }) => index)).toEqual([2, 4]);
    expect(since).toMatchObject({ damaged: ['entry 3'], size: 5, to: 5 });
    expect((await reader.since(5, {})).entries).toEqual([]);
    const refused = await reader.since(0, { code: 'hubspot.refused' });
    expect(refused.entries.map(({ index }) => index)).toEqual([2]);
  });
});
