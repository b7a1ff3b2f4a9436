import { expiredCredentials, missingCredentials } from './errors.ts';
import type { TokenStore } from './state/token-store.ts';
import type { TokenRecord } from './state/types.ts';

const BEARER = /^Bearer (\S+)$/iu;

export function isExpired(token: TokenRecord, nowMs: number): boolean {
  if (token.state === 'expired') return true;
  return token.expiresAt !== undefined && Date.parse(token.expiresAt) <= nowMs;
}

/**
 * Finds who is calling.
 * @throws HubSpotError 401: INVALID_AUTHENTICATION for a missing, unknown or revoked token,
 *   EXPIRED_AUTHENTICATION for an expired one
 */
export function authenticate(
  tokens: TokenStore,
  header: string | undefined,
  nowMs: number,
): TokenRecord {
  const secret = BEARER.exec(header ?? '')?.[1];
  const token = secret === undefined ? undefined : tokens.find(secret);
  if (!token || token.state === 'revoked' || token.kind === 'oauth_refresh')
    throw missingCredentials();
  if (isExpired(token, nowMs)) throw expiredCredentials(token.expiresAt ?? token.createdAt, nowMs);
  return token;
}
