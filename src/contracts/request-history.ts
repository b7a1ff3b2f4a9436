import { z } from 'zod';
import { REQUEST_STATUSES } from '../core/request-state.ts';
import { DecisionViewSchema } from './approval.ts';
import { AuditEntrySchema } from './audit-entry.ts';
import { CardSchema } from './card.ts';
import { DamagedSchema } from './damaged.ts';
import { DigestSchema, RequestIdSchema, TimestampSchema } from './ids.ts';

/** A request as people see it in the history. */
export const RequestSummarySchema = z
  .strictObject({
    id: RequestIdSchema,
    status: z.enum(REQUEST_STATUSES),
    action: z.string(),
    risk: z.enum(['read', 'write', 'destructive']),
    /** Of the card; null for what nobody was asked about. */
    sentence: z.string().nullable(),
    agent: z.strictObject({ id: z.string(), name: z.string() }),
    /** On whose behalf, as the agent claims. */
    user_id: z.string(),
    created_at: TimestampSchema,
    updated_at: TimestampSchema,
    code: z.string().nullable(),
  })
  .meta({ id: 'RequestSummary' });
export type RequestSummary = z.infer<typeof RequestSummarySchema>;

export const RequestHistorySchema = z.strictObject({
  requests: z.array(RequestSummarySchema),
  damaged: DamagedSchema,
  /** Go on here; absent at the end of what is looked through. */
  next_before: RequestIdSchema.optional(),
  /** How many of the newest were looked through for these. */
  looked_through: z.int().min(0),
});
export type RequestHistory = z.infer<typeof RequestHistorySchema>;

/** How much was asked for since a moment, and what became of it: for people to look at. */
export const RequestCountsSchema = z
  .strictObject({
    since: TimestampSchema,
    read: z.int().min(0).meta({ description: 'Reads that were answered.' }),
    approved: z
      .int()
      .min(0)
      .meta({ description: 'Writes that were approved, and were sent or wait to be.' }),
    rejected: z.int().min(0),
    refused: z.int().min(0).meta({ description: 'Refused by policy.' }),
  })
  .meta({ id: 'RequestCounts' });
export type RequestCounts = z.infer<typeof RequestCountsSchema>;

/** One entry of the log about this request; what is personal in it is left out. */
export const TimeLineEntrySchema = AuditEntrySchema.pick({
  index: true,
  timestamp: true,
  event: true,
  actor: true,
  code: true,
  digest: true,
  hubspot_endpoint: true,
  response_status: true,
  facts: true,
});
export type TimeLineEntry = z.infer<typeof TimeLineEntrySchema>;

/** That a person ended the not knowing about a write whose answer was lost. */
export const SettlementViewSchema = z.strictObject({
  /** Of its entry in the log. */
  index: z.int().min(0),
  person: z.string(),
  name: z.string().optional(),
  outcome: z.enum(['executed', 'not_executed']),
  settled_at: TimestampSchema,
  /** What they saw in HubSpot; absent where it was erased. */
  reason: z.string().optional(),
});
export type SettlementView = z.infer<typeof SettlementViewSchema>;

export const RequestDetailSchema = RequestSummarySchema.extend({
  prompt: z.string(),
  digest: DigestSchema.nullable(),
  detail: z.string().nullable(),
  card: CardSchema.nullable(),
  /** Of one that a person changed: the request that takes its place. */
  successor: RequestIdSchema.optional(),
  decisions: z.array(DecisionViewSchema),
  settlements: z.array(SettlementViewSchema),
  time_line: z.array(TimeLineEntrySchema),
}).meta({ id: 'RequestDetail' });
export type RequestDetail = z.infer<typeof RequestDetailSchema>;

/** That an entry is in the signed log: `GET /v1/audit/{index}/proof`. */
export const EntryProofSchema = z
  .strictObject({
    index: z.int().min(0),
    /** The entry's own bytes, in base64. */
    leaf: z.string(),
    /** C2SP tlog-proof, with the signed checkpoint it leads to. */
    proof: z.string(),
    /** The log's public key in the note format. */
    vkey: z.string(),
  })
  .meta({ id: 'EntryProof' });
