import { z } from 'zod';
import { visible } from '../core/card-text.ts';
import { AgentIdSchema, PersonIdSchema, TimestampSchema } from './ids.ts';
import { PersonViewSchema } from './roster-view.ts';
import { StepUpSchema } from './step-up.ts';

export const ROSTER_LIMITS = { nameMaxChars: 80, emailMaxChars: 256, namesMax: 20 } as const;

/** A name that reads the same for everyone: no control or direction characters, nothing around it. */
export const RosterNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(ROSTER_LIMITS.nameMaxChars)
  .refine((name) => visible(name) === name && !/\s/.test(name.replaceAll(' ', '')), {
    message: 'has characters that cannot be seen',
  });

const NamesSchema = z.array(RosterNameSchema).max(ROSTER_LIMITS.namesMax);

const agentFields = {
  name: RosterNameSchema.meta({ description: 'Shown on every card.' }),
  groups: NamesSchema.meta({ description: 'Groups of the policy.' }),
};
const rolesField = {
  roles: NamesSchema.min(1).meta({
    description: 'Roles that the policy asks for, and `operator`.',
  }),
};
const personFields = {
  name: RosterNameSchema,
  email: z.email().max(ROSTER_LIMITS.emailMaxChars).toLowerCase().meta({
    description: 'As agents name them in `user_id`: nobody decides on what they asked for.',
  }),
  ...rolesField,
};

/** Who comes or goes, or has other roles: what a passkey signs, and nothing besides. */
export const RosterChangeSchema = z
  .discriminatedUnion('change', [
    z.strictObject({ change: z.literal('add_agent'), ...agentFields }),
    z.strictObject({ change: z.literal('revoke_agent'), id: AgentIdSchema }),
    z.strictObject({ change: z.literal('add_person'), ...personFields }),
    z.strictObject({ change: z.literal('revoke_person'), id: PersonIdSchema }),
    z.strictObject({ change: z.literal('change_roles'), id: PersonIdSchema, ...rolesField }),
  ])
  .meta({ id: 'RosterChange' });
export type RosterChange = z.infer<typeof RosterChangeSchema>;

export const AddAgentBodySchema = z
  .strictObject({ ...agentFields, step_up: StepUpSchema })
  .meta({ id: 'AddAgentBody' });
export const AddPersonBodySchema = z
  .strictObject({ ...personFields, step_up: StepUpSchema })
  .meta({ id: 'AddPersonBody' });
export const ChangeRolesBodySchema = z
  .strictObject({ ...rolesField, step_up: StepUpSchema })
  .meta({ id: 'ChangeRolesBody' });
export const RevokeBodySchema = z
  .strictObject({ step_up: StepUpSchema })
  .meta({ id: 'RevokeBody' });

export const AddedAgentSchema = z
  .strictObject({
    id: AgentIdSchema,
    name: z.string(),
    groups: z.array(z.string()),
    key: z.string().meta({ description: 'In this answer and nowhere else.' }),
  })
  .meta({ id: 'AddedAgent' });
export type AddedAgent = z.infer<typeof AddedAgentSchema>;

export const AddedPersonSchema = z
  .strictObject({
    person: PersonViewSchema,
    enrolment: z.strictObject({
      link: z.string().meta({
        description:
          'Whoever opens it first becomes that person. In this answer and nowhere else; it works once.',
      }),
      expires_at: TimestampSchema,
    }),
  })
  .meta({ id: 'AddedPerson' });
export type AddedPerson = z.infer<typeof AddedPersonSchema>;
