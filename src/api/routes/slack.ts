import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { defineRoute } from '../define-route.ts';

export const slackInteractions = defineRoute({
  method: 'post',
  path: '/v1/slack/interactions',
  summary:
    'What people press in Slack. Proven by Slack’s signature over the raw body; who decides comes from the operator’s map.',
  door: 'anyone',
  headers: z.object({
    'x-slack-request-timestamp': z.string().optional(),
    'x-slack-signature': z.string().optional(),
  }),
  raw: {
    type: 'application/x-www-form-urlencoded',
    schema: z.object({ payload: z.string() }),
  },
  replies: {
    200: {
      is: 'Heard. What was wrong with a decision is said in Slack, to the one who made it.',
      body: z.strictObject({
        response_action: z.literal('errors').optional(),
        errors: z.record(z.string(), z.string()).optional(),
      }),
    },
  },
  errors: [
    'request.not_found',
    'channel.unproven',
    'channel.replayed',
    'channel.unknown_sender',
    'store.unavailable',
  ],
  handler: async ({ slack }, { headers, raw }) => {
    if (slack === undefined) throw new GatewayError('request.not_found');
    const message = {
      timestamp: headers['x-slack-request-timestamp'],
      signature: headers['x-slack-signature'],
      raw,
    };
    const proven = await slack.door.read(message, new Date());
    const answer = await slack.desk.take(proven);
    const isModal = proven.interaction.kind === 'reject' && answer.kind === 'refused';
    if (!isModal) return { status: 200, body: {} };
    return { status: 200, body: { response_action: 'errors', errors: { reason: answer.words } } };
  },
});
