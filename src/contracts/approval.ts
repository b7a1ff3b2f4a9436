import { z } from 'zod';
import { PROOFS } from '../core/proofs.ts';
import { REQUEST_STATUSES } from '../core/request-state.ts';
import { CardSchema } from './card.ts';
import { DamagedSchema } from './damaged.ts';
import { RequestIdSchema } from './ids.ts';

/** One decision on record: who, what, and how strongly proven. */
export const DecisionViewSchema = z.strictObject({
  person: z.string(),
  name: z.string().optional(),
  /** Who was away, and in whose place this was decided. */
  in_place_of: z.strictObject({ person: z.string(), name: z.string().optional() }).optional(),
  decision: z.enum(['approve', 'reject']),
  proof: z.enum(PROOFS),
  decided_at: z.string(),
  /** Of what nobody decided on the card, but had allowed ahead. */
  grant: z.strictObject({ id: z.string(), ends_at: z.string() }).optional(),
  /** Of a rejection. */
  reason: z.string().optional(),
});
export type DecisionView = z.infer<typeof DecisionViewSchema>;

/** Whether whoever asks may decide now, as policy stands; `code` says why not. */
const ReaderSchema = z.strictObject({
  can_decide: z.boolean(),
  code: z.string().optional(),
  /** Whose place it would be, where that is not the reader's own: id of a person. */
  in_place_of: z.string().optional(),
  /** By the dial for firms of one person, of who asked: from when on their approval counts, or how long after it. */
  own: z
    .union([
      z.strictObject({ counts_from: z.string() }),
      z.strictObject({ delay_seconds: z.number() }),
    ])
    .optional(),
});

const InItsPlaceSchema = z.strictObject({
  successor: RequestIdSchema,
  by: z.string(),
  name: z.string().optional(),
});

/** A write that people decide on: `GET /v1/approvals`. */
export const ApprovalSchema = z
  .strictObject({
    id: RequestIdSchema,
    status: z.enum(REQUEST_STATUSES),
    waiting_for: z
      .string()
      .optional()
      .meta({ description: 'The code of what keeps an approved write from going on.' }),
    asked_at: z.string(),
    /** When it came to its present state. */
    updated_at: z.string(),
    /** The code it ended with, of one that ended without success. */
    code: z.string().optional(),
    /** What exactly stood against it, such as the field that somebody else has changed. */
    detail: z.string().optional(),
    card: CardSchema,
    /** Whether a person may put other values in; `GET …/changes` says which. */
    can_change: z.boolean(),
    /** Of one that was changed: the request that takes its place, and who changed it. */
    changed: InItsPlaceSchema.optional(),
    /** Whether the reader may have a new card made of it: it was out of date, and has none. Refused where its agent has asked for the same again. */
    can_renew: z.boolean(),
    /** Of one that was out of date: the request with its new card, and who had it made. */
    renewed: InItsPlaceSchema.optional(),
    decisions: z.array(DecisionViewSchema),
    you: ReaderSchema,
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof ApprovalSchema>;

export const ApprovalPageSchema = z.strictObject({
  approvals: z.array(ApprovalSchema),
  damaged: DamagedSchema,
  next_after: RequestIdSchema.optional(),
});
export type ApprovalPage = z.infer<typeof ApprovalPageSchema>;
