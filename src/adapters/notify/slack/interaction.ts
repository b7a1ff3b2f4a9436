import { z } from 'zod';
import { DECISION_LIMITS } from '../../../contracts/decision.ts';
import { DigestSchema, RequestIdSchema } from '../../../contracts/ids.ts';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { Interaction, Pressed } from '../../../ports/chat-door.ts';
import { ACTION_IDS } from './card-blocks.ts';

export const REJECT_MODAL = { callback: 'reject', block: 'reason', action: 'reason' } as const;

/** `act_… <digest>`: what is decided on, and nothing of what is decided about it. */
const ValueSchema = z
  .string()
  .transform((value) => value.split(' '))
  .pipe(z.tuple([RequestIdSchema, DigestSchema]));

const UserSchema = z.object({ id: z.string().regex(/^[UW][A-Z0-9]{2,20}$/) });

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
const ActionsSchema = z.object({
  type: z.literal('block_actions'),
  user: UserSchema,
  channel: z.object({ id: z.string() }),
  trigger_id: z.string().min(1),
  actions: z.tuple([z.object({ action_id: z.string(), value: z.string().optional() })]).readonly(),
});

/** https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload */
const SubmissionSchema = z.object({
  type: z.literal('view_submission'),
  user: UserSchema,
  view: z.object({
    callback_id: z.literal(REJECT_MODAL.callback),
    private_metadata: z.string(),
    state: z.object({
      values: z.object({
        [REJECT_MODAL.block]: z.object({
          [REJECT_MODAL.action]: z.object({
            value: z.string().trim().min(1).max(DECISION_LIMITS.reasonMaxChars),
          }),
        }),
      }),
    }),
  }),
});

const PayloadSchema = z.union([ActionsSchema, SubmissionSchema]);

const pressed = (user: string, value: string): Pressed => {
  const [requestId, digest] = ValueSchema.parse(value);
  return { user, requestId, digest };
};

function fromActions(
  payload: z.infer<typeof ActionsSchema>,
  channels: readonly string[],
): Interaction {
  const [{ action_id: id, value }] = payload.actions;
  if (id === ACTION_IDS.open) return { kind: 'nothing' };
  // A user of another workspace, or of another channel, was never shown this message.
  if (!channels.includes(payload.channel.id)) throw new GatewayError('channel.unknown_sender');
  const on = pressed(payload.user.id, value ?? '');
  if (id === ACTION_IDS.approve) return { kind: 'approve', ...on };
  if (id === ACTION_IDS.reject) return { kind: 'ask_reason', trigger: payload.trigger_id, ...on };
  throw new GatewayError('request.malformed', { detail: 'an action that is not ours' });
}

/** A payload that is proven to be Slack's. Throws `request.malformed`, `channel.unknown_sender`. */
export function readInteraction(value: unknown, channels: readonly string[]): Interaction {
  try {
    const payload = PayloadSchema.parse(value);
    if (payload.type === 'block_actions') return fromActions(payload, channels);
    const { private_metadata: on, state } = payload.view;
    const reason = state.values[REJECT_MODAL.block][REJECT_MODAL.action].value;
    return { kind: 'reject', reason, ...pressed(payload.user.id, on) };
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('request.malformed', { detail: 'not an interaction of ours', cause });
  }
}

/** The form body: one field, `payload`, with JSON in UTF-8. */
export function readForm(raw: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
    const fields = [...new URLSearchParams(text)];
    const [field] = fields;
    if (fields.length !== 1 || field?.[0] !== 'payload') throw new Error('one payload is needed');
    return JSON.parse(field[1]);
  } catch (cause) {
    throw new GatewayError('request.malformed', { detail: 'not a payload of Slack', cause });
  }
}
