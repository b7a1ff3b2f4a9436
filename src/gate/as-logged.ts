import { canonicalBytes, opens } from '../audit/leaf.ts';
import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { Card } from '../contracts/card.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { DecisionRecord, RequestRecord } from '../core/records.ts';
import type { Logged, LoggedWords } from './logged.ts';

const tampered = (place: string): GatewayError =>
  new GatewayError('plan.tampered', { detail: `${place} is not the one in the log` });

/** Salt and clear text lie beside the log, the commitment in it: only the very same words open it. */
const isCommitted = (words: LoggedWords | undefined, value: unknown): boolean =>
  words?.commitment != null && words.salt !== null && opens(words.commitment, words.salt, value);

const DECIDED = { approve: 'approval.granted', reject: 'approval.rejected' } as const;

/** Whether this is the entry that was written together with the decision. */
export const isEntryOf = (decision: DecisionRecord, entry: AuditEntry): boolean =>
  entry.event === DECIDED[decision.decision] &&
  entry.actor === `person:${decision.personId}` &&
  entry.timestamp === decision.decidedAt.toISOString() &&
  entry.facts['proof'] === decision.proof &&
  (entry.facts['in_place_of'] ?? null) === decision.inPlaceOf &&
  (decision.decision === 'reject' ||
    entry.facts['valid_until'] === decision.validUntil.toISOString());

type Row = Pick<RequestRecord, 'action' | 'risk' | 'expiresAt' | 'requirement'>;

const isSame = (one: unknown, other: unknown): boolean =>
  Buffer.from(canonicalBytes(one)).equals(canonicalBytes(other));

/** What of the row says something else than the entry that accepted it, or than the card that people were shown. */
function liarOf(row: Row, { accepted }: Pick<Logged, 'accepted'>, card: Card | null) {
  if (accepted?.action !== row.action) return 'the action';
  if (accepted.risk !== row.risk) return 'the risk';
  if (card === null) return undefined;
  if (row.expiresAt?.toISOString() !== card.expires_at) return 'the time at which it expires';
  return isSame(row.requirement, card.requires) ? undefined : 'the requirement';
}

/**
 * Law 2 against somebody who has the payload key and seals the rows again: what was asked, what was
 * shown and who decided must be what the log says, not only the plan. Throws `plan.tampered` with the
 * place; also when the words were erased, for then nobody can tell any more what people approved.
 */
export function assertAsLogged(
  { submission, card, ...row }: Row & Pick<RequestRecord, 'submission' | 'card'>,
  logged: Pick<Logged, 'accepted' | 'asked' | 'shown' | 'decided'>,
  decisions: readonly DecisionRecord[],
): void {
  const { userId: user_id, prompt: agent_prompt, action: structured_action } = submission;
  if (!isCommitted(logged.asked, { user_id, agent_prompt, structured_action }))
    throw tampered('the submission');
  const isShown = logged.shown !== undefined;
  if (isShown !== (card !== null) || (isShown && !isCommitted(logged.shown, { card })))
    throw tampered('the card');
  const liar = liarOf(row, logged, card);
  if (liar !== undefined) throw tampered(liar);
  const forged = decisions.find(
    (decision) => !logged.decided.some((entry) => isEntryOf(decision, entry)),
  );
  if (forged !== undefined) throw tampered(`the decision of ${forged.personId}`);
  // Taken out, it would be missing where approvals are counted, and the write end as one that too few have approved.
  const lost = logged.decided.find(
    (entry) => !decisions.some((decision) => isEntryOf(decision, entry)),
  );
  if (lost !== undefined) throw tampered(`the decision of ${lost.actor.replace('person:', '')}`);
}
