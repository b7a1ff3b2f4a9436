import { randomBytes } from 'node:crypto';
import { commit, leafBytes, LIMITS } from '../../../audit/leaf.ts';
import { type AuditEntry, AuditEntrySchema } from '../../../contracts/audit-entry.ts';
import type { AuditEvent } from '../../../core/records.ts';
import type { LogReads, LogWrites } from '../../../ports/store.ts';
import { createLogFollowing } from './log-follow.ts';
import { stretchOf } from './log-look.ts';
import {
  lastRow,
  newTally,
  RECORD,
  rowsOf,
  TABLE,
  type Tally,
  tallyAfter,
  toRecord,
  vouchedLeaf,
  type VouchedRow,
  vouchFor,
} from './log-row.ts';
import { traceOf } from './log-trace.ts';
import { rowSeal } from './rows.ts';
import { tampered } from './seal.ts';
import type { Reader, Unit } from './unit.ts';

export function createLogReads(reader: Reader): LogReads {
  const { db } = reader;
  return {
    ...createLogFollowing(reader),
    size: () => nextIndex(reader),
    async leaves(from, to) {
      const rows = await rowsOf(reader, from, to);
      // A hole would move every later leaf to another place, and a checkpoint would be signed over it.
      const gap = rows.findIndex((row, offset) => row.idx !== from + offset);
      if (gap !== -1) throw tampered(TABLE, String(from + gap));
      const leaves = rows.map((row) => vouchedLeaf(reader, row));
      if (reader.isCommitted) remember(reader, rows, from);
      return leaves;
    },
    trace: async (requestId) => traceOf(reader, requestId, await nextIndex(reader)),
    async ofRequest(requestId) {
      const rows = await db
        .selectFrom(TABLE)
        .select(RECORD)
        .where('request_id', '=', requestId)
        .orderBy('idx')
        .execute();
      await assertNoneMissing(reader, rows[0]?.idx);
      return rows.map((row) => toRecord(reader, row));
    },
  };
}

/**
 * The index is read and used in one transaction that holds the store's write lock, so the log has no
 * gap and no fork, whichever process appends.
 */
export function createLogWrites(unit: Unit): LogWrites {
  return {
    ...createLogReads(unit),
    async append(event) {
      const { index, tally } = await nextPlace(unit);
      const personal = event.personal && { salt: newSalt(), value: event.personal };
      const entry = toEntry(
        event,
        index,
        unit.now,
        personal && commit(personal.salt, personal.value),
      );
      const row = {
        idx: index,
        event: event.event,
        request_id: event.requestId ?? null,
        at: unit.now.getTime(),
        leaf: leafBytes(entry),
      };
      await unit.db
        .insertInto(TABLE)
        .values({
          ...row,
          voucher: vouchFor(unit, row, tally),
          personal: rowSeal(unit.seal, TABLE, String(index)).close(
            'personal',
            personal && { salt: personal.salt.toString('base64'), value: personal.value },
          ),
        })
        .execute();
      return index;
    },
  };
}

/**
 * An entry that was taken out would hide that a write was begun or that a request had ended. Counted in
 * one statement: between two of them another process may append, and that is no hole.
 */
async function assertNoneMissing(reader: Reader, first: number | undefined): Promise<void> {
  if (first === undefined) return;
  const { count, last } = await reader.db
    .selectFrom(TABLE)
    .select(({ fn }) => [
      fn.countAll<number | string>().as('count'),
      fn.max<number | string>('idx').as('last'),
    ])
    .where('idx', '>=', first)
    .executeTakeFirstOrThrow();
  if (first + Number(count) !== Number(last) + 1) throw tampered(TABLE, String(first));
}

/** Each entry is read for its publication anyway, and need not be opened again for a begin. */
function remember({ scan }: Reader, rows: readonly VouchedRow[], from: number): void {
  const known = scan.known();
  const start = known.from === known.to ? from : Math.max(from, known.to);
  scan.add(
    stretchOf(
      rows.filter(({ idx }) => idx >= start),
      start,
      from + rows.length,
    ),
  );
}

/** Where the next entry goes, and what the log holds before it. */
async function nextPlace(unit: Unit): Promise<{ readonly index: number; readonly tally: Tally }> {
  const last = await lastRow(unit);
  if (last === undefined) return { index: 0, tally: newTally(null) };
  return {
    index: last.idx + 1,
    // One that does not open may be an order: until it is restored nobody can say what is in force.
    tally: tallyAfter(unit, last) ?? newTally(last.idx),
  };
}

/** By the primary key's end: the cost does not grow with the log. */
async function nextIndex({ db }: Reader): Promise<number> {
  const last = await db
    .selectFrom(TABLE)
    .select('idx')
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? 0 : last.idx + 1;
}

function toEntry(
  event: AuditEvent,
  index: number,
  now: Date,
  commitment: string | undefined,
): AuditEntry {
  return AuditEntrySchema.parse({
    v: 1,
    index,
    timestamp: now.toISOString(),
    event: event.event,
    actor: event.actor,
    request_id: event.requestId ?? null,
    agent_id: event.agentId ?? null,
    code: event.code ?? null,
    digest: event.digest ?? null,
    hubspot_endpoint: event.hubspotEndpoint ?? null,
    response_status: event.responseStatus ?? null,
    facts: event.facts ?? {},
    personal: commitment ?? null,
  });
}

function newSalt(): Buffer {
  return randomBytes(LIMITS.saltBytes);
}
