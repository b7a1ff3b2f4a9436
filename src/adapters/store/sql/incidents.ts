import type { Selectable } from 'kysely';
import { z } from 'zod';
import { GatewayError } from '../../../core/gateway-error.ts';
import {
  CHECKS,
  CLOCKS,
  INCIDENT_STAGES,
  type IncidentRecord,
  mayMove,
} from '../../../core/incident.ts';
import type { IncidentReads, IncidentWrites } from '../../../ports/incident-store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'incidents';

/** JSON has no dates: in the sealed body they are RFC 3339. */
const DateSchema = z.iso.datetime({ precision: 3 }).transform((text) => new Date(text));
const ValueSchema = z.strictObject({
  before: z.string().nullable(),
  after: z.string().nullable(),
});

const FindingsSchema = z.strictObject({
  from: DateSchema,
  to: DateSchema,
  rogue: z.array(
    z.strictObject({
      kind: z.enum(['changed', 'created', 'archived']),
      objectType: z.string(),
      objectId: z.string(),
      at: DateSchema,
      properties: z.record(z.string(), ValueSchema),
      recordName: z.string(),
    }),
  ),
  exposures: z.array(
    z.strictObject({
      agentId: z.string(),
      action: z.string(),
      reads: z.int(),
      fields: z.array(z.string()),
      records: z.array(z.string()),
      recordsTotal: z.int(),
    }),
  ),
  unread: z.array(z.string()),
  leftAlone: z.array(z.string()),
});

const CountersSchema = z.strictObject({
  agents: z.array(z.strictObject({ id: z.string(), lastHour: z.int(), lastDay: z.int() })),
  alertsLastDay: z.int(),
});

const BodySchema = z.strictObject({
  openedBy: z.string(),
  reason: z.string(),
  cause: z.strictObject({ rule: z.string(), entries: z.array(z.int()) }).nullable(),
  firstEntry: z.int(),
  since: DateSchema,
  freezeId: z.string(),
  oldVersion: z.int().nullable(),
  newVersion: z.int().nullable(),
  oldAppId: z.int().nullable().default(null),
  newAppId: z.int().nullable().default(null),
  isFalseAlarm: z.boolean(),
  steppedBy: z.string().nullable().default(null),
  evidence: z
    .strictObject({
      log: z.strictObject({ size: z.int(), rootPrefix: z.string(), note: z.string().nullable() }),
      // Rows from before there were any have none.
      counters: CountersSchema.default({ agents: [], alertsLastDay: 0 }),
      begun: z.array(z.string()),
      cancelled: z.array(z.string()),
    })
    .nullable(),
  checks: z.array(
    z.strictObject({
      name: z.enum(CHECKS),
      state: z.enum(['waiting', 'passed', 'failed', 'not_possible']),
      detail: z.string(),
      at: DateSchema,
    }),
  ),
  canary: z.strictObject({ objectType: z.string(), id: z.string() }).nullable(),
  findings: FindingsSchema.nullable(),
  takeBacks: z.array(z.string()),
  reached: z.partialRecord(z.enum(CLOCKS), DateSchema),
  resumedBy: z.string().nullable(),
});

const RecordSchema = BodySchema.extend({
  id: z.string(),
  connection: z.string(),
  stage: z.enum(INCIDENT_STAGES),
  openedAt: TimeSchema,
  updatedAt: TimeSchema,
});

type Row = Selectable<Database['incidents']>;

const sealFor = ({ seal }: Reader, row: Omit<Row, 'body'>) =>
  rowSeal(seal, TABLE, row.id, [row.connection, row.stage, row.opened_at, row.updated_at]);

function toRow(unit: Unit, incident: IncidentRecord): Row {
  const { id, connection, stage, openedAt, updatedAt, ...body } = incident;
  const clear = {
    ...{ id, connection, stage },
    opened_at: openedAt.getTime(),
    updated_at: updatedAt.getTime(),
  };
  return { ...clear, body: sealFor(unit, clear).closeValue('body', body) };
}

function toRecord(reader: Reader, row: Row): IncidentRecord {
  const body = sealFor(reader, row).open('body', row.body) as object;
  return parseRow(RecordSchema, TABLE, row.id, {
    ...body,
    ...{ id: row.id, connection: row.connection, stage: row.stage },
    ...{ openedAt: row.opened_at, updatedAt: row.updated_at },
  });
}

export function createIncidentReads(reader: Reader): IncidentReads {
  const all = () => reader.db.selectFrom(TABLE).selectAll();
  return {
    async get(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && toRecord(reader, row);
    },
    async open(connection) {
      const row = await all()
        .where('connection', '=', connection)
        .where('stage', '<>', 'closed')
        .executeTakeFirst();
      return row && toRecord(reader, row);
    },
    underWay: () =>
      reader.db
        .selectFrom(TABLE)
        .select(['id', 'connection'])
        .where('stage', '<>', 'closed')
        .execute(),
    async list(limit) {
      const rows = await all()
        .orderBy('opened_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => toRecord(reader, row));
    },
  };
}

export function createIncidentWrites(unit: Unit): IncidentWrites {
  const reads = createIncidentReads(unit);
  return {
    ...reads,
    async insert(incident) {
      const { numInsertedOrUpdatedRows } = await unit.db
        .insertInto(TABLE)
        .values(toRow(unit, incident))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
    async update(id, change) {
      const before = await reads.get(id);
      const stage = change.stage ?? before?.stage;
      const isAllowed =
        before !== undefined &&
        stage !== undefined &&
        (stage === before.stage || mayMove(before.stage, stage));
      if (!isAllowed) {
        const cause = new Error(`incident ${id}: ${before?.stage ?? 'none'} to ${stage ?? 'none'}`);
        throw new GatewayError('internal.unexpected', { cause });
      }
      const after: IncidentRecord = { ...before, ...change, updatedAt: unit.now };
      await unit.db.updateTable(TABLE).set(toRow(unit, after)).where('id', '=', id).execute();
      return after;
    },
  };
}
