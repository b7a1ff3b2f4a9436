import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { DecisionRecord } from '../core/records.ts';
import type { Approver } from '../policy/policy.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { approversOf } from './policy-query.ts';
import { type Asked, type OwnApproval, ownApproval, type OwnRules } from './self-approval.ts';
import { type Damage, onStandingMeans } from './standing-means.ts';

/** What was decided on a request, as the record and as the log have it. */
export interface Votes {
  readonly decisions: readonly DecisionRecord[];
  readonly decided: readonly AuditEntry[];
}

export interface Counted {
  readonly approvers: readonly Approver[];
  /** Ids of those whose place holds one of them. */
  readonly taken: ReadonlySet<string>;
  /** An approval by who asked, by the dial for firms of one person; among the approvers once its delay is over. */
  readonly own: OwnApproval | undefined;
  readonly ownCounts: boolean;
}

/**
 * The approvals that count now: not too old, by means and from places that still stand, of people who are still on
 * the roster with the roles they have today, of who asked only by the dial. One rule for who decides next and for begin.
 */
export async function countApprovals(
  tx: StoreTransaction,
  { decisions, decided }: Votes,
  asked: Asked & {
    /** Of what was allowed ahead, that it still would be; all count without it. */
    readonly isCovered?: (vote: DecisionRecord) => Promise<boolean>;
    /** By default it proves nobody. */
    readonly damage?: Damage;
  },
  rules: OwnRules,
): Promise<Counted> {
  const valid = decisions.filter(
    ({ decision, validUntil }) => decision === 'approve' && validUntil > tx.now,
  );
  const standing: DecisionRecord[] = [];
  for (const vote of await onStandingMeans(tx, valid, decided, asked.damage ?? 'proves_nobody'))
    if (await (asked.isCovered?.(vote) ?? true)) standing.push(vote);
  const others = approversOf(asked.requester, standing, asked.people);
  const taken = new Set(others.map(({ id }) => id));
  const own = ownApproval(rules, asked, standing);
  const ownCounts = own !== undefined && own.countsFrom <= tx.now;
  return { approvers: ownCounts ? [...others, own.approver] : others, taken, own, ownCounts };
}
