import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createRecordAudit } from '../../src/activities/record-audit.ts';
import { closeTampered } from '../../src/gate/close.ts';
import { person, request } from '../adapters/store/fixtures.ts';
import { type Deciding, deciding } from '../support/deciding.ts';
import { logEntries } from '../support/log-entries.ts';

const MINUTE_MS = 60_000;
const PLACE = 'people per_0000000000000009';

let desk: Deciding;

beforeEach(async () => {
  desk = await deciding([person(1, { roles: ['approver'] })]);
});
afterEach(() => desk.close());

const notice = (id: string, place: string) =>
  desk.store.commit((tx) => closeTampered(tx, id, place));
const places = async () =>
  (await logEntries(desk.store))
    .filter(({ event }) => event === 'store.tampered')
    .map(({ facts }) => facts.place);

describe('damage to what is of no single request', () => {
  it('is told of once an hour for each place, for as long as it lasts', async () => {
    const { id } = await desk.wait({});
    const other = await desk.wait({});
    for (const one of [id, other.id, id]) expect(await notice(one, PLACE)).toBe('elsewhere');
    expect(await places()).toEqual([PLACE]);
    await notice(id, 'agents agt_0000000000000009');
    desk.pass(59 * MINUTE_MS);
    await notice(id, PLACE);
    expect(await places()).toEqual([PLACE, 'agents agt_0000000000000009']);
    desk.pass(2 * MINUTE_MS);
    await notice(other.id, PLACE);
    await notice(id, PLACE);
    expect(await places()).toEqual([PLACE, 'agents agt_0000000000000009', PLACE]);
  });

  it('leaves a write as it was, to be started again in a minute; a read ends', async () => {
    const { id } = await desk.wait({});
    const read = request(77, { risk: 'read', status: 'executing' });
    await desk.store.commit((tx) => tx.requests.insert(read));
    const recordAudit = createRecordAudit({ store: desk.store } as ActivityDependencies);
    const failure = { code: 'plan.tampered', detail: PLACE } as const;
    expect(await recordAudit({ input: { requestId: id }, failure })).toBe('awaiting_approval');
    expect(await recordAudit({ input: { requestId: read.id }, failure })).toBe('failed');
    const owed = async (afterMs: number) =>
      desk.store.requests.overdue(new Date(desk.now().getTime() + afterMs), 10);
    expect(await owed(MINUTE_MS - 1)).toEqual([]);
    expect(await owed(MINUTE_MS)).toEqual([id]);
  });
});

describe('damage to the row of one request', () => {
  it('owes nobody a message any more, whatever was owed before', async () => {
    const { id } = await desk.wait({});
    await desk.store.commit((tx) => tx.requests.setWake(id, desk.now()));
    expect(await notice(id, `requests ${id}`)).toBe('closed');
    expect(await desk.store.requests.status(id)).toBe('failed');
    expect(await desk.store.requests.overdue(new Date(desk.now().getTime() + 1), 10)).toEqual([]);
  });
});
