import { randomBytes } from 'node:crypto';
import type { ChallengeRecord } from '../core/records.ts';
import { SIGN_IN } from '../core/sign-in-rules.ts';
import type { StoreTransaction } from '../ports/store.ts';

const CHALLENGE_BYTES = 32;

/** A fresh one, base64url. `personId`: who was invited; null for a sign-in. */
export async function issueChallenge(
  tx: StoreTransaction,
  of: Pick<ChallengeRecord, 'purpose' | 'personId'>,
): Promise<string> {
  const value = randomBytes(CHALLENGE_BYTES).toString('base64url');
  const expiresAt = new Date(tx.now.getTime() + SIGN_IN.challengeMs);
  await tx.challenges.insert({ ...of, value, expiresAt, usedAt: null });
  return value;
}

/**
 * Uses a challenge up, whatever becomes of the answer to it: false when it was not issued for this, to
 * this person, or not lately, or has been answered before.
 */
export async function takeChallenge(
  tx: StoreTransaction,
  of: Pick<ChallengeRecord, 'purpose' | 'personId'> & { readonly value: string | undefined },
): Promise<boolean> {
  if (of.value === undefined) return false;
  const taken = await tx.challenges.take(of.value);
  return taken?.purpose === of.purpose && taken.personId === of.personId;
}
