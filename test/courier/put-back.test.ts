import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import { oweAsked, oweFurther, resendNotice } from '../../src/gate/notices.ts';
import type { Telling, Told } from '../../src/ports/notifier.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const HOOK = 'https://hooks.acme.test/t0ken?key=secret';
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

let place: SqlitePlace;
let store: Store;
let now: Date;
let told: Telling[];
let answer: Told;
let raw: DatabaseSync;

beforeEach(async () => {
  now = START;
  told = [];
  answer = { kind: 'sent', reference: 'r1' };
  place = await sqlitePlace();
  store = await place.open({ clock: () => now });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await tx.people.insert(person(1));
    await insertWaiting(tx, waitingRequest(1, {}));
    await oweAsked(tx, requestId(1), [{ channel: 'webhook', recipient: HOOK }]);
  });
  raw = new DatabaseSync(place.file);
});
afterEach(async () => {
  raw.close();
  await place.close();
});

const deliver = () =>
  createCourier({
    cargo: 'requests',
    store,
    notifiers: [
      {
        channel: 'webhook',
        tell: (telling) => {
          told.push(telling);
          return Promise.resolve(answer);
        },
      },
    ],
    origin: 'https://gate.test',
    clock: () => now,
    logger,
  }).deliver();

const entries = async (): Promise<any[]> =>
  (await store.log.leaves(0, await store.log.size()))
    .map((leaf) => JSON.parse(Buffer.from(leaf).toString()))
    .filter(({ event }) => event.startsWith('notice.'));
const events = async () => (await entries()).map(({ event }) => event);

type Row = Record<string, any>;
const rows = () => raw.prepare('select * from notices order by seq').all() as Row[];

function putBack(row: Row): void {
  const columns = Object.keys(row);
  const marks = columns.map(() => '?').join(', ');
  raw
    .prepare(`replace into notices (${columns.join(', ')}) values (${marks})`)
    .run(...columns.map((column) => row[column]));
}

const VALUES: Readonly<Record<string, string | number>> = {
  recipient: 'https://evil.test/',
  channel: 'email',
  kind: 'settled',
  occasion: 'x',
  created_at: 1,
  since_at: 1,
  due_at: 1,
  attempts: 7,
};

describe('a notice in the file', () => {
  it.each(Object.keys(VALUES))(
    'whose %s was changed by hand is told to nobody, and the log says so once',
    async (column) => {
      raw.prepare(`update notices set ${column} = ?`).run(VALUES[column] ?? null);
      for (let i = 0; i < 3; i += 1) expect(await deliver()).toBe(0);
      expect(told).toEqual([]);
      const [row] = rows();
      expect(await entries()).toMatchObject([
        {
          event: 'notice.tampered',
          code: 'plan.tampered',
          request_id: requestId(1),
          facts: { notice: row?.['id'] },
        },
      ]);
    },
  );

  it('that was sent, and whose older row is put back, is not sent again; each time the log says so', async () => {
    const [before] = rows();
    await deliver();
    expect(told).toHaveLength(1);
    for (let i = 0; i < 2; i += 1) {
      putBack(before!);
      await deliver();
    }
    expect(told).toHaveLength(1);
    expect(await events()).toEqual(['notice.sent', 'notice.tampered', 'notice.tampered']);
    expect(await store.notices.of(requestId(1))).toMatchObject([
      { state: 'dead', error: 'put back by hand' },
    ]);
  });

  it('that was given up, and whose older row is put back, is sent when an operator wants it, not before', async () => {
    const [before] = rows();
    answer = { kind: 'refused', error: 'gone' };
    await deliver();
    putBack(before!);
    answer = { kind: 'sent', reference: 'r1' };
    await deliver();
    expect(told).toHaveLength(1);
    const id = before!['id'] as string;
    await store.commit((tx) => resendNotice(tx, { id, by: 'operator' }));
    await deliver();
    expect(told).toHaveLength(2);
    expect(await events()).toEqual([
      'notice.dead',
      'notice.tampered',
      'notice.resent',
      'notice.sent',
    ]);
  });

  it('put in by hand is told to nobody, whatever it holds, and does not keep the others', async () => {
    const [row] = rows();
    raw.exec('pragma foreign_keys = off');
    for (const [seq, change] of [
      { id: 'x'.repeat(100_000), recipient: 'https://evil.test/1' },
      { id: 'ntc_1', subject: 'act_\u202e nobody', recipient: 'https://evil.test/2' },
      { id: 'ntc_2', kind: 'no such kind', recipient: 'https://evil.test/3' },
      { id: 'ntc_3', outcome: Buffer.from('01', 'hex'), recipient: 'https://evil.test/4' },
    ].entries())
      putBack({ ...row, seq: seq - 10, due_at: 0, ...change });
    for (let i = 0; i < 3; i += 1) await deliver();
    expect(told.map(({ notice }) => notice.recipient)).toEqual([HOOK]);
    const logged = await entries();
    expect(logged.map(({ event }) => event).toSorted()).toEqual([
      'notice.sent',
      ...Array.from({ length: 4 }, () => 'notice.tampered'),
    ]);
    const named = logged.filter(({ event }) => event === 'notice.tampered');
    expect(named.map(({ facts }) => facts.notice).toSorted()).toEqual([
      'ntc_1',
      'ntc_2',
      'ntc_3',
      null,
    ]);
  });

  it('that was sent and changed afterwards is named in the log when more is owed about its request', async () => {
    await deliver();
    raw.exec("update notices set recipient = 'https://evil.test/'");
    await store.commit((tx) => oweFurther(tx, requestId(1), 'settled'));
    await deliver();
    expect(told).toHaveLength(1);
    expect(await events()).toEqual(['notice.sent', 'notice.tampered']);
  });

  it('is named in the log by its place, of which a secret is left out', async () => {
    await deliver();
    const text = JSON.stringify(await entries());
    expect(text).toContain('https://hooks.acme.test');
    expect(text).not.toMatch(/t0ken|secret/);
  });
});
