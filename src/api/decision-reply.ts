import { z } from 'zod';
import { RequestIdSchema } from '../contracts/ids.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Decided, DecisionRules } from '../gate/decisions.ts';
import { wakeLater } from '../gate/wake-later.ts';
import type { ApiContext } from './api-context.ts';

const DecisionReplySchema = z.strictObject({
  id: RequestIdSchema,
  decision: z.enum(['approve', 'reject']),
  status: z.enum(['approved', 'rejected', 'awaiting_approval']),
});

/** The rules in force, for a decision that comes now. */
export const decisionRules = ({
  policy,
  settings,
}: Pick<ApiContext, 'policy' | 'settings'>): DecisionRules => ({
  policy: policy(),
  approvalValidMs: settings.approvalValidMs,
  selfApprovalMs: settings.selfApprovalMs,
});

/** How whoever asks has shown who they are. */
export const proofAtDoor = (session: unknown): 'key' | 'session' =>
  session === undefined ? 'key' : 'session';

/** What every door answers to a decision that counts. */
export const DECISION_REPLY = {
  is: 'Recorded. `awaiting_approval` means that more people are needed.',
  body: DecisionReplySchema,
} as const;

/** Why one does not count, whichever door it came through. */
export const DECISION_ERRORS = [
  'approval.not_found',
  'approval.closed',
  'approval.expired',
  'approval.digest_mismatch',
  'approval.own_request',
  'approval.delay_too_long',
  'approval.already_decided',
  'approval.not_eligible',
  'approval.passkey_required',
  'freeze.active',
  'plan.tampered',
  'rate.limited',
  'store.unavailable',
] as const satisfies readonly ErrorCode[];

/** The answer to what was made of a decision; what it settles goes on at once. Throws why it does not count. */
export async function answerDecided(
  context: ApiContext,
  { id, decision }: Pick<z.infer<typeof DecisionReplySchema>, 'id' | 'decision'>,
  decided: Decided,
): Promise<{ readonly status: 200; readonly body: z.infer<typeof DecisionReplySchema> }> {
  if (decided.kind === 'refused') throw new GatewayError(decided.code, { detail: decided.detail });
  if (decided.status !== 'awaiting_approval') await wakeLater(context, id);
  return { status: 200, body: { id, decision, status: decided.status } };
}
