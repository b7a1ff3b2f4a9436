import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endAbsence, noteAbsence } from '../../src/gate/absences.ts';
import { revokePerson } from '../../src/gate/roster.ts';
import type { PersonRecord } from '../../src/core/records.ts';
import { person } from '../adapters/store/fixtures.ts';
import { DEFAULT_POLICY, type Deciding, deciding } from '../support/deciding.ts';
import { entriesOf } from '../support/log-entries.ts';
import { putBack, type Row, rowOf, runInFile } from '../support/store-file.ts';

const HOUR_MS = 3_600_000;
const LARGE = 20_000;
const approver = (number: number) => person(number, { roles: ['approver'] });
const omar = approver(1);
const ines = approver(2);
const lena = approver(3);
/** On the roster, in no role. */
const vera = person(4, { roles: ['viewer'] });
const kim = person(5, { roles: [] });

let desk: Deciding;

beforeEach(async () => {
  desk = await deciding([omar, ines, lena, vera, kim]);
});
afterEach(() => desk.close());

interface Away {
  readonly delegate?: PersonRecord;
  readonly inMs?: number;
  readonly forMs?: number;
}

const away = (who: PersonRecord, { delegate, inMs, forMs = 10 * HOUR_MS }: Away = {}) =>
  desk.store.commit((tx) =>
    noteAbsence(tx, {
      personId: who.id,
      ...(inMs === undefined ? {} : { from: new Date(tx.now.getTime() + inMs) }),
      until: new Date(tx.now.getTime() + (inMs ?? 0) + forMs),
      delegateId: delegate?.id ?? null,
      by: 'operator',
    }),
  );
const end = (id: string) => desk.store.commit((tx) => endAbsence(tx, { id, by: 'operator' }));

describe('while somebody is away, whom they named', () => {
  it('decides in their place, with their roles, and that is on record, in the log and sealed', async () => {
    const absence = await away(omar, { delegate: vera });
    const waiting = await desk.wait({});
    expect(await desk.approve(vera, waiting)).toMatchObject({ status: 'approved' });
    expect(await desk.store.decisions.of(waiting.id)).toMatchObject([
      { personId: vera.id, inPlaceOf: omar.id },
    ]);
    const entries = await entriesOf(desk.store, waiting.id);
    expect(entries.find(({ event }) => event === 'approval.granted')).toMatchObject({
      actor: `person:${vera.id}`,
      facts: { in_place_of: omar.id, absence: absence.id },
    });
    expect(await desk.begin(waiting)).toBe('begun');
  });

  it('may say no there, too', async () => {
    await away(omar, { delegate: vera });
    expect(await desk.reject(vera, await desk.wait({}))).toMatchObject({ status: 'rejected' });
  });

  it('has no such place before it begins, nor after it ends', async () => {
    await away(omar, { delegate: vera, inMs: HOUR_MS / 4, forMs: HOUR_MS / 4 });
    const waiting = await desk.wait({});
    const large = await desk.wait({ amount: LARGE });
    expect(await desk.approve(vera, waiting)).toMatchObject({ code: 'approval.not_eligible' });
    desk.pass(HOUR_MS / 4);
    expect(await desk.approve(vera, large)).toMatchObject({ status: 'awaiting_approval' });
    desk.pass(HOUR_MS / 4);
    expect(await desk.approve(vera, waiting)).toMatchObject({ code: 'approval.not_eligible' });
  });

  it('takes their own place first, and that of whoever is away since earlier next', async () => {
    await away(ines, { delegate: lena });
    await away(omar, { delegate: vera });
    desk.pass(1);
    await away(lena, { delegate: vera });
    const own = await desk.wait({ amount: LARGE });
    await desk.approve(lena, own);
    expect(await desk.store.decisions.of(own.id)).toMatchObject([{ inPlaceOf: null }]);
    const other = await desk.wait({ amount: LARGE });
    await desk.approve(vera, other);
    expect(await desk.store.decisions.of(other.id)).toMatchObject([{ inPlaceOf: omar.id }]);
  });

  it('counts once, though two are away and have named the same person', async () => {
    await away(omar, { delegate: vera });
    await away(ines, { delegate: vera });
    const waiting = await desk.wait({ amount: LARGE });
    expect(await desk.approve(vera, waiting)).toMatchObject({ status: 'awaiting_approval' });
    expect(await desk.approve(vera, waiting)).toMatchObject({ code: 'approval.already_decided' });
    expect(await desk.begin(waiting)).toBe('not_due');
  });

  it.each([
    ['the delegate first', [vera, omar]],
    ['the absent person first', [omar, vera]],
  ] as const)('and they have one place together: %s', async (_which, [first, second]) => {
    await away(omar, { delegate: vera });
    const waiting = await desk.wait({ amount: LARGE });
    expect(await desk.approve(first, waiting)).toMatchObject({ status: 'awaiting_approval' });
    const refused = second === omar ? 'approval.already_decided' : 'approval.not_eligible';
    expect(await desk.approve(second, waiting)).toMatchObject({ code: refused });
    expect(await desk.approve(ines, waiting)).toMatchObject({ status: 'approved' });
  });

  it('passes nothing on: a delegate who is away lends their own place alone', async () => {
    await away(omar, { delegate: vera });
    await away(vera, { delegate: kim });
    const waiting = await desk.wait({});
    expect(await desk.approve(kim, waiting)).toMatchObject({ code: 'approval.not_eligible' });
  });
});

describe('nobody decides', () => {
  it('in the place of who asked', async () => {
    await away(omar, { delegate: vera });
    const waiting = await desk.wait({ userId: omar.email });
    expect(await desk.approve(vera, waiting)).toMatchObject({ code: 'approval.not_eligible' });
  });

  it('on what they asked for, in whose place ever', async () => {
    await away(omar, { delegate: vera });
    const waiting = await desk.wait({ userId: vera.email });
    expect(await desk.approve(vera, waiting)).toMatchObject({ code: 'approval.own_request' });
  });

  it.each([
    ['who is away', omar],
    ['whom they named', vera],
  ])('there once %s is revoked, and what was approved counts no more', async (_who, revoked) => {
    await away(omar, { delegate: vera });
    const before = await desk.wait({});
    const after = await desk.wait({});
    expect(await desk.approve(vera, before)).toMatchObject({ status: 'approved' });
    await desk.store.commit((tx) => revokePerson(tx, { id: revoked.id, by: 'test' }));
    expect(await desk.approve(vera, after)).toMatchObject({ code: 'approval.not_eligible' });
    expect(await desk.begin(before)).toBe('approval.insufficient');
  });

  it('where policy asks for a passkey, with less of the delegate’s', async () => {
    await away(omar, { delegate: vera });
    desk.setPolicy(`${DEFAULT_POLICY}
@id("passkeys") forbid (principal, action == Action::"update_deal", resource)
when { Role::"approver".passkeyApprovals < 1 };`);
    const waiting = await desk.wait({});
    expect(await desk.approve(vera, waiting)).toMatchObject({ code: 'approval.passkey_required' });
  });
});

describe('what was approved in somebody’s place', () => {
  it('keeps counting when the absence is over by its date', async () => {
    await away(omar, { delegate: vera, forMs: HOUR_MS / 2 });
    const waiting = await desk.wait({ amount: LARGE });
    await desk.approve(vera, waiting);
    desk.pass(HOUR_MS / 2);
    expect(await desk.approve(omar, waiting)).toMatchObject({ code: 'approval.already_decided' });
    expect(await desk.approve(ines, waiting)).toMatchObject({ status: 'approved' });
    expect(await desk.begin(waiting)).toBe('begun');
  });

  it('counts no more once the absence was ended by hand, and then its person decides', async () => {
    const { id } = await away(omar, { delegate: vera });
    const half = await desk.wait({ amount: LARGE });
    const whole = await desk.wait({});
    await desk.approve(vera, half);
    await desk.approve(vera, whole);
    await end(id);
    expect(await desk.begin(whole)).toBe('approval.insufficient');
    expect(await desk.approve(ines, half)).toMatchObject({ status: 'awaiting_approval' });
    expect(await desk.approve(omar, half)).toMatchObject({ status: 'approved' });
    expect(await desk.begin(half)).toBe('begun');
  });

  it('does not come to life again with a later absence of the same two', async () => {
    const { id } = await away(omar, { delegate: vera });
    const waiting = await desk.wait({});
    await desk.approve(vera, waiting);
    await end(id);
    await away(omar, { delegate: vera });
    expect(await desk.begin(waiting)).toBe('approval.insufficient');
  });

  it('stays one approval when a person votes whose place was free for a time', async () => {
    const { id } = await away(omar, { delegate: vera });
    const waiting = await desk.wait({ amount: LARGE });
    await desk.approve(vera, waiting);
    await end(id);
    await desk.approve(omar, waiting);
    expect(await desk.begin(waiting)).toBe('not_due');
  });
});

describe('an absence', () => {
  it.each([
    ['with no end after its beginning', () => away(omar, { forMs: 0 }), 'ends before'],
    ['in the past', () => away(omar, { inMs: -1 }), 'in the past'],
    ['of more than 90 days', () => away(omar, { forMs: 90 * 24 * HOUR_MS + 1 }), '90 days'],
    ['a year from now', () => away(omar, { inMs: 367 * 24 * HOUR_MS }), 'more than a year'],
    ['with oneself as delegate', () => away(omar, { delegate: omar }), 'their own place'],
    [
      'with a delegate nobody knows',
      () => away(omar, { delegate: person(9) }),
      'not on the roster',
    ],
  ])('is not noted %s', async (_what, note, why) => {
    await expect(note()).rejects.toMatchObject({
      code: 'absence.invalid',
      detail: expect.stringContaining(why),
    });
  });

  it('overlaps no other of the same person, and one that was ended is in nobody’s way', async () => {
    const { id } = await away(omar);
    await expect(away(omar, { inMs: HOUR_MS })).rejects.toMatchObject({ code: 'absence.invalid' });
    await end(id);
    await away(omar);
  });

  it('is ended once, and not after it is over', async () => {
    const gone = { code: 'absence.not_found' };
    const { id } = await away(omar);
    await end(id);
    await expect(end(id)).rejects.toMatchObject(gone);
    const short = await away(omar, { forMs: 1 });
    desk.pass(1);
    await expect(end(short.id)).rejects.toMatchObject(gone);
    await expect(end('abs_none')).rejects.toMatchObject(gone);
  });
});

describe('who can write the database file, and has no secrets, gives nobody a place', () => {
  const write = (sql: string, ...values: (string | number)[]) =>
    runInFile(desk.place.file, sql, ...values);
  const readRow = (id: string): Row => rowOf(desk.place.file, 'absences', id);
  const putRow = (row: Row): void => {
    putBack(desk.place.file, 'absences', row);
  };
  const expectNoPlace = async (id: string) => {
    const waiting = await desk.wait({});
    expect(await desk.approve(vera, waiting)).toMatchObject({ code: 'approval.not_eligible' });
    expect((await desk.store.absences.list()).damaged).toEqual([id]);
    const fresh = await desk.place.open({ clock: desk.now });
    expect((await fresh.absences.list()).damaged).toEqual([id]);
    // Whoever has a place of their own is not held up by it.
    expect(await desk.approve(ines, waiting)).toMatchObject({ status: 'approved' });
  };

  it('by a row that was copied under another name', async () => {
    const { id } = await away(omar, { delegate: lena });
    const row = readRow(id);
    await end(id);
    putRow({ ...row, id: 'abs_forged', delegate_id: vera.id });
    await expectNoPlace('abs_forged');
  });

  it.each([
    ['another delegate', 'update absences set delegate_id = ?', vera.id],
    ['a later end', 'update absences set until_at = ?', 1_900_000_000_000],
    ['another person who is away', 'update absences set person_id = ?', ines.id],
  ])('by writing %s into one', async (_what, sql, value) => {
    const { id } = await away(omar, { delegate: lena });
    write(sql, value);
    await expectNoPlace(id);
  });

  it('by putting back the row of one that was ended, and its approvals stay void', async () => {
    const { id } = await away(omar, { delegate: vera });
    const waiting = await desk.wait({});
    await desk.approve(vera, waiting);
    const row = readRow(id);
    await end(id);
    const ended = readRow(id);
    putRow(row);
    await expectNoPlace(id);
    // It waits for the store to be restored, and then is void.
    expect(await desk.begin(waiting)).toBe('store.unavailable');
    putRow(ended);
    expect(await desk.begin(waiting)).toBe('approval.insufficient');
  });

  it('by taking a row out: it can still be ended', async () => {
    const { id } = await away(omar, { delegate: vera });
    write('delete from absences');
    await expectNoPlace(id);
    await end(id);
    expect((await desk.store.absences.list()).damaged).toEqual([]);
    await expect(end(id)).rejects.toMatchObject({ code: 'absence.not_found' });
  });

  it('by writing a place into a decision', async () => {
    const waiting = await desk.wait({ amount: LARGE });
    await desk.approve(omar, waiting);
    write('update decisions set in_place_of = ?', lena.id);
    expect(await desk.approve(ines, waiting)).toMatchObject({ code: 'plan.tampered' });
    expect(await desk.store.requests.status(waiting.id)).toBe('failed');
  });
});
