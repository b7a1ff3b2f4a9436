import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { later, ledgerEntry, passkey, request, requestId, START } from './fixtures.ts';
import { notices } from '../../../src/adapters/store/sqlite/migrations/0006-notices.ts';
import { createSeal } from '../../../src/adapters/store/sql/seal.ts';
import { owe } from '../../../src/gate/notices.ts';
import { inFile, runInFile } from '../../support/store-file.ts';
import { SEAL_KEY, type SqlitePlace, sqlitePlace } from './sqlite-place.ts';

let place: SqlitePlace;
beforeEach(async () => {
  place = await sqlitePlace();
});
afterEach(() => place.close());

/** Takes away what later migrations brought. */
const BACK_TO_FIRST = `
drop table grants;
drop table passkeys;
drop table sessions;
drop table invitations;
drop table challenges;
drop table webhook_signers;
drop table heard_once;
drop table slack_users;
drop table notices;
drop table connections;
drop table incidents;
drop table absences;
alter table decisions drop column in_place_of;
drop index log_entries_alerts;
drop index decisions_by_person;
drop index log_entries_marks;
drop index log_entries_alarms_sent;
drop index log_entries_alarms_dead;
drop index log_entries_alarms_resent;
drop index log_entries_damage;
drop index requests_asked;
drop table radar_sweeps;
drop index ledger_by_time;
alter table requests drop column retry_at;
PRAGMA user_version = 1;
`;

describe('a store of an earlier version', () => {
  it('is brought up to date with what it holds', async () => {
    const before = await place.open();
    await before.commit((tx) => tx.requests.insert(request(1)));
    await before.close();
    inFile(place.file, (raw) => {
      raw.exec(BACK_TO_FIRST);
    });

    const store = await place.open();
    expect(await store.requests.get(requestId(1))).toEqual(request(1));
    await store.commit((tx) => tx.requests.update(requestId(1), { retryAt: later(5) }));
    expect((await store.requests.get(requestId(1)))?.retryAt).toEqual(later(5));
    expect(await store.commit((tx) => tx.passkeys.insert(passkey(1)))).toBe(true);
  });

  it('opens the ledger’s rows from before they vouched for record and time', async () => {
    const before = await place.open();
    await before.commit((tx) => tx.requests.insert(request(1)));
    await before.close();
    const { requestId: id, objectType, objectId, ...values } = ledgerEntry(requestId(1));
    const seal = createSeal(SEAL_KEY);
    const sealed = (['before', 'after'] as const).map((column) =>
      seal.seal({ table: 'ledger', column, id: `${id}/0`, bound: [] }, values[column]),
    );
    const row = [id, objectType, objectId, START.getTime(), sealed[0]!, sealed[1]!];
    runInFile(place.file, 'insert into ledger values (?, 0, ?, ?, ?, ?, ?)', ...row);
    const store = await place.open();
    expect(await store.ledger.of(id)).toEqual([ledgerEntry(id)]);
  });

  it('keeps what people are owed, in its order, where a notice was about a request alone', async () => {
    const before = await place.open();
    await before.commit(async (tx) => {
      await tx.requests.insert(request(1));
      for (const kind of ['asked', 'reminded'] as const)
        await owe(tx, { subject: requestId(1), channel: 'slack', recipient: 'C1', kind });
    });
    const owed = await before.notices.of(requestId(1));
    await before.close();
    inFile(place.file, (raw) => {
      raw.exec(`
        alter table notices rename to notices_now;
        ${notices.slice(0, notices.indexOf('create index'))}
        insert into notices select * from notices_now;
        drop table notices_now;
        drop index log_entries_alarms_sent;
        drop index log_entries_alarms_dead;
        drop index log_entries_alarms_resent;
        drop index log_entries_damage;
        drop index requests_asked;
        PRAGMA user_version = 13;
      `);
    });
    const store = await place.open();
    expect(await store.notices.of(requestId(1))).toEqual(owed);
    const take = { cargo: 'requests', leaseMs: 1_000, limit: 10 } as const;
    const [first, ...rest] = await store.commit((tx) => tx.notices.take(take));
    expect([first?.kind, rest]).toEqual(['asked', []]);
    const alarm = { subject: 'alt_7', channel: 'slack', recipient: 'C1', kind: 'alerted' } as const;
    expect(await store.commit((tx) => owe(tx, alarm))).toBe(true);
  });
});

describe('what people were asked about', () => {
  it('is found by its index, however many others came since', async () => {
    await place.open();
    const sql = `explain query plan select * from requests where risk <> 'read' and card is not null
      order by created_at desc, id desc limit ?`;
    const plan = inFile(place.file, (raw) => raw.prepare(sql).all(3));
    expect(JSON.stringify(plan)).toContain('requests_asked');
  });
});
