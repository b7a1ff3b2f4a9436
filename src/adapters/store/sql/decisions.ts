import type { Selectable } from 'kysely';
import { z } from 'zod';
import { PROOFS } from '../../../core/proofs.ts';
import type { DecisionRecord } from '../../../core/records.ts';
import type { DecisionReads, DecisionWrites } from '../../../ports/store.ts';
import { openAll } from './listed.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'decisions';

const RecordSchema = z.strictObject({
  requestId: z.string(),
  personId: z.string(),
  decision: z.enum(['approve', 'reject']),
  digest: z.string(),
  reason: z.string().nullable(),
  proof: z.enum(PROOFS),
  decidedAt: TimeSchema,
  validUntil: TimeSchema,
  inPlaceOf: z.string().nullable(),
});

/** One decision that does not open fails the whole answer: leaving out a rejection would be an approval. */
export function createDecisionReads(reader: Reader): DecisionReads {
  return {
    async of(requestId) {
      const rows = await reader.db
        .selectFrom(TABLE)
        .selectAll()
        .where('request_id', '=', requestId)
        .orderBy('seq')
        .execute();
      return rows.map((row) => toRecord(reader, row));
    },
    async newest({ personId, since, limit }) {
      const rows = await reader.db
        .selectFrom(TABLE)
        .selectAll()
        .where('person_id', '=', personId)
        .where('decided_at', '>=', since.getTime())
        .where('proof', '!=', 'grant')
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute();
      const named = rows.map((row) => ({ id: nameOf(row.request_id, row.person_id), row }));
      return openAll(named, ({ row }) => toRecord(reader, row));
    },
  };
}

export function createDecisionWrites(unit: Unit): DecisionWrites {
  return {
    ...createDecisionReads(unit),
    async insert(decision) {
      const { requestId, personId } = decision;
      const clear = {
        decision: decision.decision,
        digest: decision.digest,
        proof: decision.proof,
        decided_at: decision.decidedAt.getTime(),
        valid_until: decision.validUntil.getTime(),
        in_place_of: decision.inPlaceOf,
      };
      const { numInsertedOrUpdatedRows } = await unit.db
        .insertInto(TABLE)
        .values({
          request_id: requestId,
          person_id: personId,
          ...clear,
          reason: sealFor(unit, {
            request_id: requestId,
            person_id: personId,
            ...clear,
          }).closeValue('reason', decision.reason),
        })
        .onConflict((conflict) => conflict.columns(['request_id', 'person_id']).doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
  };
}

const nameOf = (requestId: string, personId: string) => `${requestId}/${personId}`;

/** The seal vouches for the whole row: a decision written into the file by hand does not open. */
function sealFor({ seal }: Reader, row: Omit<Selectable<Database['decisions']>, 'seq' | 'reason'>) {
  const { decision, digest, proof, decided_at, valid_until, in_place_of } = row;
  // A row from before there were places is bound as it was then.
  const place = in_place_of === null ? [] : [in_place_of];
  const bound = [decision, digest, proof, decided_at, valid_until, ...place];
  return rowSeal(seal, TABLE, nameOf(row.request_id, row.person_id), bound);
}

function toRecord(reader: Reader, row: Selectable<Database['decisions']>): DecisionRecord {
  const { open } = sealFor(reader, row);
  return parseRow(RecordSchema, TABLE, nameOf(row.request_id, row.person_id), {
    requestId: row.request_id,
    personId: row.person_id,
    decision: row.decision,
    digest: row.digest,
    reason: open('reason', row.reason),
    proof: row.proof,
    decidedAt: row.decided_at,
    validUntil: row.valid_until,
    inPlaceOf: row.in_place_of,
  });
}
