import type { Insertable, Selectable } from 'kysely';
import { z } from 'zod';
import { CardSchema, RequirementSchema, SeenRecordSchema } from '../../../contracts/card.ts';
import { PlanSchema } from '../../../contracts/plan.ts';
import { type ErrorCode, isErrorCode } from '../../../core/errors.ts';
import type { RequestRecord } from '../../../core/records.ts';
import { REQUEST_STATUSES } from '../../../core/request-state.ts';
import type { RequestWrites } from '../../../ports/store.ts';
import { parseRow, type RowSeal, rowSeal, TimeSchema } from './rows.ts';
import type { Database, Sealed } from './schema.ts';
import type { Reader } from './unit.ts';

/** A request as a row: what is readable in the file, what is sealed, and which seal vouches for what. */
export const TABLE = 'requests';

export type RequestRow = Selectable<Database['requests']>;
export type RequestChange = Parameters<RequestWrites['update']>[1];

const SeenSchema = z.array(SeenRecordSchema).nullable();

export const RecordSchema = z.strictObject({
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
  seen: SeenSchema,
  credentialVersion: z.int().nullable(),
  result: z.unknown(),
  code: z.custom<ErrorCode>((code) => typeof code === 'string' && isErrorCode(code)).nullable(),
  detail: z.string().nullable(),
  retryAt: TimeSchema.nullable(),
  createdAt: TimeSchema,
  updatedAt: TimeSchema,
  expiresAt: TimeSchema.nullable(),
});

/** The clear columns that say where a request stands. */
export const STANDING = [
  'digest',
  'credential_version',
  'code',
  'created_at',
  'expires_at',
] as const;

export type Standing = Pick<RequestRow, 'id' | 'status' | (typeof STANDING)[number]>;

/** Vouches for where the request stands: a status, a digest or a deadline set by hand does not open. */
function standingSeal({ seal }: Pick<Reader, 'seal'>, row: Standing): RowSeal {
  return rowSeal(seal, TABLE, row.id, [row.status, ...STANDING.map((column) => row[column])]);
}

export const vouch = (reader: Reader, row: Standing): Sealed =>
  standingSeal(reader, row).closeValue('voucher', true);

/** Throws `plan.tampered`. */
export function assertVouched(reader: Reader, row: Standing & { readonly voucher: Sealed }): void {
  standingSeal(reader, row).open('voucher', row.voucher);
}

export function toRow(unit: Reader, request: RequestRecord): Insertable<Database['requests']> {
  const seal = rowSeal(unit.seal, TABLE, request.id);
  const standing: Standing = {
    id: request.id,
    status: request.status,
    digest: request.digest,
    credential_version: request.credentialVersion,
    code: request.code,
    created_at: request.createdAt.getTime(),
    expires_at: request.expiresAt?.getTime() ?? null,
  };
  return {
    ...toColumns(seal, request),
    ...standing,
    agent_id: request.agentId,
    connection: request.connection,
    body_hash: request.bodyHash,
    action: request.action,
    risk: request.risk,
    updated_at: request.updatedAt.getTime(),
    wake_at: null,
    revision: 1,
    voucher: vouch(unit, standing),
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
export function toColumns(
  seal: RowSeal,
  change: RequestChange,
): Partial<Insertable<Database['requests']>> {
  const { status, card, requirement, seen, credentialVersion } = change;
  const { result, code, detail, retryAt, expiresAt } = change;
  return {
    ...(status !== undefined && { status }),
    ...(credentialVersion !== undefined && { credential_version: credentialVersion }),
    ...(code !== undefined && { code }),
    ...(expiresAt !== undefined && { expires_at: expiresAt?.getTime() ?? null }),
    ...(card !== undefined && { card: seal.close('card', CardSchema.nullable().parse(card)) }),
    ...(requirement !== undefined && {
      requirement: seal.close('requirement', RequirementSchema.nullable().parse(requirement)),
    }),
    ...(seen !== undefined && { seen: seal.close('seen', SeenSchema.parse(seen)) }),
    ...sealedIfGiven(seal, 'result', result),
    ...sealedIfGiven(seal, 'detail', detail),
    ...sealedIfGiven(seal, 'retry_at', retryAt && retryAt.getTime()),
  };
}

const sealedIfGiven = (seal: RowSeal, column: 'result' | 'detail' | 'retry_at', value: unknown) =>
  value === undefined ? {} : { [column]: seal.close(column, value) };

/** Vouches for what a request is and whose: `risk` changed to `read` would send a write unapproved. */
function identitySeal(
  { seal }: Reader,
  row: Pick<RequestRow, 'id' | 'agent_id' | 'connection' | 'body_hash' | 'action' | 'risk'>,
): RowSeal {
  const { agent_id, connection, body_hash, action, risk } = row;
  return rowSeal(seal, TABLE, row.id, [agent_id, connection, body_hash, action, risk]);
}

export function toRecord(reader: Reader, row: RequestRow): RequestRecord {
  const { open } = rowSeal(reader.seal, TABLE, row.id);
  assertVouched(reader, row);
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
    seen: open('seen', row.seen),
    credentialVersion: row.credential_version,
    result: open('result', row.result),
    code: row.code,
    detail: open('detail', row.detail),
    retryAt: open('retry_at', row.retry_at),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at,
  });
}
