import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { SlackUserRecord } from '../../../core/records.ts';
import type { SlackUserReads, SlackUserWrites } from '../../../ports/store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'slack_users';

const RecordSchema = z.strictObject({
  slackUser: z.string(),
  personId: z.string(),
  linkedAt: TimeSchema,
});

export function createSlackUserReads(reader: Reader): SlackUserReads {
  const { db } = reader;
  return {
    async get(slackUser) {
      const row = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('slack_user', '=', slackUser)
        .executeTakeFirst();
      return row && toRecord(reader, row);
    },
    async list() {
      const rows = await db.selectFrom(TABLE).selectAll().orderBy('slack_user').execute();
      return rows.map((row) => toRecord(reader, row));
    },
  };
}

export function createSlackUserWrites(unit: Unit): SlackUserWrites {
  const { db } = unit;
  return {
    ...createSlackUserReads(unit),
    async put({ slackUser, personId, linkedAt }) {
      const clear = {
        slack_user: slackUser,
        person_id: personId,
        linked_at: linkedAt.getTime(),
      };
      const row = { ...clear, voucher: sealFor(unit, clear).closeValue('voucher', true) };
      await db
        .insertInto(TABLE)
        .values(row)
        .onConflict((conflict) => conflict.column('slack_user').doUpdateSet(row))
        .execute();
    },
    async remove(slackUser) {
      const { numDeletedRows } = await db
        .deleteFrom(TABLE)
        .where('slack_user', '=', slackUser)
        .executeTakeFirstOrThrow();
      return numDeletedRows === 1n;
    },
  };
}

type Row = Selectable<Database['slack_users']>;

/** Somebody else's Slack account written beside a person's id would decide in that person's name. */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'voucher'>) =>
  rowSeal(seal, TABLE, row.slack_user, [row.person_id, row.linked_at]);

function toRecord(reader: Reader, row: Row): SlackUserRecord {
  sealFor(reader, row).open('voucher', row.voucher);
  return parseRow(RecordSchema, TABLE, row.slack_user, {
    slackUser: row.slack_user,
    personId: row.person_id,
    linkedAt: row.linked_at,
  });
}
