import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { later, ledgerEntry, passkey, request, requestId, START } from './fixtures.ts';
import { createSeal } from '../../../src/adapters/store/sql/seal.ts';
import { SEAL_KEY, type SqlitePlace, sqlitePlace } from './sqlite-place.ts';

let place: SqlitePlace;
beforeEach(async () => {
  place = await sqlitePlace();
});
afterEach(() => place.close());

/** Takes away what later migrations brought. */
const BACK_TO_FIRST = `
drop table grants;
drop index notices_by_place;
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
    const raw = new DatabaseSync(place.file);
    raw.exec(BACK_TO_FIRST);
    raw.close();

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
    const raw = new DatabaseSync(place.file);
    raw
      .prepare('insert into ledger values (?, 0, ?, ?, ?, ?, ?)')
      .run(id, objectType, objectId, START.getTime(), sealed[0]!, sealed[1]!);
    raw.close();
    const store = await place.open();
    expect(await store.ledger.of(id)).toEqual([ledgerEntry(id)]);
  });
});
