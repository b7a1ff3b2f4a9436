import { sql } from 'kysely';
import type { AuditRecord } from '../../../core/records.ts';
import type { LogReads } from '../../../ports/store.ts';
import { opens, RECORD, type RecordRow, TABLE, toRecord } from './log-row.ts';
import type { Reader } from './unit.ts';

/** What follows the log, and goes on past what does not open. */
export function createLogFollowing(reader: Reader): Pick<LogReads, 'each' | 'newest'> {
  const { db } = reader;
  return {
    async each(from, to, withWords) {
      const rows = await db
        .selectFrom(TABLE)
        .select(RECORD)
        .where('idx', '>=', from)
        .where('idx', '<', to)
        .orderBy('idx')
        .execute();
      const byIndex = new Map(rows.map((row) => [row.idx, row]));
      return Array.from({ length: Math.max(0, to - from) }, (_, offset) =>
        recordOf(reader, byIndex.get(from + offset), withWords),
      );
    },
    async newest(event, { limit, before }) {
      const all = db
        .selectFrom(TABLE)
        .select(RECORD)
        // In the text of the query: a partial index does not serve a parameter.
        .where('event', '=', sql.lit(event))
        .where('request_id', 'is', null)
        .orderBy('idx', 'desc')
        .limit(limit);
      const rows = await (before === undefined ? all : all.where('idx', '<', before)).execute();
      return rows.flatMap((row) => recordOf(reader, row, () => true) ?? []);
    },
  };
}

function recordOf(
  reader: Reader,
  row: RecordRow | undefined,
  withWords: (event: string) => boolean,
): AuditRecord | null {
  if (row === undefined || !opens(reader, row)) return null;
  const bare = { index: row.idx, leaf: row.leaf, personal: null };
  if (!withWords(row.event)) return bare;
  try {
    return toRecord(reader, row);
  } catch {
    // The entry itself is whole: what it says counts, without its words.
    return bare;
  }
}
