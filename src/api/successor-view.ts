import type { Successor } from '../contracts/change.ts';
import { isResting } from '../core/request-state.ts';
import type { ChangeRules } from '../gate/changes.ts';
import { wakeLater } from '../gate/wake-later.ts';
import type { ApiContext } from './api-context.ts';
import { decisionRules } from './decision-reply.ts';

/** The rules in force, for a request that is to take another's place. */
export const changeRules = (context: ApiContext): ChangeRules => ({
  ...decisionRules(context),
  approvalMs: context.settings.approvalMs,
});

/** Starts it, and waits for its card: mostly within a second; without HubSpot it takes longer. */
export async function successorView(
  context: ApiContext,
  id: string,
  signal: AbortSignal,
): Promise<Successor> {
  const { store, settings } = context;
  await wakeLater(context, id);
  const isThere = ({ status }: { status: Successor['status'] }) => isResting(status);
  const request = await store.waitForRequest(id, isThere, settings.answerWaitMs, signal);
  const links = { self: `/v1/approvals/${id}`, request: `/v1/requests/${id}` };
  return { id, status: request?.status ?? 'planned', links };
}
