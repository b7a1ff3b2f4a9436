import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { DecisionRecord } from '../core/records.ts';
import type { StoreReads } from '../ports/store.ts';
import { isEntryOf } from './as-logged.ts';
import { voteStands } from './grants.ts';
import { unlessTampered } from './unless-tampered.ts';

type Means = Pick<StoreReads, 'passkeys' | 'slackUsers' | 'webhookSigners' | 'grants' | 'absences'>;

const named = ({ facts }: AuditEntry, fact: string): string | undefined => {
  const value = facts[fact];
  return typeof value === 'string' ? value : undefined;
};

/** Whether nobody has ended the absence in whose place it was made; over by its date, it was good when it was made. */
async function placeStands(tx: Means, { personId, inPlaceOf }: DecisionRecord, entry: AuditEntry) {
  if (inPlaceOf === null) return true;
  const absence = await tx.absences.get(named(entry, 'absence') ?? '');
  return (
    absence?.endedAt === null && absence.personId === inPlaceOf && absence.delegateId === personId
  );
}

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

/** Means and place. Throws `plan.tampered` for a row of either that was not written here. */
const bothStand = async (
  tx: Means,
  decision: DecisionRecord,
  entry: AuditEntry,
): Promise<boolean> =>
  (await stands(tx, decision.personId, entry)) && placeStands(tx, decision, entry);

/** Of a row that was not written here: `proves_nobody` counts what it would prove as not made, `throws` its `plan.tampered`. */
export type Damage = 'proves_nobody' | 'throws';

/**
 * The approvals whose means still stands: what a grant that was ended, a stolen passkey, a Slack account taken off the map, a
 * revoked signer or a delegate whose delegation was ended has approved counts no more, from that commit on. Which it was says the
 * log, so `decided` are the request's own entries; a decision without one counts no more either.
 */
export async function onStandingMeans(
  tx: Means,
  decisions: readonly DecisionRecord[],
  decided: readonly AuditEntry[],
  damage: Damage,
): Promise<DecisionRecord[]> {
  const kept: DecisionRecord[] = [];
  for (const decision of decisions) {
    const entry = decided.find((one) => isEntryOf(decision, one));
    if (entry === undefined) continue;
    const standing = bothStand(tx, decision, entry);
    if (await (damage === 'throws' ? standing : unlessTampered(standing, false)))
      kept.push(decision);
  }
  return kept;
}
