import type { AuditEntry } from '../contracts/audit-entry.ts';
import { errorCodeOf } from '../core/gateway-error.ts';
import type { DecisionRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { isEntryOf } from './as-logged.ts';
import { voteStands } from './grants.ts';

type Means = Pick<StoreTransaction, 'passkeys' | 'slackUsers' | 'webhookSigners' | 'grants'>;

const named = ({ facts }: AuditEntry, fact: string): string | undefined => {
  const value = facts[fact];
  return typeof value === 'string' ? value : undefined;
};

/** Whether what proved the person is still theirs; what proved them without a name of its own ends with them alone. */
async function stands(tx: Means, personId: string, entry: AuditEntry): Promise<boolean> {
  const passkeyId = named(entry, 'passkey');
  const slackUser = named(entry, 'slack_user');
  const signerId = named(entry, 'webhook_signer');
  const grantId = named(entry, 'grant');
  if (grantId !== undefined)
    return voteStands(tx, { grantId, personId, at: new Date(entry.timestamp) });
  if (passkeyId !== undefined) return (await tx.passkeys.get(passkeyId))?.revokedAt === null;
  if (slackUser !== undefined) return (await tx.slackUsers.get(slackUser))?.personId === personId;
  if (signerId !== undefined) return (await tx.webhookSigners.get(signerId))?.revokedAt === null;
  return true;
}

/** A row of the means that was written by hand proves nobody. */
async function standsOrForged(tx: Means, personId: string, entry: AuditEntry): Promise<boolean> {
  try {
    return await stands(tx, personId, entry);
  } catch (error) {
    if (errorCodeOf(error) === 'plan.tampered') return false;
    throw error;
  }
}

/**
 * The approvals whose means still stands: what a grant that was ended, a stolen passkey, a Slack account taken off the map or a
 * revoked signer has approved counts no more, from the commit of its revocation. Which it was says the
 * log, so `decided` are the request's own entries; a decision without one counts no more either.
 */
export async function onStandingMeans(
  tx: Means,
  decisions: readonly DecisionRecord[],
  decided: readonly AuditEntry[],
): Promise<DecisionRecord[]> {
  const kept: DecisionRecord[] = [];
  for (const decision of decisions) {
    const entry = decided.find((one) => isEntryOf(decision, one));
    if (entry !== undefined && (await standsOrForged(tx, decision.personId, entry)))
      kept.push(decision);
  }
  return kept;
}
