import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { DecisionRecord, PersonRecord } from '../core/records.ts';
import type { Approver } from '../policy/policy.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { approversOf } from './policy-query.ts';
import type { Requester } from './requester.ts';
import { onStandingMeans } from './standing-means.ts';

/** What was decided on a request, as the record and as the log have it. */
export interface Votes {
  readonly decisions: readonly DecisionRecord[];
  readonly decided: readonly AuditEntry[];
}

export interface Counted {
  readonly approvers: readonly Approver[];
  /** Ids of those whose place holds one of them. */
  readonly taken: ReadonlySet<string>;
}

/**
 * The approvals that count now: not too old, by means and from places that still stand, of people who are still on
 * the roster with the roles they have today, never of who asked. One rule for who decides next and for begin.
 */
export async function countApprovals(
  tx: StoreTransaction,
  { decisions, decided }: Votes,
  of: {
    readonly people: readonly PersonRecord[];
    readonly requester: Requester;
    /** Of what was allowed ahead, that it still would be; all count without it. */
    readonly isCovered?: (vote: DecisionRecord) => Promise<boolean>;
  },
): Promise<Counted> {
  const valid = decisions.filter(
    ({ decision, validUntil }) => decision === 'approve' && validUntil > tx.now,
  );
  const counted: DecisionRecord[] = [];
  for (const vote of await onStandingMeans(tx, valid, decided))
    if (await (of.isCovered?.(vote) ?? true)) counted.push(vote);
  const approvers = approversOf(of.requester, counted, of.people);
  return { approvers, taken: new Set(approvers.map(({ id }) => id)) };
}
