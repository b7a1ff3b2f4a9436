import { z } from 'zod';
import { DigestSchema, RequestIdSchema, TimestampSchema } from './ids.ts';
import { ObjectTypeSchema } from './plan.ts';

/**
 * One line of the card: what a field holds now and what it would hold. `before` is null when there is no record yet.
 * The values are as HubSpot keeps and gets them; the names are what people read there, absent where that is the value
 * itself.
 */
export const CardChangeSchema = z.strictObject({
  label: z.string(),
  property: z.string(),
  before: z.string().nullable(),
  after: z.string(),
  before_name: z.string().optional(),
  after_name: z.string().optional(),
  /** Why a value stands without a name that it should have: a whole sentence. */
  remark: z.string().optional(),
});
export type CardChange = z.infer<typeof CardChangeSchema>;

/** The record a change lands on, by HubSpot id and by the name a person knows. */
export const CardRecordSchema = z.strictObject({
  object_type: z.string(),
  id: z.string().nullable(),
  name: z.string(),
  /** Where HubSpot shows the record; absent where the account is not known or the type has no page. */
  url: z.string().startsWith('https://app.hubspot.com/').optional(),
});
export type CardRecord = z.infer<typeof CardRecordSchema>;

/** What policy asks for before this write may run. */
export const RequirementSchema = z
  .strictObject({
    approvals: z.int().min(0),
    /** Whether approvals count towards this only when given with a passkey. */
    passkey: z.boolean(),
    /** Roles of which an approver needs one; empty = policy names no role. */
    roles: z.array(z.string()),
    /** The deciding policies, in their own words. */
    reasons: z.array(z.string()),
  })
  .meta({ id: 'Requirement' });
export type Requirement = z.infer<typeof RequirementSchema>;

/** A record as it was read, before a write. */
export const SeenRecordSchema = z.strictObject({
  object_type: ObjectTypeSchema,
  id: z.string(),
  properties: z.record(z.string(), z.string().nullable()),
  /** HubSpot's own time of the record's last change, at that read. */
  updated_at: z.string().optional(),
});
export type SeenRecord = z.infer<typeof SeenRecordSchema>;

/** What can be taken back once it is sent, and what cannot: whole sentences. */
export const CardEffectsSchema = z.strictObject({ undo: z.string(), remains: z.string() });
export type CardEffects = z.infer<typeof CardEffectsSchema>;

/** Whose values these are, where a person put others in than the agent asked for. */
export const CardChangedSchema = z.strictObject({
  /** The request that was changed. */
  from: RequestIdSchema,
  by: z.strictObject({ id: z.string(), name: z.string() }),
  /** The labels of the fields that hold other values. */
  fields: z.array(z.string()),
});
export type CardChanged = z.infer<typeof CardChangedSchema>;

/** What an approver sees. Built from the plan and the records' present values; only `prompt` and `user_id` are the agent's words. */
export const CardSchema = z
  .strictObject({
    request_id: RequestIdSchema,
    digest: DigestSchema,
    action: z.string(),
    sentence: z.string(),
    risk: z.enum(['read', 'write', 'destructive']),
    connection: z.string(),
    agent: z.strictObject({ id: z.string(), name: z.string() }),
    records: z.array(CardRecordSchema),
    changes: z.array(CardChangeSchema),
    /** The records as they were read for this card: a change since then makes the approval stale. */
    seen: z.array(SeenRecordSchema),
    /** Said by the agent, not checked, not to be trusted. */
    claimed: z.strictObject({ user_id: z.string(), prompt: z.string() }),
    /** What in the agent's words reads like an attempt to mislead: hints, never proof. */
    signals: z.array(z.string()).optional(),
    effects: CardEffectsSchema.optional(),
    changed: CardChangedSchema.optional(),
    requires: RequirementSchema,
    expires_at: TimestampSchema,
    /** The log when the card was made: approvers' memory of it is a witness. */
    log: z.strictObject({ size: z.int().min(0), root_prefix: z.string() }),
  })
  .meta({ id: 'Card' });
export type Card = z.infer<typeof CardSchema>;
