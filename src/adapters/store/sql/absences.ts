import type { Selectable } from 'kysely';
import { z } from 'zod';
import { errorCodeOf } from '../../../core/gateway-error.ts';
import type { AbsenceRecord } from '../../../core/records.ts';
import type { AbsenceReads, AbsenceWrites } from '../../../ports/absence-store.ts';
import { ordersOf } from './log-orders.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import { tampered } from './seal.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'absences';

const RecordSchema = z.strictObject({
  id: z.string(),
  personId: z.string(),
  delegateId: z.string().nullable(),
  from: TimeSchema,
  until: TimeSchema,
  notedAt: TimeSchema,
  endedAt: TimeSchema.nullable(),
});

export function createAbsenceReads(reader: Reader): AbsenceReads {
  const { db } = reader;
  return {
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return asLogged(reader, id, { row, logged: (await loggedIn(reader, id)).get(id) });
    },
    async list() {
      const rows = new Map(
        (await db.selectFrom(TABLE).selectAll().execute()).map((row) => [row.id, row]),
      );
      const logged = await loggedIn(reader, TABLE).catch(unlessTampered);
      const listed = { rows: [] as AbsenceRecord[], damaged: [] as string[] };
      for (const id of new Set([...rows.keys(), ...(logged?.keys() ?? [])])) {
        const found =
          logged && openOrNone(reader, id, { row: rows.get(id), logged: logged.get(id) });
        if (found === undefined) listed.damaged.push(id);
        else listed.rows.push(found);
      }
      return { ...listed, rows: listed.rows.toSorted(byAge) };
    },
  };
}

interface Told {
  readonly row: Row | undefined;
  /** Undefined also of one that was ended. */
  readonly logged: AbsenceRecord | undefined;
}

/** Throws `plan.tampered` where row and log do not tell the same. */
function asLogged(reader: Reader, id: string, { row, logged }: Told): AbsenceRecord | undefined {
  const found = row && toRecord(reader, row);
  const standing = found?.endedAt === null ? found : undefined;
  if (!isSame(standing, logged)) throw tampered(TABLE, id);
  return found;
}

function openOrNone(reader: Reader, id: string, told: Told): AbsenceRecord | undefined {
  try {
    return asLogged(reader, id, told);
  } catch (error) {
    unlessTampered(error);
    return undefined;
  }
}

/** Those that the log has and that nobody has ended. Where it has lost an order, none is believed. */
async function loggedIn(reader: Reader, id: string) {
  try {
    return (await ordersOf(reader)).absences;
  } catch (cause) {
    if (errorCodeOf(cause) === 'freeze.active') throw tampered(TABLE, id, cause);
    throw cause;
  }
}

function unlessTampered(error: unknown): undefined {
  if (errorCodeOf(error) !== 'plan.tampered') throw error;
}

const byAge = (a: AbsenceRecord, b: AbsenceRecord): number =>
  a.notedAt.getTime() - b.notedAt.getTime() || (a.id < b.id ? -1 : 1);

/** One that was ended opens as well as it ever did when its row is put back: the log knows. */
const isSame = (row: AbsenceRecord | undefined, logged: AbsenceRecord | undefined): boolean =>
  row?.personId === logged?.personId &&
  row?.delegateId === logged?.delegateId &&
  row?.from.getTime() === logged?.from.getTime() &&
  row?.until.getTime() === logged?.until.getTime();

export function createAbsenceWrites(unit: Unit): AbsenceWrites {
  const { db } = unit;
  return {
    ...createAbsenceReads(unit),
    async insert({ id, personId, delegateId, from, until, notedAt }) {
      const clear = {
        id,
        person_id: personId,
        delegate_id: delegateId,
        from_at: from.getTime(),
        until_at: until.getTime(),
        noted_at: notedAt.getTime(),
        ended_at: null,
      };
      await db.insertInto(TABLE).values(vouched(unit, clear)).execute();
    },
    async end(id) {
      const logged = (await loggedIn(unit, id)).get(id);
      if (logged === undefined) return undefined;
      const row = vouched(unit, {
        id,
        person_id: logged.personId,
        delegate_id: logged.delegateId,
        from_at: logged.from.getTime(),
        until_at: logged.until.getTime(),
        noted_at: logged.notedAt.getTime(),
        ended_at: unit.now.getTime(),
      });
      await db
        .insertInto(TABLE)
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
      return logged;
    },
  };
}

type Row = Selectable<Database['absences']>;
type Clear = Omit<Row, 'voucher'>;

/** A delegate written by hand beside somebody's absence would decide in their place. */
const sealFor = ({ seal }: Reader, row: Clear) =>
  rowSeal(seal, TABLE, row.id, [
    row.person_id,
    row.delegate_id,
    row.from_at,
    row.until_at,
    row.noted_at,
    row.ended_at,
  ]);

const vouched = (unit: Unit, clear: Clear): Row => ({
  ...clear,
  voucher: sealFor(unit, clear).closeValue('voucher', true),
});

function toRecord(reader: Reader, row: Row): AbsenceRecord {
  sealFor(reader, row).open('voucher', row.voucher);
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    personId: row.person_id,
    delegateId: row.delegate_id,
    from: row.from_at,
    until: row.until_at,
    notedAt: row.noted_at,
    endedAt: row.ended_at,
  });
}
