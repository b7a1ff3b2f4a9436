import { z } from 'zod';
import { CLOCKS, INCIDENT_STAGES } from '../core/incident.ts';
import { ALARM_KINDS, type AlarmKind, REQUEST_KINDS, type RequestKind } from '../core/notices.ts';
import { PROOFS } from '../core/proofs.ts';
import { REQUEST_STATUSES } from '../core/request-state.ts';
import { AlertSchema } from './alert.ts';
import { CardSchema } from './card.ts';
import { DECISION_LIMITS } from './decision.ts';
import { DigestSchema, IncidentIdSchema, RequestIdSchema, TimestampSchema } from './ids.ts';

/** What another system is told of, by what it is about. */
export const WEBHOOK_TYPES = {
  asked: 'approval.requested',
  reminded: 'approval.reminded',
  decided: 'approval.decided',
  expired: 'approval.expired',
  withdrawn: 'approval.withdrawn',
  changed: 'approval.changed',
  stale: 'approval.stale',
  settled: 'approval.settled',
} as const satisfies Record<RequestKind, string>;

export const ALARM_TYPES = {
  alerted: 'alert.raised',
  incident_opened: 'incident.opened',
  incident_step: 'incident.step',
  incident_reminded: 'incident.reminded',
  incident_closed: 'incident.closed',
} as const satisfies Record<AlarmKind, string>;

const meaningOf = (types: Record<string, string>, kinds: Record<string, string>): string =>
  Object.entries(types)
    .map(([kind, type]) => `\`${type}\`: ${kinds[kind] ?? ''}`)
    .join(' ');

const ApprovalEventSchema = z
  .strictObject({
    type: z
      .enum(Object.values(WEBHOOK_TYPES))
      .meta({ description: meaningOf(WEBHOOK_TYPES, REQUEST_KINDS) }),
    timestamp: TimestampSchema,
    data: z.strictObject({
      request_id: RequestIdSchema,
      status: z.enum(REQUEST_STATUSES),
      state: z.string().meta({ description: 'The same for people, in the words of the console.' }),
      code: z.string().nullable(),
      detail: z
        .string()
        .optional()
        .meta({ description: 'Of what went out of date: the field that somebody has changed.' }),
      link: z.string().meta({ description: 'Where the console shows it.' }),
      card: CardSchema.omit({ seen: true })
        .meta({ id: 'ToldCard' })
        .nullable()
        .meta({ description: 'Null when the stored request does not open: somebody changed it.' }),
      successor: RequestIdSchema.optional().meta({
        description: 'Of one that a person changed: the request that takes its place.',
      }),
      decisions: z.array(
        z.strictObject({
          person: z.string(),
          decision: z.enum(['approve', 'reject']),
          proof: z.enum(PROOFS),
          decided_at: TimestampSchema,
        }),
      ),
    }),
  })
  .meta({ id: 'ApprovalEvent' });
export type ApprovalEvent = z.infer<typeof ApprovalEventSchema>;

const { alerted, ...INCIDENT_TYPES } = ALARM_TYPES;

const AlertEventSchema = z
  .strictObject({
    type: z.literal(alerted),
    timestamp: TimestampSchema,
    data: z.strictObject({
      index: z.int().min(0).meta({ description: 'Its entry in the log.' }),
      alert: AlertSchema.nullable().meta({
        description: 'Null when the entry does not open: somebody changed it.',
      }),
      link: z.string(),
    }),
  })
  .meta({ id: 'AlertEvent' });

const ToldIncidentSchema = z
  .strictObject({
    id: IncidentIdSchema,
    stage: z.enum(INCIDENT_STAGES).nullable().meta({
      description: 'Null when its row does not open: somebody changed it.',
    }),
    connection: z.string().nullable(),
    opened_by: z.string().nullable(),
    opened_at: TimestampSchema.nullable(),
    rule: z.string().nullable(),
    reason: z.string().nullable(),
    needs: z
      .array(z.string())
      .meta({ description: 'What only a person can do now, in its lines.' }),
    is_false_alarm: z.boolean(),
    resumed_by: z.string().nullable(),
    clocks_ms: z.partialRecord(z.enum(CLOCKS), z.int()),
  })
  .meta({ id: 'ToldIncident' });
export type ToldIncident = z.infer<typeof ToldIncidentSchema>;

const IncidentEventSchema = z
  .strictObject({
    type: z
      .enum(Object.values(INCIDENT_TYPES))
      .meta({ description: meaningOf(INCIDENT_TYPES, ALARM_KINDS) }),
    timestamp: TimestampSchema,
    data: z.strictObject({ incident: ToldIncidentSchema, link: z.string() }),
  })
  .meta({ id: 'IncidentEvent' });

/**
 * What a configured address is sent, signed as Standard Webhooks has it. Texts are as people are shown
 * them: whole, characters that nobody sees spelled out (`<U+202E>`).
 */
export const WebhookEventSchema = z
  .discriminatedUnion('type', [ApprovalEventSchema, AlertEventSchema, IncidentEventSchema])
  .meta({ id: 'WebhookEvent' });
export type WebhookEvent = z.infer<typeof WebhookEventSchema>;

/**
 * What a person's own system sends. Who decides comes from the signature, what is decided from the
 * record; `digest` is the one of the card that the person saw.
 */
export const WebhookDecisionSchema = z
  .strictObject({
    id: RequestIdSchema,
    digest: DigestSchema,
    decision: z.enum(['approve', 'reject']),
    reason: z.string().max(DECISION_LIMITS.reasonMaxChars).optional(),
  })
  .meta({ id: 'WebhookDecision' });
export type WebhookDecision = z.infer<typeof WebhookDecisionSchema>;
