import { sql } from 'kysely';
import { GatewayError } from '../../../core/gateway-error.ts';
import { canMove, type RequestStatus } from '../../../core/request-state.ts';
import type { RequestReads, RequestWrites } from '../../../ports/store.ts';
import { openPage } from './listed.ts';
import {
  assertVouched,
  RecordSchema,
  type RequestChange,
  STANDING,
  type Standing,
  TABLE,
  toColumns,
  toRecord,
  toRow,
  vouch,
} from './request-row.ts';
import { parseRow, rowSeal } from './rows.ts';
import type { Reader, Unit } from './unit.ts';
import { createWaitingReads } from './waiting-requests.ts';

export function createRequestReads(reader: Reader): RequestReads {
  const { db } = reader;
  return {
    ...createWaitingReads(reader),
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(reader, row);
    },
    async list({ agentId, statuses, isAsked, limit, before }) {
      if (statuses?.length === 0) return { rows: [], damaged: [] };
      let all = db.selectFrom(TABLE).selectAll();
      if (agentId !== undefined) all = all.where('agent_id', '=', agentId);
      if (statuses !== undefined) all = all.where('status', 'in', statuses);
      // As its index says it: a bound value would not find that.
      if (isAsked === true) all = all.where(sql<boolean>`risk <> 'read' and card is not null`);
      const newestFirst = all.orderBy('created_at', 'desc').orderBy('id', 'desc');
      const read = (count: number, after = before) =>
        (after === undefined
          ? newestFirst
          : newestFirst.where((eb) =>
              eb(eb.refTuple('created_at', 'id'), '<', placeOf(reader, after)),
            )
        )
          .limit(count)
          .execute();
      return openPage(limit, read, (row) => toRecord(reader, row));
    },
    async idsIn(statuses, { limit, after }) {
      if (statuses.length === 0) return [];
      let query = db.selectFrom(TABLE).select('id').where('status', 'in', statuses);
      if (after !== undefined) {
        query = query.where((eb) =>
          eb(eb.refTuple('created_at', 'id'), '>', placeOf(reader, after)),
        );
      }
      const rows = await query.orderBy('created_at').orderBy('id').limit(limit).execute();
      return rows.map((row) => row.id);
    },
    status: (id) => statusOf(reader, id),
    isWakeOwed: (id) => isWakeOwed(reader, id),
    async overdue(before, limit) {
      const rows = await db
        .selectFrom(TABLE)
        .select('id')
        .where('wake_at', '<=', before.getTime())
        .orderBy('wake_at')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => row.id);
    },
    async expired(statuses, before, limit) {
      const rows = await db
        .selectFrom(TABLE)
        .select('id')
        .where('status', 'in', statuses)
        .where('expires_at', '<=', before.getTime())
        .orderBy('expires_at')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => row.id);
    },
  };
}

export function createRequestWrites(unit: Unit): RequestWrites {
  const { db, now, touch } = unit;
  return {
    ...createRequestReads(unit),
    async insert(request) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto(TABLE)
        .values(toRow(unit, request))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw new GatewayError('idempotency.mismatch');
      touch(request.id);
    },
    async update(id, change) {
      const present = await standingOf(unit, id);
      if (present === undefined) throw internal(`${id} does not exist`);
      assertVouched(unit, present);
      const from = parseRow(RecordSchema.shape.status, TABLE, id, present.status);
      if (change.status !== undefined && !canMove(from, change.status)) {
        throw internal(`${id}: ${from} does not move to ${change.status}`);
      }
      const hasMoved = change.status !== undefined && change.status !== from;
      await writeStanding(unit, present, hasMoved ? { code: null, ...change } : change);
    },
    async settleTampered(id, change) {
      const present = await standingOf(unit, id);
      if (present === undefined) return false;
      await writeStanding(unit, present, change);
      return true;
    },
    async setWake(id, at) {
      await db
        .updateTable(TABLE)
        .set({ wake_at: at?.getTime() ?? null })
        .where('id', '=', id)
        .execute();
    },
    async postponeWake(id, at) {
      await db
        .updateTable(TABLE)
        .set({ wake_at: at.getTime() })
        .where('id', '=', id)
        .where('wake_at', 'is not', null)
        .execute();
    },
    async consumeApproval(id, digest) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('approval_uses')
        .values({ request_id: id, digest, at: now.getTime() })
        .onConflict((conflict) => conflict.column('request_id').doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
  };
}

/** The revision of each of these requests that exists: it grows with every change, in any process. */
export async function revisionsOf(
  { db }: Reader,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom(TABLE)
    .select(['id', 'revision'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map((row) => [row.id, row.revision]));
}

/** Where a page starts. Compares with nothing when the id is unknown, so the page is empty. */
function placeOf({ db }: Reader, id: string) {
  return db
    .selectFrom(`${TABLE} as start`)
    .select(['start.created_at', 'start.id'])
    .where('start.id', '=', id)
    .$asTuple('created_at', 'id');
}

async function statusOf({ db }: Reader, id: string): Promise<RequestStatus | undefined> {
  const row = await db.selectFrom(TABLE).select('status').where('id', '=', id).executeTakeFirst();
  return row && parseRow(RecordSchema.shape.status, TABLE, id, row.status);
}

async function isWakeOwed({ db }: Reader, id: string): Promise<boolean> {
  const row = await db.selectFrom(TABLE).select('wake_at').where('id', '=', id).executeTakeFirst();
  return row !== undefined && row.wake_at !== null;
}

const standingOf = ({ db }: Reader, id: string) =>
  db
    .selectFrom(TABLE)
    .select(['id', 'status', 'voucher', ...STANDING])
    .where('id', '=', id)
    .executeTakeFirst();

async function writeStanding(unit: Unit, present: Standing, change: RequestChange): Promise<void> {
  const { db, now, touch, seal } = unit;
  const { id } = present;
  const columns = toColumns(rowSeal(seal, TABLE, id), change);
  const voucher = vouch(unit, { ...present, ...columns });
  const { numUpdatedRows } = await db
    .updateTable(TABLE)
    .set({ ...columns, voucher })
    .set(({ eb }) => ({ updated_at: now.getTime(), revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .where('status', '=', present.status)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) throw internal(`${id} is no longer ${present.status}`);
  touch(id);
}

function internal(cause: string): GatewayError {
  return new GatewayError('internal.unexpected', { cause: new Error(cause) });
}
