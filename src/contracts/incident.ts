import { z } from 'zod';
import { CHECKS, CLOCKS, INCIDENT_STAGES } from '../core/incident.ts';
import { IncidentIdSchema, RequestIdSchema, TimestampSchema } from './ids.ts';
import { StepUpSchema } from './step-up.ts';

export const INCIDENT_LIMITS = {
  reasonMaxChars: 500,
  keyMinChars: 8,
  keyMaxChars: 1_000,
} as const;

const ReasonSchema = z.string().min(1).max(INCIDENT_LIMITS.reasonMaxChars);

const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const ChecklistSchema = Sha256Schema.meta({
  description: 'Names the incident as it is shown: another one once anything of it has changed.',
});

/** What a person says of an incident, as their passkey signs it: the new key by its SHA-256, never itself. */
export const IncidentStepSchema = z
  .discriminatedUnion('step', [
    z.strictObject({ step: z.literal('supply_key'), key_sha256: Sha256Schema }),
    z.strictObject({ step: z.literal('false_alarm'), reason: ReasonSchema }),
    z.strictObject({ step: z.literal('resume'), checklist: ChecklistSchema }),
  ])
  .meta({ id: 'IncidentStep' });
export type IncidentStep = z.infer<typeof IncidentStepSchema>;

/** Left out by a key alone, which takes these steps for a person who has no passkey. */
const signedFields = { step_up: StepUpSchema.optional() };

/** `POST /v1/incidents`. */
export const IncidentBodySchema = z
  .strictObject({
    reason: ReasonSchema,
    since: TimestampSchema.optional().meta({
      description: 'From when on changes are looked at; a day back by default.',
    }),
  })
  .meta({ id: 'IncidentBody' });

/** The signal `open_incident` as it arrives from the Temporal UI or CLI. `code` is the person's TOTP. */
export const OpenIncidentSignalSchema = z.strictObject({
  person: z.string().max(200),
  code: z.string().regex(/^\d{6}$/),
  reason: ReasonSchema.optional(),
});

/** `POST /v1/incidents/{id}/key`: the new HubSpot key. A blank or a line break is a paste gone wrong. */
export const IncidentKeyBodySchema = z
  .strictObject({
    key: z
      .string()
      .min(INCIDENT_LIMITS.keyMinChars)
      .max(INCIDENT_LIMITS.keyMaxChars)
      .regex(/^[\x21-\x7e]+$/, { error: 'blanks or line breaks in it: copy it again' }),
    ...signedFields,
  })
  .meta({ id: 'IncidentKeyBody' });

export const FalseAlarmBodySchema = z
  .strictObject({ reason: ReasonSchema, ...signedFields })
  .meta({ id: 'FalseAlarmBody' });

/** `checklist`: what the person looked at; whoever signs says it. */
export const ResumeBodySchema = z
  .strictObject({ checklist: ChecklistSchema.optional(), ...signedFields })
  .meta({ id: 'ResumeBody' });

const CheckSchema = z.strictObject({
  name: z.enum(CHECKS),
  title: z.string(),
  state: z.enum(['waiting', 'passed', 'failed', 'not_possible']),
  detail: z.string(),
  at: TimestampSchema,
});

const ValueSchema = z.strictObject({
  /** As HubSpot calls the field; its inner name where we have no other. */
  label: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

/** A change in HubSpot under our own app that the write ledger does not have. */
const RogueSchema = z.strictObject({
  kind: z.enum(['changed', 'created', 'archived']),
  object_type: z.string(),
  object_id: z.string(),
  record_name: z.string(),
  at: TimestampSchema,
  properties: z.record(z.string(), ValueSchema),
});

const ExposureSchema = z.strictObject({
  agent_id: z.string(),
  action: z.string(),
  reads: z.int(),
  fields: z.array(z.string()),
  records: z.array(z.string()),
  records_total: z.int(),
});

export const IncidentSchema = z
  .strictObject({
    id: IncidentIdSchema,
    connection: z.string(),
    portal_id: z.int().nullable(),
    stage: z.enum(INCIDENT_STAGES),
    reason: z.string(),
    opened_by: z.string(),
    not_by: z.string().nullable().meta({
      description:
        'The person who may not resume it: who contained it, or said what becomes of the key.',
    }),
    opened_at: TimestampSchema,
    rule: z.string().nullable(),
    since: TimestampSchema,
    freeze: z.string(),
    is_false_alarm: z.boolean(),
    /** Of the person's step, while it is theirs. */
    steps: z.array(z.string()),
    evidence: z
      .strictObject({
        log_size: z.int(),
        log_root_prefix: z.string(),
        counters: z.strictObject({
          agents: z.array(
            z.strictObject({ agent_id: z.string(), last_hour: z.int(), last_day: z.int() }),
          ),
          alerts_last_day: z.int(),
        }),
        begun: z.array(RequestIdSchema),
        cancelled: z.array(RequestIdSchema),
      })
      .nullable(),
    is_new_key_stored: z.boolean(),
    checks: z.array(CheckSchema),
    findings: z
      .strictObject({
        from: TimestampSchema,
        to: TimestampSchema,
        rogue: z.array(RogueSchema),
        exposures: z.array(ExposureSchema),
        unread: z.array(z.string()),
        left_alone: z.array(z.string()),
      })
      .nullable(),
    take_backs: z.array(RequestIdSchema),
    /** Milliseconds from the opening to each step's end; only those that have ended. */
    clocks_ms: z.partialRecord(z.enum(CLOCKS), z.int()),
    resumed_by: z.string().nullable(),
    checklist: ChecklistSchema,
    updated_at: TimestampSchema,
  })
  .meta({ id: 'Incident' });
export type IncidentView = z.infer<typeof IncidentSchema>;
