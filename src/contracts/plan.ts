import { z } from 'zod';

/** The CRM object types an operation may touch. Merge, GDPR delete and schema writes have no name here. */
export const OBJECT_TYPES = [
  'contacts',
  'companies',
  'deals',
  'tickets',
  'notes',
  'tasks',
  'calls',
  'emails',
  'meetings',
] as const;
export const ObjectTypeSchema = z.enum(OBJECT_TYPES);
export type ObjectType = z.infer<typeof ObjectTypeSchema>;

/** `archive` and `dissociate` take back what was written; no agent can ask for them. */
export const OPERATION_KINDS = [
  'search',
  'read',
  'create',
  'update',
  'associate',
  'archive',
  'dissociate',
] as const;

/** Of one plan; a request of several writes has one operation for each. */
export const PLAN_LIMITS = {
  operationsMax: 8,
  targetsMax: 16,
  pathMaxChars: 500,
} as const;

/** One HubSpot call, exactly as it goes over the wire. `body` is the text that is sent, byte for byte. */
export const OperationSchema = z.strictObject({
  kind: z.enum(OPERATION_KINDS),
  object_type: ObjectTypeSchema,
  method: z.enum(['GET', 'POST', 'PATCH', 'PUT', 'DELETE']),
  path: z.string().startsWith('/').max(PLAN_LIMITS.pathMaxChars),
  query: z.record(z.string(), z.string()),
  body: z.string().nullable(),
});
export type Operation = z.infer<typeof OperationSchema>;

/** Whether HubSpot is asked to change something. */
export const isWrite = ({ kind }: Pick<Operation, 'kind'>): boolean =>
  kind !== 'search' && kind !== 'read';

export const RecordRefSchema = z.strictObject({ object_type: ObjectTypeSchema, id: z.string() });

export type RecordRef = z.infer<typeof RecordRefSchema>;

/** A record whose present values the card shows beside the new ones; read right before and compared at begin. */
export const TargetSchema = z.strictObject({
  object_type: ObjectTypeSchema,
  id: z.string(),
  /** HubSpot property names. */
  properties: z.array(z.string()),
  /** Whether it is associated with this record is read, shown and compared, too. */
  linked_to: z.array(RecordRefSchema).max(PLAN_LIMITS.operationsMax).optional(),
});
export type Target = z.infer<typeof TargetSchema>;

/** How a lost answer is settled by strongly consistent reads (never by search, which lags). */
export const WitnessSchema = z.discriminatedUnion('kind', [
  /** A created engagement: list the record's associations and look for the marker in `property`. */
  z.strictObject({
    kind: z.literal('association'),
    from: RecordRefSchema,
    to_type: ObjectTypeSchema,
    property: z.string(),
    marker: z.string(),
  }),
  /** A created record with a unique value: read it by that value. */
  z.strictObject({
    kind: z.literal('unique'),
    object_type: ObjectTypeSchema,
    id_property: z.string(),
    value: z.string(),
    properties: z.record(z.string(), z.string()),
  }),
  /** An association: list what the first record is associated with and look for the second one. */
  z.strictObject({ kind: z.literal('linked'), from: RecordRefSchema, to: RecordRefSchema }),
  /** An update: read the record back. */
  z.strictObject({
    kind: z.literal('read_back'),
    object_type: ObjectTypeSchema,
    id: z.string(),
    properties: z.record(z.string(), z.string()),
  }),
  /** An archive: the record is not read as it was, and is read as an archived one. */
  z.strictObject({ kind: z.literal('archived'), object_type: ObjectTypeSchema, id: z.string() }),
  /** The end of an association: list what the first record is associated with. */
  z.strictObject({ kind: z.literal('unlinked'), from: RecordRefSchema, to: RecordRefSchema }),
]);
export type Witness = z.infer<typeof WitnessSchema>;

/** What must stand in a record when this step is shown and when it begins, or nothing is sent. */
export const ExpectedSchema = z.strictObject({
  object_type: ObjectTypeSchema,
  id: z.string(),
  properties: z.record(z.string(), z.string()),
});
export type Expected = z.infer<typeof ExpectedSchema>;

/** The frozen plan: made once at validation, never rebuilt. Its digest is what is shown, approved, logged and sent. */
export const PlanSchema = z.strictObject({
  action: z.string(),
  operations: z.array(OperationSchema).min(1).max(PLAN_LIMITS.operationsMax),
  targets: z.array(TargetSchema).max(PLAN_LIMITS.targetsMax),
  /**
   * Of a write: for each operation the action that asks for it and how its lost answer is settled.
   * Executed in this order, each with its own intent and outcome. Empty for a read. `expects`: law 12,
   * in the bytes that are approved.
   */
  steps: z
    .array(
      z.strictObject({
        action: z.string(),
        witness: WitnessSchema,
        expects: ExpectedSchema.optional(),
      }),
    )
    .max(PLAN_LIMITS.operationsMax),
  /** The fields (in the action's own words) that the answer may hold. */
  fields: z.array(z.string()),
});
export type Plan = z.infer<typeof PlanSchema>;
