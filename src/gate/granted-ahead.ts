import type { GrantRecord } from '../core/grants.ts';
import type { RequestRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { isCoveredAhead, type LookedAt } from './ahead-rules.ts';
import { type DecisionRules, recordDecision } from './decisions.ts';
import { endGrants } from './grants.ts';
import { unlessTampered } from './unless-tampered.ts';

/** As row and log agree; a row written by hand is none. */
const believed = (tx: StoreTransaction, id: string): Promise<GrantRecord | undefined> =>
  unlessTampered(tx.grants.get(id), undefined);

const mayBeUsed = (grant: GrantRecord | undefined, now: Date): grant is GrantRecord =>
  grant?.endedAt === null && grant.endsAt > now && grant.uses < grant.maxUses;

/** Whether anything of this kind is allowed ahead to this agent: mostly not, and then nothing more is looked up. */
export async function isAnyAhead(
  { grants }: Pick<StoreTransaction, 'grants'>,
  of: Pick<RequestRecord, 'agentId' | 'action'>,
): Promise<boolean> {
  const standing = await grants.standing();
  return standing.some(({ agentId, action }) => agentId === of.agentId && action === of.action);
}

/** The oldest grant that covers this request, which has its card. */
export async function grantFor(
  tx: StoreTransaction,
  of: LookedAt,
): Promise<GrantRecord | undefined> {
  for (const { id, agentId, action, personId } of await tx.grants.standing()) {
    if (agentId !== of.request.agentId || action !== of.request.action) continue;
    const giver = of.people.find((person) => person.id === personId);
    const grant = await believed(tx, id);
    if (giver !== undefined && mayBeUsed(grant, tx.now) && isCoveredAhead(of, giver)) return grant;
  }
  return undefined;
}

/**
 * Approves it in the giver's name. The decision is one like any other, of the weakest proof, and begin
 * checks all of it again. False when it was not enough after all.
 */
export async function approveAhead(
  tx: StoreTransaction,
  { request, people }: LookedAt,
  grant: GrantRecord,
  rules: DecisionRules,
): Promise<boolean> {
  const person = people.find(({ id }) => id === grant.personId);
  const { id: requestId, digest } = request;
  if (person === undefined || digest === null) return false;
  const decided = await recordDecision(
    tx,
    { requestId, person, proof: 'grant', grant, decision: 'approve', digest, reason: grant.id },
    rules,
  );
  const isLast = grant.uses + 1 >= grant.maxUses;
  if (decided.kind === 'decided' && isLast)
    await endGrants(tx, ({ id }) => id === grant.id, { cause: 'uses', by: 'gateway' });
  return decided.kind === 'decided' && decided.status === 'approved';
}
