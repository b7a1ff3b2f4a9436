import { GatewayError } from '../core/gateway-error.ts';
import type {
  AbsenceRecord,
  DecisionRecord,
  PersonRecord,
  RequestRecord,
} from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { PolicyQuery } from '../policy/policy.ts';
import { absencesAt } from './absences.ts';
import { assertUntouched } from './untouched.ts';
import { type Counted, countApprovals } from './counted.ts';
import { policyQueryFor } from './policy-query.ts';
import { type Requester, requesterIn } from './requester.ts';
import type { OwnRules } from './self-approval.ts';

export interface Ballot {
  readonly request: RequestRecord;
  readonly query: PolicyQuery;
  readonly earlier: readonly DecisionRecord[];
  readonly people: readonly PersonRecord[];
  readonly requester: Requester;
  readonly absences: readonly AbsenceRecord[];
  readonly counted: Counted;
}

/** Of what no longer waits nobody counts the votes. */
const NOTHING_DECIDED = { decided: [] } as const;

/**
 * A request with all that tells who may decide on it and what was decided. Throws `approval.not_found`, and
 * `plan.tampered` for what is not what was asked and shown.
 */
export async function openBallot(
  tx: StoreTransaction,
  requestId: string,
  rules: OwnRules,
): Promise<Ballot> {
  const request = await tx.requests.get(requestId);
  if (request === undefined) throw new GatewayError('approval.not_found');
  // What is already gone is said to be gone; nobody decides on what is not what was asked and shown.
  const { decided } =
    request.status === 'awaiting_approval'
      ? (await assertUntouched(tx, request)).logged
      : NOTHING_DECIDED;
  const agent = await tx.agents.get(request.agentId);
  if (agent === undefined || request.risk === 'read') throw new GatewayError('approval.not_found');
  const people = await tx.people.list();
  const requester = await requesterIn(tx, request.submission.userId, people);
  const query = policyQueryFor(
    {
      agent,
      requester,
      connection: request.connection,
      submission: request.submission,
      present: request.card?.seen ?? [],
    },
    people,
  );
  const earlier = await tx.decisions.of(requestId);
  const votes = { decisions: earlier, decided };
  const counted = await countApprovals(tx, votes, { query, people, requester }, rules);
  const absences = await absencesAt(tx, tx.now);
  return { request, query, requester, people, earlier, absences, counted };
}
