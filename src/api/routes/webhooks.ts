import { z } from 'zod';
import { describeIssues } from '../../contracts/issues.ts';
import { RequestIdSchema } from '../../contracts/ids.ts';
import { type WebhookDecision, WebhookDecisionSchema } from '../../contracts/webhook.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { defineRoute } from '../define-route.ts';
import { parseStrictJson } from '../strict-json.ts';
import { wakeLater } from './actions.ts';

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
    200: {
      is: 'Recorded. `awaiting_approval` means that more people are needed.',
      body: z.strictObject({
        id: RequestIdSchema,
        decision: z.enum(['approve', 'reject']),
        status: z.enum(['approved', 'rejected', 'awaiting_approval']),
      }),
    },
  },
  errors: [
    'channel.unproven',
    'channel.replayed',
    'channel.unknown_sender',
    'approval.not_found',
    'approval.closed',
    'approval.expired',
    'approval.digest_mismatch',
    'approval.own_request',
    'approval.already_decided',
    'approval.not_eligible',
    'approval.passkey_required',
    'plan.tampered',
    'rate.limited',
    'secret.unavailable',
    'store.unavailable',
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
    if (decided.kind === 'refused')
      throw new GatewayError(decided.code, { detail: decided.detail });
    if (decided.status !== 'awaiting_approval') await wakeLater(context, said.id);
    return { status: 200, body: { id: said.id, decision: said.decision, status: decided.status } };
  },
});
