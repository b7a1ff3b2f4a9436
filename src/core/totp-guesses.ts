/**
 * Six digits can be guessed by somebody who may try for ever, on one request or spread over many. With
 * three steps of the clock good at once, so many tries hit one in some 33,000 pauses: most of a year,
 * with every pause in the log.
 */
export const TOTP_GUESSES = {
  /** Wrong codes of one person within `pauseMs` after which their codes are not looked at. */
  max: 10,
  /** How long, from the last of them. */
  pauseMs: 15 * 60_000,
  /** The same wrong code again within this is the same guess: a step that runs twice counts once. */
  sameMs: 30_000,
} as const;

/** One wrong code for a person. */
export interface TotpGuess {
  readonly at: Date;
  readonly code: string;
}

/** Until when this person's codes are not looked at, if they are paused now. */
export function totpPausedUntil(guesses: readonly TotpGuess[], now: Date): Date | undefined {
  const last = guesses.at(-1);
  if (last === undefined || guesses.length < TOTP_GUESSES.max) return undefined;
  const until = new Date(last.at.getTime() + TOTP_GUESSES.pauseMs);
  return now < until ? until : undefined;
}

/** The guesses that count after this one; `undefined` when it is one of them already. */
export function addTotpGuess(
  guesses: readonly TotpGuess[],
  guess: TotpGuess,
): TotpGuess[] | undefined {
  const ageOf = ({ at }: TotpGuess): number => guess.at.getTime() - at.getTime();
  const isKnown = guesses.some(
    (other) => other.code === guess.code && ageOf(other) < TOTP_GUESSES.sameMs,
  );
  if (isKnown) return undefined;
  return [...guesses.filter((other) => ageOf(other) < TOTP_GUESSES.pauseMs), guess];
}
