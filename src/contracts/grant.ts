import { z } from 'zod';
import { GRANT_END_NAMES, GRANT_LIMITS } from '../core/grants.ts';
import { DamagedSchema } from './damaged.ts';
import { ActionNameSchema, AgentIdSchema, GrantIdSchema, TimestampSchema } from './ids.ts';

/** `POST /v1/grants`. Who allows it comes from the credential. */
export const GrantBodySchema = z
  .strictObject({
    agent: AgentIdSchema,
    action: ActionNameSchema.meta({
      description: 'One ordinary write, such as `create_note`.',
    }),
    hours: z.int().min(1).max(GRANT_LIMITS.hoursMax),
    max_uses: z.int().min(1).max(GRANT_LIMITS.usesMax).default(GRANT_LIMITS.usesDefault),
  })
  .meta({ id: 'GrantBody' });

/** What a person has allowed ahead of one agent and one action. */
export const StandingGrantSchema = z
  .strictObject({
    id: GrantIdSchema,
    agent: z.strictObject({ id: z.string(), name: z.string() }),
    action: z.string(),
    /** Who allowed it, and in whose name it approves. */
    person: z.strictObject({ id: z.string(), name: z.string() }),
    given_at: TimestampSchema,
    ends_at: TimestampSchema,
    max_uses: z.int(),
    uses: z.int(),
    ended_at: TimestampSchema.nullable(),
    ended_by: z.enum(GRANT_END_NAMES).nullable(),
  })
  .meta({ id: 'StandingGrant' });
export type StandingGrant = z.infer<typeof StandingGrantSchema>;

export const GrantListSchema = z.strictObject({
  grants: z.array(StandingGrantSchema),
  damaged: DamagedSchema,
});
export type GrantList = z.infer<typeof GrantListSchema>;
