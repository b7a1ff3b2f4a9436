import { createHash, randomBytes } from 'node:crypto';
import { canonicalBytes } from '../audit/leaf.ts';
import type { ChallengeRecord } from '../core/records.ts';
import { SIGN_IN } from '../core/sign-in-rules.ts';
import type { StoreTransaction } from '../ports/store.ts';

const CHALLENGE_BYTES = 32;

/**
 * What a passkey signs for more than one digest, base64url: SHA-256 over the JCS form of all that it is to be good for.
 * The purpose keeps what was signed for one thing from being good for another.
 */
export const challengeOver = (
  what: { readonly purpose: string } & Readonly<Record<string, unknown>>,
): string =>
  createHash('sha256')
    .update(canonicalBytes({ v: 1, ...what }))
    .digest('base64url');

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
