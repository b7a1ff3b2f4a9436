import { verifySync } from 'otplib';
import type { PersonRecord } from '../core/records.ts';
import { addTotpGuess, totpPausedUntil } from '../core/totp-guesses.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** RFC 6238 with one step of clock drift either way. */
const TOTP = { stepSeconds: 30, toleranceSeconds: 30 } as const;

/** What a person and a one-time code, sent where nobody else proves who sends, amount to. */
export type CodeProof =
  | { readonly kind: 'proven'; readonly person: PersonRecord }
  | { readonly kind: 'unknown_person' }
  | { readonly kind: 'paused'; readonly person: PersonRecord; readonly until: Date }
  /** `until`: with this one too many were wrong. `isRepeat`: the same guess again, which counts once. */
  | {
      readonly kind: 'wrong_code';
      readonly person: PersonRecord;
      readonly isRepeat: boolean;
      readonly wrongCodes: number;
      readonly until: Date | undefined;
    }
  /** Good, and used before: somebody looked on, or the step that asks runs again. */
  | { readonly kind: 'used_code'; readonly person: PersonRecord };

/** The standing person that is named, by id or e-mail. */
async function personNamed(tx: StoreTransaction, name: string): Promise<PersonRecord | undefined> {
  const named = name.trim().toLowerCase();
  return (await tx.people.list()).find(
    ({ id, email, revokedAt }) => revokedAt === null && (id === named || email === named),
  );
}

/** The step of the clock this code belongs to, if the sender holds the person's authenticator. */
function stepOf(person: PersonRecord, code: string, now: Date): number | undefined {
  const checked = verifySync({
    secret: person.totpSecret,
    token: code,
    period: TOTP.stepSeconds,
    epoch: Math.floor(now.getTime() / 1000),
    epochTolerance: TOTP.toleranceSeconds,
  });
  return checked.valid && 'timeStep' in checked ? checked.timeStep : undefined;
}

/** Counts a wrong code against the person it was tried for, wherever it was. */
async function countGuess(
  tx: StoreTransaction,
  person: PersonRecord,
  code: string,
): Promise<CodeProof> {
  const guesses = addTotpGuess(person.totpGuesses, { at: tx.now, code });
  const wrongCodes = (guesses ?? person.totpGuesses).length;
  const wrong = { kind: 'wrong_code', person, wrongCodes } as const;
  if (guesses === undefined) return { ...wrong, isRepeat: true, until: undefined };
  await tx.people.setTotpGuesses(person.id, guesses);
  return { ...wrong, isRepeat: false, until: totpPausedUntil(guesses, tx.now) };
}

/**
 * Whether this is that person's code of now, used for the first time. What the caller logs of it is the caller's; the
 * guess is counted here. Throws `plan.tampered` for a roster that does not open.
 */
export async function proveByCode(
  tx: StoreTransaction,
  { person: name, code }: { readonly person: string; readonly code: string },
): Promise<CodeProof> {
  const person = await personNamed(tx, name);
  if (person === undefined) return { kind: 'unknown_person' };
  const until = totpPausedUntil(person.totpGuesses, tx.now);
  if (until !== undefined) return { kind: 'paused', person, until };
  const step = stepOf(person, code, tx.now);
  if (step === undefined) return countGuess(tx, person, code);
  return (await tx.people.useTotpStep(person.id, step))
    ? { kind: 'proven', person }
    : { kind: 'used_code', person };
}

/** The pause is the person's, and of no request: it has its entry however many others there are. */
export const logPause = (
  tx: StoreTransaction,
  { person, wrongCodes }: Extract<CodeProof, { kind: 'wrong_code' }>,
  of: { readonly event: 'approval.refused' | 'incident.refused'; readonly until: Date },
): Promise<number> =>
  tx.log.append({
    event: of.event,
    actor: 'signal',
    code: 'approval.unproven',
    facts: {
      proof: 'totp',
      person: person.id,
      wrong_codes: wrongCodes,
      totp_paused_until: of.until.toISOString(),
    },
  });
