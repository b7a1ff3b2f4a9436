import { z } from 'zod';
import { REQUEST_STATUSES } from '../core/request-state.ts';
import { DECISION_LIMITS } from './decision.ts';
import { DigestSchema, RequestIdSchema } from './ids.ts';
import { AssertionSchema } from './passkey.ts';

export const CHANGE_LIMITS = { fieldsMax: 20, textMaxChars: 20_000 } as const;

/** Other values for fields of the action's input; `null` leaves a field out. */
export const ChangedValuesSchema = z
  .record(
    z.string().regex(/^[a-z][a-z_]{0,39}$/),
    z.union([z.string().max(CHANGE_LIMITS.textMaxChars), z.number(), z.null()]),
  )
  .refine((input) => Object.keys(input).length <= CHANGE_LIMITS.fieldsMax, {
    message: `has more than ${CHANGE_LIMITS.fieldsMax} fields`,
  });
export type ChangedValues = z.infer<typeof ChangedValuesSchema>;

/** What a passkey is asked to sign a change for. */
export const ChangeAskedSchema = z
  .strictObject({
    digest: DigestSchema.meta({ description: 'Of the card that the person saw.' }),
    input: ChangedValuesSchema.meta({
      description:
        'Fields of the action with their other values; null leaves one out. `GET` says which can be changed.',
    }),
  })
  .meta({ id: 'ChangeAsked' });

/** What a person sends to `POST /v1/approvals/{id}/changes`: other values, made on the card with this digest. */
export const ChangeBodySchema = ChangeAskedSchema.extend({
  reason: z
    .string()
    .max(DECISION_LIMITS.reasonMaxChars)
    .optional()
    .meta({ description: 'The agent reads it as the detail of the request that it asked for.' }),
  passkey: AssertionSchema.optional().meta({
    description:
      'What the passkey signed for `POST /v1/approvals/{id}/changes/passkey-options`: for this digest and these values alone.',
  }),
}).meta({ id: 'ChangeBody' });

/** One field of an action that may get another value, as a form shows it. */
export const ChangeableFieldSchema = z.strictObject({
  field: z.string(),
  label: z.string().meta({ description: 'As HubSpot calls it.' }),
  kind: z.enum(['line', 'text', 'number', 'time', 'choice']),
  choices: z.array(z.string()).optional(),
  is_required: z.boolean(),
  /** What the agent asked for; null where it left the field out. */
  asked: z.union([z.string(), z.number(), z.null()]),
});
export type ChangeableField = z.infer<typeof ChangeableFieldSchema>;

export const ChangeFormSchema = z
  .strictObject({ id: RequestIdSchema, fields: z.array(ChangeableFieldSchema) })
  .meta({ id: 'ChangeForm' });

/** The request that takes another's place. */
export const SuccessorSchema = z
  .strictObject({
    id: RequestIdSchema,
    status: z.enum(REQUEST_STATUSES),
    links: z.strictObject({ self: z.string(), request: z.string() }),
  })
  .meta({ id: 'Successor' });
export type Successor = z.infer<typeof SuccessorSchema>;

export const ChangeReplySchema = z
  .strictObject({
    id: RequestIdSchema,
    status: z.literal('changed'),
    successor: SuccessorSchema,
  })
  .meta({ id: 'ChangeReply' });

const NUMBER = /^-?\d{1,15}(?:\.\d{1,6})?$/;

/** What somebody typed for a field, as the API takes it: nothing leaves it out, and what is no number is said to be none there. */
export function typedValue(
  text: string,
  kind: ChangeableField['kind'] | undefined,
): string | number | null {
  const typed = text.trim();
  if (typed === '') return null;
  return kind === 'number' && NUMBER.test(typed) ? Number(typed) : text;
}
