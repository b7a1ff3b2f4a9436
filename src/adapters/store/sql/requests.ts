import type { Insertable, Selectable } from 'kysely';
import { z } from 'zod';
import { CardSchema, RequirementSchema } from '../../../contracts/card.ts';
import { PlanSchema } from '../../../contracts/plan.ts';
import { type ErrorCode, GatewayError, isErrorCode } from '../../../core/errors.ts';
import type { RequestRecord } from '../../../core/records.ts';
import { canMove, REQUEST_STATUSES, type RequestStatus } from '../../../core/request-state.ts';
import type { RequestReads, RequestWrites } from '../../../ports/store.ts';
import { parseRow, type RowSeal, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'requests';

type RequestRow = Selectable<Database['requests']>;
type RequestChange = Parameters<RequestWrites['update']>[1];

const RecordSchema = z.strictObject({
  id: z.string(),
  agentId: z.string(),
  connection: z.string(),
  bodyHash: z.string(),
  submission: z.strictObject({
    userId: z.string(),
    prompt: z.string(),
    action: z.looseObject({ action: z.string() }),
  }),
  action: z.string(),
  risk: z.enum(['read', 'write', 'destructive']),
  status: z.enum(REQUEST_STATUSES),
  plan: PlanSchema.nullable(),
  digest: z.string().nullable(),
  card: CardSchema.nullable(),
  requirement: RequirementSchema.nullable(),
  credentialVersion: z.int().nullable(),
  result: z.unknown(),
  code: z.custom<ErrorCode>((code) => typeof code === 'string' && isErrorCode(code)).nullable(),
  detail: z.string().nullable(),
  createdAt: TimeSchema,
  updatedAt: TimeSchema,
  expiresAt: TimeSchema.nullable(),
});

export function createRequestReads(reader: Reader): RequestReads {
  const { db } = reader;
  return {
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(reader, row);
    },
    async list({ agentId, statuses, limit, before }) {
      if (statuses?.length === 0) return [];
      let query = db.selectFrom(TABLE).selectAll();
      if (agentId !== undefined) query = query.where('agent_id', '=', agentId);
      if (statuses !== undefined) query = query.where('status', 'in', statuses);
      if (before !== undefined) {
        query = query.where((eb) =>
          eb(eb.refTuple('created_at', 'id'), '<', placeOf(reader, before)),
        );
      }
      const rows = await query
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => toRecord(reader, row));
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
    async countSince(agentId, since) {
      const { count } = await db
        .selectFrom(TABLE)
        .select(({ fn }) => fn.countAll<number | string>().as('count'))
        .where('agent_id', '=', agentId)
        .where('created_at', '>=', since.getTime())
        .executeTakeFirstOrThrow();
      return Number(count);
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
      const present = await statusOf(unit, id);
      if (present === undefined) throw internal(`${id} does not exist`);
      if (change.status !== undefined && !canMove(present, change.status)) {
        throw internal(`${id}: ${present} does not move to ${change.status}`);
      }
      const { numUpdatedRows } = await db
        .updateTable(TABLE)
        .set(toColumns(rowSeal(unit.seal, TABLE, id), change))
        .set(({ eb }) => ({ updated_at: now.getTime(), revision: eb('revision', '+', 1) }))
        .where('id', '=', id)
        .where('status', '=', present)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) throw internal(`${id} is no longer ${present}`);
      touch(id);
    },
    async setWake(id, at) {
      await db
        .updateTable(TABLE)
        .set({ wake_at: at?.getTime() ?? null })
        .where('id', '=', id)
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

function toRow(unit: Unit, request: RequestRecord): Insertable<Database['requests']> {
  const seal = rowSeal(unit.seal, TABLE, request.id);
  return {
    ...toColumns(seal, request),
    id: request.id,
    agent_id: request.agentId,
    connection: request.connection,
    body_hash: request.bodyHash,
    action: request.action,
    risk: request.risk,
    status: request.status,
    digest: request.digest,
    created_at: request.createdAt.getTime(),
    updated_at: request.updatedAt.getTime(),
    wake_at: null,
    revision: 1,
    submission: identitySeal(unit, {
      id: request.id,
      agent_id: request.agentId,
      connection: request.connection,
      body_hash: request.bodyHash,
      action: request.action,
      risk: request.risk,
    }).closeValue('submission', request.submission),
    plan: seal.close('plan', PlanSchema.nullable().parse(request.plan)),
  };
}

/**
 * The columns of what `update` may change. Card and requirement are parsed on the way in too: one
 * that could not be read back has to fail at its writer, not later and look like a forgery.
 */
function toColumns(
  seal: RowSeal,
  change: RequestChange,
): Partial<Insertable<Database['requests']>> {
  const { status, card, requirement, credentialVersion, result, code, detail, expiresAt } = change;
  return {
    ...(status !== undefined && { status }),
    ...(credentialVersion !== undefined && { credential_version: credentialVersion }),
    ...(code !== undefined && { code }),
    ...(expiresAt !== undefined && { expires_at: expiresAt?.getTime() ?? null }),
    ...(card !== undefined && { card: seal.close('card', CardSchema.nullable().parse(card)) }),
    ...(requirement !== undefined && {
      requirement: seal.close('requirement', RequirementSchema.nullable().parse(requirement)),
    }),
    ...(result !== undefined && { result: seal.close('result', result) }),
    ...(detail !== undefined && { detail: seal.close('detail', detail) }),
  };
}

/** Vouches for what a request is and whose: `risk` changed to `read` would send a write unapproved. */
function identitySeal(
  { seal }: Reader,
  row: Pick<RequestRow, 'id' | 'agent_id' | 'connection' | 'body_hash' | 'action' | 'risk'>,
): RowSeal {
  const { agent_id, connection, body_hash, action, risk } = row;
  return rowSeal(seal, TABLE, row.id, [agent_id, connection, body_hash, action, risk]);
}

function toRecord(reader: Reader, row: RequestRow): RequestRecord {
  const { open } = rowSeal(reader.seal, TABLE, row.id);
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    agentId: row.agent_id,
    connection: row.connection,
    bodyHash: row.body_hash,
    submission: identitySeal(reader, row).open('submission', row.submission),
    action: row.action,
    risk: row.risk,
    status: row.status,
    plan: open('plan', row.plan),
    digest: row.digest,
    card: open('card', row.card),
    requirement: open('requirement', row.requirement),
    credentialVersion: row.credential_version,
    result: open('result', row.result),
    code: row.code,
    detail: open('detail', row.detail),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at,
  });
}

function internal(cause: string): GatewayError {
  return new GatewayError('internal.unexpected', { cause: new Error(cause) });
}
