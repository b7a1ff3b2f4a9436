import { z } from 'zod';
import { describeIssues } from '../../contracts/issues.ts';
import { type WebhookDecision, WebhookDecisionSchema } from '../../contracts/webhook.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { answerDecided, DECISION_ERRORS, DECISION_REPLY } from '../decision-reply.ts';
import { defineRoute } from '../define-route.ts';
import { parseStrictJson } from '../strict-json.ts';

/** Only what is proven is parsed. */
function parseDecision(raw: Uint8Array): WebhookDecision {
  const parsed = WebhookDecisionSchema.safeParse(parseStrictJson(raw, { depthMax: 1 }));
  if (parsed.success) return parsed.data;
  throw new GatewayError('request.malformed', { detail: describeIssues(parsed.error) });
}

const header = (description: string) => z.string().optional().meta({ description });

export const webhookDecision = defineRoute({
  method: 'post',
  path: '/v1/webhooks/approvals/{signer}',
  summary:
    'A decision that a person’s own system sends. Signed as Standard Webhooks has it, over the raw body; who decides comes from the signer, what is decided from the record.',
  door: 'anyone',
  params: z.object({
    signer: z.string().meta({ description: '`whk_…`, from `npx sallyport person webhook add`.' }),
  }),
  headers: z.object({
    'webhook-id': header('Of the message; each counts once. Printable, without a full stop.'),
    'webhook-timestamp': header('Seconds since 1970; five minutes from now at most, either way.'),
    'webhook-signature': header('`v1,` and base64, one for each secret, parted by blanks.'),
  }),
  raw: { type: 'application/json', schema: WebhookDecisionSchema },
  replies: {
    200: DECISION_REPLY,
  },
  errors: [
    'channel.unproven',
    'channel.replayed',
    'channel.unknown_sender',
    ...DECISION_ERRORS,
    'secret.unavailable',
  ],
  handler: async (context, { params, headers, raw }) => {
    const { webhooks } = context;
    const proven = await webhooks.prove(params.signer, {
      id: headers['webhook-id'],
      timestamp: headers['webhook-timestamp'],
      signature: headers['webhook-signature'],
      raw,
    });
    await context.decisionRate.take(proven.signer.personId);
    const said = parseDecision(raw);
    const decided = await webhooks.decide(proven, said);
    return answerDecided(context, said, decided);
  },
});
