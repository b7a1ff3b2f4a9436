import { z } from 'zod';
import { RequestIdSchema } from '../../contracts/ids.ts';
import { RenewalReplySchema } from '../../contracts/renewal.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { recordRenewal } from '../../gate/renewals.ts';
import { proofAtDoor } from '../decision-reply.ts';
import { defineRoute } from '../define-route.ts';
import { changeRules, successorView } from '../successor-view.ts';

export const renewApproval = defineRoute({
  method: 'post',
  path: '/v1/approvals/{id}/renewals',
  summary:
    'Have a new card made of a request that was out of date: the same is asked anew, on the record as it is now.',
  door: 'person',
  params: z.object({ id: RequestIdSchema }),
  replies: {
    201: {
      is: 'A request of its own waits, with a new digest. No decision on the original counts for it.',
      body: RenewalReplySchema,
    },
  },
  errors: [
    'approval.not_found',
    'approval.closed',
    'approval.own_request',
    'approval.delay_too_long',
    'approval.not_changeable',
    'approval.not_eligible',
    'action.invalid',
    'connection.portal_changed',
    'freeze.active',
    'plan.tampered',
    'policy.denied',
    'prompt.refused',
    'rate.limited',
    'store.unavailable',
  ],
  handler: async (context, { person, session, params: { id }, signal }) => {
    await context.decisionRate.take(person.id);
    const made = { requestId: id, person, proof: proofAtDoor(session) };
    const rules = changeRules(context);
    const renewed = await context.store.commit((tx) => recordRenewal(tx, made, rules));
    if (renewed.kind === 'refused')
      throw new GatewayError(renewed.code, { detail: renewed.detail });
    const view = await successorView(context, renewed.successor, signal);
    return { status: 201, body: { id, successor: view }, headers: { Location: view.links.self } };
  },
});
