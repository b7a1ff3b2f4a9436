import { z } from 'zod';
import { AbsenceSchema } from './absence.ts';
import { RequirementSchema } from './card.ts';
import { DamagedSchema } from './damaged.ts';
import { FreezeSchema } from './freeze.ts';
import { TimestampSchema } from './ids.ts';

/** A person as colleagues see them: no key, no proof of identity. */
export const PersonViewSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    roles: z.array(z.string()),
    created_at: TimestampSchema,
    revoked_at: TimestampSchema.nullable(),
    /** Now or later, none that is over; in `GET /v1/people` alone. */
    absences: z.array(AbsenceSchema).optional(),
  })
  .meta({ id: 'Person' });
export type PersonView = z.infer<typeof PersonViewSchema>;

/** How somebody has decided in the last thirty days, the newest of it. */
export const HabitSchema = z
  .strictObject({
    person: z.string(),
    decisions: z.int().min(1),
    approved: z.int().min(0),
    /** Half of them took at most so long: since the card was opened, it was asked for, or the decision before. */
    median_seconds: z.number().min(0),
    /** Nearly all of them a yes, and mostly faster than a card can be read. */
    is_rubber_stamp: z.boolean(),
  })
  .meta({ id: 'Habit' });
export type HabitView = z.infer<typeof HabitSchema>;

export const HabitListSchema = z.strictObject({
  habits: z.array(HabitSchema),
  damaged: DamagedSchema,
});

/** What something takes; null is "refused whoever approves". */
const NeedsSchema = RequirementSchema.nullable();

const ChangeSchema = z.strictObject({
  of: z.enum(['amount', 'injectionRisk']),
  /** From this number on it takes something else. */
  from: z.number(),
  needs: NeedsSchema,
});

/** Fields of one action that take the same, found by asking policy. */
export const GrantViewSchema = z
  .strictObject({
    action: z.string(),
    risk: z.enum(['read', 'write', 'destructive']),
    fields: z.array(z.string()),
    /** Of the fields, in their order, as HubSpot calls them. */
    labels: z.array(z.string()),
    needs: NeedsSchema,
    changes: z.array(ChangeSchema),
  })
  .meta({ id: 'Grant' });
export type GrantView = z.infer<typeof GrantViewSchema>;

export const AgentViewSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    groups: z.array(z.string()),
    is_own: z.boolean().meta({ description: 'The gateway’s own: it takes writes back.' }),
    created_at: TimestampSchema,
    revoked_at: TimestampSchema.nullable(),
    requests_30_days: z.int().min(0),
    requests_today: z
      .int()
      .min(0)
      .meta({ description: 'Since `since`, or the last midnight in UTC.' }),
    last_request_at: TimestampSchema.nullable().meta({ description: 'Null: it never asked.' }),
    waiting: z.int().min(0).meta({ description: 'Writes that wait for people, or are about to.' }),
    freeze: FreezeSchema.nullable(),
    grants: z.array(GrantViewSchema),
  })
  .meta({ id: 'Agent' });
export type AgentView = z.infer<typeof AgentViewSchema>;

export const AgentListSchema = z.strictObject({
  agents: z.array(AgentViewSchema),
  damaged: DamagedSchema,
});
export type AgentList = z.infer<typeof AgentListSchema>;
export const PersonListSchema = z.strictObject({
  people: z.array(PersonViewSchema),
  damaged: DamagedSchema,
});
