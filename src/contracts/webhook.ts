import { z } from 'zod';
import { NOTICE_KINDS, type NoticeKind } from '../core/notices.ts';
import { PROOFS } from '../core/proofs.ts';
import { REQUEST_STATUSES } from '../core/request-state.ts';
import { CardSchema } from './card.ts';
import { DECISION_LIMITS } from './decision.ts';
import { DigestSchema, RequestIdSchema, TimestampSchema } from './ids.ts';

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
} as const satisfies Record<NoticeKind, string>;

const typeMeaning = (Object.keys(WEBHOOK_TYPES) as NoticeKind[])
  .map((kind) => `\`${WEBHOOK_TYPES[kind]}\`: ${NOTICE_KINDS[kind]}`)
  .join(' ');

/**
 * What a configured address is sent, signed as Standard Webhooks has it. Texts are as people are shown
 * them: whole, characters that nobody sees spelled out (`<U+202E>`).
 */
export const WebhookEventSchema = z
  .strictObject({
    type: z.enum(Object.values(WEBHOOK_TYPES)).meta({ description: typeMeaning }),
    timestamp: TimestampSchema,
    data: z.strictObject({
      request_id: RequestIdSchema,
      status: z.enum(REQUEST_STATUSES),
      state: z.string().meta({ description: 'The same for people, in the words of the console.' }),
      code: z.string().nullable(),
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
