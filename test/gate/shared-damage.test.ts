import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createRecordAudit } from '../../src/activities/record-audit.ts';
import { createValidateAction } from '../../src/activities/validate-action.ts';
import { closeTampered } from '../../src/gate/close.ts';
import { linkSlackUser } from '../../src/gate/roster.ts';
import { person, request } from '../adapters/store/fixtures.ts';
import { type Deciding, deciding } from '../support/deciding.ts';
import { logEntries } from '../support/log-entries.ts';
import { inFile, runInFile } from '../support/store-file.ts';

const MINUTE_MS = 60_000;
const PLACE = 'people per_0000000000000009';
const omar = person(1, { roles: ['approver'] });

let desk: Deciding;

beforeEach(async () => {
  desk = await deciding([omar]);
});
afterEach(() => desk.close());

const notice = (id: string, place: string) =>
  desk.store.commit((tx) => closeTampered(tx, id, place));
const places = async () =>
  (await logEntries(desk.store))
    .filter(({ event }) => event === 'store.tampered')
    .map(({ facts }) => facts.place);

const deps = () => ({ store: desk.store }) as ActivityDependencies;

describe('damage to what is of no single request', () => {
  it.each([
    ...['people', 'agents', 'passkeys', 'connections', 'credentials', 'slack_users'],
    ...['webhook_signers', 'absences', 'grants', 'freezes', 'incidents'],
  ])('ends nothing: %s', async (table) => {
    const { id } = await desk.wait({});
    // By this name the store tells of a row that does not open.
    const named = inFile(desk.place.file, (file) =>
      file.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?").get(table),
    );
    expect(named).toEqual({ name: table });
    expect(await notice(id, `${table} x`)).toBe('elsewhere');
    expect(await desk.store.requests.status(id)).toBe('awaiting_approval');
  });

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
    const recordAudit = createRecordAudit(deps());
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

describe('a log that has lost an order', () => {
  it('ends nothing that waits for people', async () => {
    const { id } = await desk.wait({});
    runInFile(desk.place.file, "DELETE FROM log_entries WHERE event = 'credential.activated'");
    const failure = { code: 'freeze.active' } as const;
    const recordAudit = createRecordAudit(deps());
    expect(await recordAudit({ input: { requestId: id }, failure })).toBe('awaiting_approval');
    expect(await desk.store.requests.overdue(new Date(desk.now().getTime() + 10_000), 10)).toEqual([
      id,
    ]);
  });
});

describe('an approval of one’s own in Slack, that is to count later', () => {
  it('waits on where the log has lost an order, and is looked at again', async () => {
    const linked = { slackUser: 'U0OMAR', personId: omar.id, by: 'test' };
    await desk.store.commit((tx) => linkSlackUser(tx, linked));
    desk.setDial(MINUTE_MS);
    const own = await desk.wait({ userId: omar.email });
    const made = { proof: 'slack', slackUser: linked.slackUser } as const;
    expect(await desk.approve(omar, own, made)).toMatchObject({ status: 'awaiting_approval' });
    runInFile(desk.place.file, "DELETE FROM log_entries WHERE event = 'credential.activated'");
    desk.pass(2 * MINUTE_MS);
    expect(await desk.wake(own)).toBeUndefined();
    expect(await desk.store.requests.status(own.id)).toBe('awaiting_approval');
    expect(await desk.store.requests.isWakeOwed(own.id)).toBe(true);
  });
});

describe('a write that was begun by a workflow that is gone', () => {
  it('is said to be unknown as soon as another one starts, so that a person can settle it', async () => {
    const begun = await desk.wait({});
    await desk.approve(omar, begun);
    expect(await desk.begin(begun)).toBe('begun');
    const again = await createValidateAction(deps())({ requestId: begun.id });
    expect(again).toMatchObject({ kind: 'write', status: 'outcome_unknown' });
    expect(await desk.store.requests.status(begun.id)).toBe('outcome_unknown');
    const waiting = await desk.wait({});
    expect(await createValidateAction(deps())({ requestId: waiting.id })).toMatchObject({
      status: 'awaiting_approval',
    });
  });
});
