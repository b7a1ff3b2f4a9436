import { z } from 'zod';
import { TOGETHER_LIMITS } from '../core/together.ts';
import { ApprovalSchema } from './approval.ts';
import { DECISION_LIMITS } from './decision.ts';
import { DamagedSchema } from './damaged.ts';
import { ActionNameSchema, AgentIdSchema, DigestSchema, RequestIdSchema } from './ids.ts';
import { AssertionSchema } from './passkey.ts';

const ItemsSchema = z
  .array(z.strictObject({ id: RequestIdSchema, digest: DigestSchema }))
  .min(1)
  .max(TOGETHER_LIMITS.itemsMax)
  .refine((items) => new Set(items.map(({ id }) => id)).size === items.length, {
    message: 'each request once',
  })
  .meta({ description: 'Each with the digest of the card that was shown.' });

const LookedAtSchema = z.array(RequestIdSchema).max(TOGETHER_LIMITS.itemsMax).meta({
  description:
    'Those of `sample` that were looked at one by one, also those that were left out then.',
});

/** What makes writes alike. */
export const AlikeSchema = z.object({ agent: AgentIdSchema, action: ActionNameSchema });
export type Alike = z.infer<typeof AlikeSchema>;

/** What waits for the reader of one agent and one action, and may be decided together. */
export const ApprovalGroupSchema = z
  .strictObject({
    agent: z.string(),
    action: z.string(),
    approvals: z.array(ApprovalSchema),
    /** Drawn by the gateway: these are looked at one by one. */
    sample: z.array(RequestIdSchema),
    /** Whether more of the kind wait than are shown at once. */
    more: z.boolean(),
    damaged: DamagedSchema,
  })
  .meta({ id: 'ApprovalGroup' });
export type ApprovalGroup = z.infer<typeof ApprovalGroupSchema>;

export const TogetherAskedSchema = z
  .strictObject({ items: ItemsSchema, looked_at: LookedAtSchema })
  .meta({ id: 'TogetherAsked' });

export const TogetherBodySchema = z
  .discriminatedUnion('decision', [
    z.strictObject({
      decision: z.literal('approve'),
      items: ItemsSchema,
      looked_at: LookedAtSchema,
      passkey: AssertionSchema,
    }),
    z.strictObject({
      decision: z.literal('reject'),
      items: ItemsSchema,
      reason: z.string().min(1).max(DECISION_LIMITS.reasonMaxChars),
    }),
  ])
  .meta({ id: 'TogetherBody' });

/** What became of each. */
export const TogetherReplySchema = z
  .strictObject({
    results: z.array(
      z.strictObject({
        id: RequestIdSchema,
        status: z.enum(['approved', 'rejected', 'awaiting_approval']).optional(),
        /** Why it does not count. */
        code: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'TogetherReply' });
