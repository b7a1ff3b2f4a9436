import type { Selectable } from 'kysely';
import { z } from 'zod';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { SlackUserRecord } from '../../../core/records.ts';
import type { SlackUserReads, SlackUserWrites } from '../../../ports/channel-store.ts';
import { ordersOf } from './log-orders.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import { tampered } from './seal.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'slack_users';

const RecordSchema = z.strictObject({
  slackUser: z.string(),
  personId: z.string(),
  linkedAt: TimeSchema,
});

export function createSlackUserReads(reader: Reader): SlackUserReads {
  const { db } = reader;
  async function get(slackUser: string): Promise<SlackUserRecord | undefined> {
    const row = await db
      .selectFrom(TABLE)
      .selectAll()
      .where('slack_user', '=', slackUser)
      .executeTakeFirst();
    const found = row && toRecord(reader, row);
    const logged = (await ordersOf(reader)).links.get(slackUser);
    if (!isSame(found, logged)) throw tampered(TABLE, slackUser);
    return found;
  }
  return {
    get,
    async legible() {
      const rows = await db.selectFrom(TABLE).select('slack_user').execute();
      const { links } = await ordersOf(reader);
      const all = new Set([...rows.map((row) => row.slack_user), ...links.keys()]);
      const listed = { rows: [] as SlackUserRecord[], damaged: [] as string[] };
      for (const slackUser of [...all].toSorted()) {
        const found = await get(slackUser).catch(unlessTampered);
        if (found === undefined) listed.damaged.push(slackUser);
        else listed.rows.push(found);
      }
      return listed;
    },
  };
}

function unlessTampered(error: unknown): undefined {
  if (!(error instanceof GatewayError) || error.code !== 'plan.tampered') throw error;
}

/** A link that was ended or replaced opens as well as it ever did when its row is put back: the log knows. */
const isSame = (row: SlackUserRecord | undefined, logged: SlackUserRecord | undefined): boolean =>
  row?.personId === logged?.personId && row?.linkedAt.getTime() === logged?.linkedAt.getTime();

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
      const { links } = await ordersOf(unit);
      return numDeletedRows === 1n || links.has(slackUser);
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
