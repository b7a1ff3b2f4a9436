import { sql } from 'kysely';
import { z } from 'zod';
import type { RequestStatus } from '../../../core/request-state.ts';
import type { RequestReads } from '../../../ports/store.ts';
import { openPage } from './listed.ts';
import { RecordSchema, TABLE, toRecord } from './request-row.ts';
import { parseRow } from './rows.ts';
import type { Reader } from './unit.ts';

/** Shown to people, or about to be. */
const WAITING = ['planned', 'awaiting_approval'] satisfies RequestStatus[];
/** What waits has a deadline; one that was taken out by hand comes first, and hides nobody. */
const DUE_AT = sql<number>`coalesce(expires_at, 0)`;
/** Few wait, but an agent's history grows: an expression keeps the planner from its index. */
const AGENT_UNINDEXED = sql<string>`agent_id || ''`;

/** What waits for people, what limits each agent, and how much there was of what. */
export function createWaitingReads(
  reader: Reader,
): Pick<RequestReads, 'waiting' | 'countWaiting' | 'countSince' | 'lastMadeAt' | 'tallySince'> {
  const { db } = reader;
  return {
    async waiting({ limit, after }) {
      const all = db.selectFrom(TABLE).selectAll().where('status', '=', 'awaiting_approval');
      const dueFirst = all.orderBy(DUE_AT).orderBy('id');
      const read = (count: number, start = after) =>
        (start === undefined
          ? dueFirst
          : dueFirst.where((eb) =>
              eb(eb.tuple(DUE_AT, eb.ref('id')), '>', duePlaceOf(reader, start)),
            )
        )
          .limit(count)
          .execute();
      return openPage(limit, read, (row) => toRecord(reader, row));
    },
    async countWaiting(agentId) {
      const { count } = await db
        .selectFrom(TABLE)
        .select(({ fn }) => fn.countAll<number | string>().as('count'))
        .where('status', 'in', WAITING)
        .where(AGENT_UNINDEXED, '=', agentId)
        .executeTakeFirstOrThrow();
      return Number(count);
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
    async lastMadeAt(agentId) {
      const row = await db
        .selectFrom(TABLE)
        .select('created_at')
        .where('agent_id', '=', agentId)
        .orderBy('created_at', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && new Date(row.created_at);
    },
    async tallySince(since) {
      const rows = await db
        .selectFrom(TABLE)
        .select(['risk', 'status', 'code', ({ fn }) => fn.countAll<number | string>().as('count')])
        .where('created_at', '>=', since.getTime())
        .groupBy(['risk', 'status', 'code'])
        .execute();
      return rows.map(({ count, ...row }) =>
        parseRow(TallySchema, TABLE, 'tally', { ...row, count: Number(count) }),
      );
    },
  };
}

const TallySchema = RecordSchema.pick({ risk: true, status: true, code: true }).extend({
  count: z.int(),
});

/** Where a page starts. Compares with nothing when the id is unknown, so the page is empty. */
function duePlaceOf({ db }: Reader, id: string) {
  return db
    .selectFrom(TABLE)
    .select([DUE_AT.as('due_at'), 'id'])
    .where('id', '=', id)
    .$asTuple('due_at', 'id');
}
