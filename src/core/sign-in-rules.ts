import type { PasskeyRecord, SessionRecord } from './records.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const SIGN_IN = {
  /** Standing ones of one person; each is one more way in. */
  passkeysMax: 10,
  invitationMs: 24 * HOUR_MS,
  challengeMs: 5 * MINUTE_MS,
  /** However busy it is. */
  sessionMs: 12 * HOUR_MS,
  /** Without a request. */
  idleMs: HOUR_MS,
  /** A session's use is noted at most this often, so that reading a page is no write. */
  touchMs: MINUTE_MS,
} as const;

/**
 * Whether the signature counter moved on (WebAuthn Level 3, 6.1.1). One that stands still or goes back is
 * a second copy of the key at work. Zero for ever is an authenticator that keeps none, as synced ones do.
 */
export const counterMoved = (kept: number, shown: number): boolean =>
  shown > kept || (shown === 0 && kept === 0);

/** When it ends if it is not used again. */
export const sessionEnd = ({ expiresAt, lastSeenAt }: SessionRecord): Date =>
  new Date(Math.min(expiresAt.getTime(), lastSeenAt.getTime() + SIGN_IN.idleMs));

export const isStanding = (session: SessionRecord, now: Date): boolean =>
  session.endedAt === null && now < sessionEnd(session);

export const standingPasskeys = (passkeys: readonly PasskeyRecord[]): readonly PasskeyRecord[] =>
  passkeys.filter(({ revokedAt }) => revokedAt === null);
