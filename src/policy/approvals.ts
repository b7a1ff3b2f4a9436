import type { Approver, PolicyQuery } from './policy.ts';

/**
 * The approvals that count: one per person, the requester's own never but by the gateway's own dial. In code and ahead of the policy
 * text, because a text that is wrong, or was changed by an attacker, must not allow self-approval.
 */
export function countableApprovers({ approvers, requester, ownCounts }: PolicyQuery): Approver[] {
  const byId = new Map<string, Approver>();
  for (const approver of approvers) {
    const counts = approver.id !== requester || ownCounts === true;
    if (counts && !byId.has(approver.id)) byId.set(approver.id, approver);
  }
  return [...byId.values()];
}

export interface ApprovalCount {
  readonly approvals: number;
  readonly passkeyApprovals: number;
}

export const countApprovals = (approvers: readonly Approver[]): ApprovalCount => ({
  approvals: approvers.length,
  passkeyApprovals: approvers.filter(({ passkey }) => passkey).length,
});

/** How many of them hold the role. */
export const countInRole = (approvers: readonly Approver[], role: string): ApprovalCount =>
  countApprovals(approvers.filter(({ roles }) => roles.includes(role)));
