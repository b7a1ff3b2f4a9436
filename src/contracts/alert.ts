import { z } from 'zod';
import {
  ALERT_RULES,
  type AlertRule,
  type AlertResponse,
  RESPONSES,
} from '../core/detection-rules.ts';
import { AgentIdSchema, FreezeIdSchema, IncidentIdSchema, TimestampSchema } from './ids.ts';

const RuleSchema = z.enum(ALERT_RULES as [AlertRule, ...AlertRule[]]);
const ResponseSchema = z.enum(Object.keys(RESPONSES) as [AlertResponse, ...AlertResponse[]]);

/** The facts of `alert.raised`, as the log has them. Nothing in it is personal. */
export const AlertFactsSchema = z.strictObject({
  rule: RuleSchema,
  person: z.string().nullable(),
  /** What counted in the window when it was too much. */
  count: z.int(),
  window_ms: z.int(),
  /** Of the entry that made it too much. */
  at: TimestampSchema,
  /** Indexes in the log, the newest; of `entries_unlooked` the first and the last. */
  entries: z.array(z.int()),
  requests: z.array(z.string()),
  response: ResponseSchema,
  freeze: FreezeIdSchema.nullable(),
  incident: IncidentIdSchema.nullable(),
  /** It was found so late that people are only told. */
  late: z.boolean(),
  /** Why what should have been done was not: a code of `docs/errors.md`. */
  failed_with: z.string().nullable(),
});
export type AlertFacts = z.infer<typeof AlertFactsSchema>;

/** An episode: the same rule tells again of the same agent only after it was quiet for its whole window. */
export const AlertSchema = z
  .strictObject({
    /** Its own entry in the log. */
    index: z.int().min(0),
    raised_at: TimestampSchema,
    title: z.string(),
    agent_id: AgentIdSchema.nullable(),
    ...AlertFactsSchema.shape,
  })
  .meta({ id: 'Alert' });
export type AlertView = z.infer<typeof AlertSchema>;

/** `GET /v1/alerts`. */
export const AlertListSchema = z
  .strictObject({ alerts: z.array(AlertSchema), next_before: z.int().optional() })
  .meta({ id: 'AlertList' });
