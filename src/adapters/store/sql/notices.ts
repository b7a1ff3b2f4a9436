import { type Selectable, sql } from 'kysely';
import { z } from 'zod';
import {
  ALARM_NAMES,
  type Cargo,
  type Channel,
  CHANNELS,
  ESCALATION,
  NOTICE_KINDS,
  NOTICE_STATES,
  type NoticeKind,
  type NoticeRecord,
} from '../../../core/notices.ts';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { ForgedNotice, NoticeReads, NoticeWrites } from '../../../ports/channel-store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'notices';

const KIND_NAMES = Object.keys(NOTICE_KINDS) as [NoticeKind, ...NoticeKind[]];

const PromptingSchema = z.strictObject({
  kind: z.enum(['held', 'alone', 'lead', 'follows']),
  at: TimeSchema,
  lead: z.string().nullable(),
});

const RecordSchema = z.strictObject({
  id: z.string(),
  subject: z.string(),
  channel: z.enum(CHANNELS),
  recipient: z.string(),
  kind: z.enum(KIND_NAMES),
  occasion: z.string(),
  createdAt: TimeSchema,
  sinceAt: TimeSchema,
  dueAt: TimeSchema,
  attempts: z.int(),
  state: z.enum(NOTICE_STATES),
  reference: z.string().nullable(),
  error: z.string().nullable(),
  prompting: PromptingSchema.nullable(),
});

/** Sealed together. Rows from before there was a budget have nothing on it. */
const OutcomeSchema = z.strictObject({
  reference: z.unknown(),
  error: z.unknown(),
  prompting: z.unknown().default(null),
});

export function createNoticeReads(reader: Reader): NoticeReads {
  const { db } = reader;
  return {
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(reader, row);
    },
    async of(subject) {
      const rows = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('subject', '=', subject)
        .orderBy('seq')
        .execute();
      return rows.flatMap((row) => readable(reader, row) ?? []);
    },
    async list({ states, limit }) {
      const rows = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('state', 'in', states)
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute();
      return rows.flatMap((row) => readable(reader, row) ?? []);
    },
    async prompts({ channel, recipient }, since) {
      const rows = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('channel', '=', channel)
        .where('recipient', '=', recipient)
        .where('kind', 'in', ['asked', 'reminded'])
        .where('state', '!=', 'moot')
        .where((eb) => eb.or([eb('state', '=', 'due'), eb('due_at', '>', since.getTime())]))
        .orderBy('seq')
        .execute();
      return rows.flatMap((row) => readable(reader, row) ?? []);
    },
    unreminded: (of) => unreminded(reader, of),
    unescalated: (of) => unescalated(reader, of),
    async forged({ subject, limit }) {
      let query = db.selectFrom(TABLE).selectAll().orderBy('seq', 'desc');
      if (subject !== undefined) query = query.where('subject', '=', subject);
      const found: ForgedNotice[] = [];
      for (const row of await query.execute()) {
        if (found.length === limit) break;
        if (readable(reader, row) === undefined) found.push(nameOf(row));
      }
      return found;
    },
  };
}

/** Of waiting requests, who was asked so long ago that this share of the time is over. */
const askedLongAgo = (
  { db }: Reader,
  { share, at }: { readonly share: number; readonly at: Date },
) =>
  db
    .selectFrom('requests')
    .innerJoin('notices as asked', 'asked.subject', 'requests.id')
    .select('requests.id')
    .distinct()
    .where('requests.status', '=', 'awaiting_approval')
    .where('requests.expires_at', '>', at.getTime())
    .where('asked.kind', '=', 'asked')
    .where(
      sql<number>`asked.created_at + (requests.expires_at - asked.created_at) * ${share}`,
      '<=',
      at.getTime(),
    );

async function unreminded(
  reader: Reader,
  { occasions, limit, ...of }: Parameters<NoticeReads['unreminded']>[0],
): Promise<readonly string[]> {
  const rows = await askedLongAgo(reader, of)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('notices as reminder')
            .select('reminder.seq')
            .whereRef('reminder.subject', '=', 'asked.subject')
            .whereRef('reminder.channel', '=', 'asked.channel')
            .whereRef('reminder.recipient', '=', 'asked.recipient')
            .where('reminder.kind', '=', 'reminded')
            .where('reminder.occasion', 'in', occasions),
        ),
      ),
    )
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

async function unescalated(
  reader: Reader,
  { limit, ...of }: Parameters<NoticeReads['unescalated']>[0],
): Promise<readonly string[]> {
  const rows = await askedLongAgo(reader, of)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('notices as escalated')
            .select('escalated.seq')
            .whereRef('escalated.subject', '=', 'asked.subject')
            .where('escalated.kind', '=', 'asked')
            .where('escalated.occasion', '=', ESCALATION.occasion),
        ),
      ),
    )
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

export function createNoticeWrites(unit: Unit): NoticeWrites {
  const { db, now } = unit;
  const reads = createNoticeReads(unit);
  return {
    ...reads,
    async insert(notice) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto(TABLE)
        .values(toRow(unit, notice))
        .onConflict((conflict) =>
          conflict.columns(['subject', 'channel', 'recipient', 'kind', 'occasion']).doNothing(),
        )
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
    async setAside(of) {
      const rows = await dueRows(unit, of);
      const forged = rows.filter((row) => readable(unit, row) === undefined);
      for (const { seq } of forged)
        await db.updateTable(TABLE).set({ state: 'dead' }).where('seq', '=', seq).execute();
      return forged.map(nameOf);
    },
    async take({ leaseMs, ...of }) {
      const taken: NoticeRecord[] = [];
      for (const row of await dueRows(unit, of)) {
        const notice = readable(unit, row);
        if (notice === undefined) continue;
        const dueAt = new Date(now.getTime() + leaseMs);
        const mine = { ...notice, dueAt, attempts: notice.attempts + 1 };
        await rewrite(unit, mine);
        taken.push(mine);
      }
      return taken;
    },
    async settle({ id, attempts }, change) {
      const notice = await reads.get(id);
      if (notice?.state !== 'due' || notice.attempts !== attempts) return false;
      await rewrite(unit, { ...notice, ...change });
      return true;
    },
    async resend(id) {
      const notice = await reads.get(id);
      if (notice?.state !== 'dead') return false;
      await rewrite(unit, { ...notice, state: 'due', sinceAt: now, dueAt: now, attempts: 0 });
      return true;
    },
  };
}

type Row = Selectable<Database['notices']>;

const nameOf = (row: Row): ForgedNotice => ({ id: row.id, subject: row.subject });

interface DueOf {
  readonly cargo: Cargo;
  readonly limit: number;
  readonly channels?: readonly Channel[] | undefined;
}

/** What of one subject goes to one place goes there in its order: an older one that is due holds the later back. */
const dueRows = ({ db, now }: Unit, { cargo, limit, channels = CHANNELS }: DueOf): Promise<Row[]> =>
  db
    .selectFrom('notices as late')
    .selectAll('late')
    .where('late.state', '=', 'due')
    .where('late.due_at', '<=', now.getTime())
    // What has a kind that nobody knows is nobody's alarm.
    .where('late.kind', cargo === 'alarms' ? 'in' : 'not in', ALARM_NAMES)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('notices as earlier')
            .select('earlier.seq')
            .whereRef('earlier.subject', '=', 'late.subject')
            .whereRef('earlier.channel', '=', 'late.channel')
            .whereRef('earlier.recipient', '=', 'late.recipient')
            .whereRef('earlier.seq', '<', 'late.seq')
            .where('earlier.state', '=', 'due'),
        ),
      ),
    )
    .$if(channels !== CHANNELS, (of) => of.where('late.channel', 'in', channels))
    // Of requests none: there an index gives the order, and the first are found without the rest.
    .$if(cargo === 'alarms', (of) => of.orderBy(sql`late.kind = 'alerted'`))
    .orderBy('late.due_at')
    .orderBy('late.seq')
    .limit(limit)
    .execute();

/** For a record that was read in this very unit: its row opened, so nothing forged gets a new seal. */
async function rewrite(unit: Unit, notice: NoticeRecord): Promise<void> {
  await unit.db
    .updateTable(TABLE)
    .set(toRow(unit, notice))
    .where('id', '=', notice.id)
    .executeTakeFirstOrThrow();
}

function toRow(unit: Unit, notice: NoticeRecord): Omit<Row, 'seq'> {
  const clear = {
    id: notice.id,
    subject: notice.subject,
    channel: notice.channel,
    recipient: notice.recipient,
    kind: notice.kind,
    occasion: notice.occasion,
    created_at: notice.createdAt.getTime(),
    since_at: notice.sinceAt.getTime(),
    due_at: notice.dueAt.getTime(),
    attempts: notice.attempts,
    state: notice.state,
  };
  const { reference, error } = notice;
  const prompting = notice.prompting && {
    ...notice.prompting,
    at: notice.prompting.at.getTime(),
  };
  const outcome = { reference, error, prompting };
  return { ...clear, outcome: sealFor(unit, clear).closeValue('outcome', outcome) };
}

/** A recipient written by hand would get to read what people are asked. */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'seq' | 'outcome'>) =>
  rowSeal(seal, TABLE, row.id, [
    ...[row.subject, row.channel, row.recipient, row.kind, row.occasion],
    ...[row.created_at, row.since_at, row.due_at, row.attempts, row.state],
  ]);

/** Undefined for a row that was not written here. */
function readable(reader: Reader, row: Row): NoticeRecord | undefined {
  try {
    return toRecord(reader, row);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'plan.tampered') return undefined;
    throw error;
  }
}

function toRecord(reader: Reader, row: Row): NoticeRecord {
  const opened = sealFor(reader, row).open('outcome', row.outcome);
  return parseRow(RecordSchema, TABLE, row.id, {
    ...parseRow(OutcomeSchema, TABLE, row.id, opened),
    id: row.id,
    subject: row.subject,
    channel: row.channel,
    recipient: row.recipient,
    kind: row.kind,
    occasion: row.occasion,
    createdAt: row.created_at,
    sinceAt: row.since_at,
    dueAt: row.due_at,
    attempts: row.attempts,
    state: row.state,
  });
}
