import { z } from 'zod';

export const ACTION_REQUEST_LIMITS = {
  userIdMaxChars: 256,
  promptMaxChars: 16_000,
  bodyMaxBytes: 128 * 1024,
  bodyMaxDepth: 8,
  idempotencyKeyMaxChars: 200,
} as const;

/**
 * The envelope of `POST /v1/actions`. The inner `action` is only a named object here: its fields are
 * held against the action's own strict schema by the workflow's `validateAction`, so that every
 * refusal of an action is recorded in the same place.
 */
export const ActionRequestSchema = z
  .strictObject({
    user_id: z
      .string()
      .min(1)
      .max(ACTION_REQUEST_LIMITS.userIdMaxChars)
      .meta({ description: 'The human on whose behalf the agent acts, as the agent claims it.' }),
    agent_prompt: z.string().min(1).max(ACTION_REQUEST_LIMITS.promptMaxChars).meta({
      description:
        'What the human (or the text the agent read) asked for. Recorded, shown as untrusted.',
    }),
    action: z
      .looseObject({ action: z.string().min(1).max(64) })
      .meta({ description: 'One action of the catalogue; `GET /v1/tools` has the schemas.' }),
  })
  .meta({ id: 'ActionRequest' });

export type ActionRequest = z.infer<typeof ActionRequestSchema>;
