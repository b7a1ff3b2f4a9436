import { z } from 'zod';
import { AgentIdSchema, FreezeIdSchema, TimestampSchema } from './ids.ts';

export const FREEZE_LIMITS = { reasonMaxChars: 500 } as const;

/** `POST /v1/freezes`. Without `connection` and `agent` the gateway's own connection is meant. */
export const FreezeBodySchema = z
  .strictObject({
    connection: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .optional(),
    agent: AgentIdSchema.optional(),
    reason: z.string().min(1).max(FREEZE_LIMITS.reasonMaxChars),
  })
  .refine(({ connection, agent }) => connection === undefined || agent === undefined, {
    error: 'either connection or agent, not both',
  })
  .meta({ id: 'FreezeBody' });

export const FreezeSchema = z
  .strictObject({
    id: FreezeIdSchema,
    target: z.strictObject({ kind: z.enum(['connection', 'agent']), id: z.string() }),
    reason: z.string().max(FREEZE_LIMITS.reasonMaxChars),
    placed_by: z.string(),
    placed_at: TimestampSchema,
    lifted_at: TimestampSchema.nullable(),
  })
  .meta({ id: 'Freeze' });
export type Freeze = z.infer<typeof FreezeSchema>;
