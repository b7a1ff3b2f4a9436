import { z } from 'zod';
import { isExpired } from '../auth.ts';
import { missingCredentials } from '../errors.ts';
import { parseBody } from '../http/input.ts';
import { inFamily, noContent, ok } from '../http/route.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import { PORTAL } from '../limits.ts';
import { sha256Hex } from '../state/token-store.ts';
import type { TokenRecord } from '../state/types.ts';

/** An OAuth access token lives half an hour. */
const ACCESS_TOKEN_SECONDS = 1_800;

const FormSchema = z.record(z.string(), z.string());
const TokenKeySchema = z.looseObject({ tokenKey: z.string() });

function oauthError(error: string, description: string, status: string): Reply {
  return {
    status: 400,
    body: { error, error_description: description, status, message: description },
  };
}

/** The pair is checked by hash: a client secret is kept no more than a token is. */
function isClient(call: Call, token: TokenRecord, form: Record<string, string>): boolean {
  const secret = form['client_secret'] ?? '';
  const client = call.world.tokens.client(form['client_id'] ?? '');
  return client?.secretSha256 === sha256Hex(secret) && client.appId === token.appId;
}

function refresh(call: Call): Reply {
  const form = parseBody(call, FormSchema);
  if (form['grant_type'] !== 'refresh_token')
    return oauthError(
      'unsupported_grant_type',
      'only refresh_token is supported',
      'BAD_GRANT_TYPE',
    );
  const { tokens } = call.world;
  const held = tokens.find(form['refresh_token'] ?? '');
  if (held?.kind !== 'oauth_refresh' || held.state !== 'active')
    return oauthError(
      'invalid_grant',
      'refresh token is invalid, expired or revoked',
      'BAD_REFRESH_TOKEN',
    );
  if (!isClient(call, held, form))
    return oauthError('invalid_client', 'client id or secret is wrong', 'BAD_CLIENT_SECRET');
  const { token } = tokens.mint({
    kind: 'oauth_access',
    scopes: held.scopes,
    appId: held.appId,
    expiresAt: new Date(call.nowMs + ACCESS_TOKEN_SECONDS * 1000).toISOString(),
  });
  return ok({
    token_use: 'access_token',
    token_type: 'bearer',
    access_token: token,
    refresh_token: form['refresh_token'],
    expires_in: ACCESS_TOKEN_SECONDS,
    hub_id: PORTAL.portalId,
    user_id: held.userId,
    scopes: held.scopes,
  });
}

function introspect(call: Call): Reply {
  const form = parseBody(call, FormSchema);
  const secret = form['token'] ?? '';
  const token = call.world.tokens.find(secret);
  const isDead = !token || token.state !== 'active' || isExpired(token, call.nowMs);
  if (isDead || !isClient(call, token, form)) return ok({ active: false });
  const shared = {
    active: true,
    app_id: token.appId,
    client_id: form['client_id'] ?? '',
    hub_id: PORTAL.portalId,
    user_id: token.userId,
    scopes: token.scopes,
    token: secret,
    token_type: 'bearer',
  };
  if (token.kind === 'oauth_refresh') return ok({ ...shared, token_use: 'refresh_token' });
  const expiresAtMs = Date.parse(token.expiresAt ?? '') || call.nowMs;
  return ok({
    ...shared,
    token_use: 'access_token',
    expires_in: Math.floor((expiresAtMs - call.nowMs) / 1000),
    is_private_distribution: true,
    signed_access_token: signedForm(token, expiresAtMs),
  });
}

function signedForm(token: TokenRecord, expiresAtMs: number) {
  return {
    ...{ appId: token.appId, appInstallId: String(token.appId), audience: '', hublet: 'na1' },
    ...{ expiresAt: expiresAtMs, hubId: PORTAL.portalId, installingUserId: token.userId },
    ...{ isPrivateDistribution: true, isServiceAccount: false, isUserLevel: false },
    ...{ newSignature: '', signature: '', scopes: '', scopeToScopeGroupPks: '' },
    ...{ trialScopes: '', trialScopeToScopeGroupPks: '', userId: token.userId },
  };
}

/** Kills a refresh token. An access token is not revocable and outlives it until it expires. */
function revoke(call: Call): Reply {
  const form = parseBody(call, FormSchema);
  const { tokens } = call.world;
  const token = tokens.find(form['token'] ?? '');
  if (token?.kind !== 'oauth_refresh') return noContent;
  if (!isClient(call, token, form))
    return oauthError('invalid_client', 'client id or secret is wrong', 'BAD_CLIENT_SECRET');
  tokens.setState(token, 'revoked');
  return noContent;
}

/** What a private-app token may do. A dead one is refused as any call with it would be. */
function privateAppToken(call: Call): Reply {
  const { tokenKey } = parseBody(call, TokenKeySchema);
  const token = call.world.tokens.find(tokenKey);
  const isLive =
    token?.kind === 'private_app' && token.state === 'active' && !isExpired(token, call.nowMs);
  if (!isLive) throw missingCredentials();
  return ok({
    userId: token.userId,
    hubId: PORTAL.portalId,
    appId: token.appId,
    scopes: token.scopes,
  });
}

/** Calls about credentials. They carry their secret in the body, so no Bearer token is asked for. */
export function oauthRoutes(): Route[] {
  const base = { method: 'POST', auth: 'none', scopes: [], budget: 'none', body: 'form' } as const;
  const paths = (suffix: string) => inFamily('oauth', suffix);
  return [
    { ...base, paths: paths('/token'), handler: refresh },
    { ...base, paths: paths('/token/introspect'), handler: introspect },
    { ...base, paths: paths('/token/revoke'), handler: revoke },
    {
      ...base,
      body: 'json',
      paths: [{ version: 'v3', path: '/oauth/v2/private-apps/get/access-token-info' }],
      handler: privateAppToken,
    },
  ];
}
