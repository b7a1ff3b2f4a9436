import { pageByOffset, queryInteger, queryLimit } from '../http/input.ts';
import { inFamily, noContent, ok } from '../http/route.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import { LIMITS, PORTAL } from '../limits.ts';
import { ACCOUNT_SCOPES, SECURITY_SCOPES } from '../scopes.ts';
import { OWNERS } from '../seed/owners.ts';
import { validationError } from '../errors.ts';
import { parseInstant } from '../records/property-values.ts';

const DAY_MS = 86_400_000;

/** Minutes the account's time zone is ahead of UTC at that moment. */
function offsetMinutes(nowMs: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: PORTAL.timeZone,
    timeZoneName: 'longOffset',
  });
  const name =
    format.formatToParts(nowMs).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/u.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function details(call: Call): Reply {
  const minutes = offsetMinutes(call.nowMs);
  const size = Math.abs(minutes);
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  return ok({
    portalId: PORTAL.portalId,
    accountType: 'STANDARD',
    timeZone: PORTAL.timeZone,
    companyCurrency: PORTAL.companyCurrency,
    additionalCurrencies: [],
    utcOffset: `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`,
    utcOffsetMilliseconds: minutes * 60_000,
    uiDomain: PORTAL.uiDomain,
    dataHostingLocation: PORTAL.dataHostingLocation,
  });
}

/** The coming midnight in the account's time zone, when the daily count starts again. */
function nextMidnight(nowMs: number): string {
  const offsetMs = offsetMinutes(nowMs) * 60_000;
  const localMs = nowMs + offsetMs;
  return new Date(Math.floor(localMs / DAY_MS) * DAY_MS + DAY_MS - offsetMs).toISOString();
}

function apiUsage(call: Call): Reply {
  const { limits } = call.world;
  return ok({
    results: [
      {
        name: 'private-apps-api-calls-daily',
        usageLimit: limits.settings.dailyMax,
        currentUsage: limits.usedToday,
        collectedAt: new Date(call.nowMs).toISOString(),
        fetchStatus: 'SUCCESS',
        resetsAt: nextMidnight(call.nowMs),
      },
    ],
  });
}

const INT64 = { min: 0, max: Number.MAX_SAFE_INTEGER };

function securityActivity(call: Call): Reply {
  const from = queryInteger(call, 'fromTimestamp', { fallback: 0, ...INT64 });
  const to = queryInteger(call, 'toTimestamp', { fallback: INT64.max, ...INT64 });
  const userId = queryInteger(call, 'userId', { fallback: 0, min: 0, max: 2_147_483_647 });
  const limit = queryLimit(call, LIMITS.activityPageMax, LIMITS.activityPageMax);
  const matching = call.world.tokens
    .events()
    .filter((event) => {
      const at = Date.parse(event.createdAt);
      return at >= from && at <= to && (userId === 0 || event.userId === userId);
    })
    .map((event) => ({
      ...event,
      actingUser: OWNERS.find((owner) => owner.userId === event.userId)?.email ?? '',
      ipAddress: '192.0.2.10',
      countryCode: 'us',
      regionCode: 'ma',
      location: 'Cambridge, Massachusetts, United States',
      infoUrl: `https://${PORTAL.uiDomain}/private-apps/${String(PORTAL.portalId)}/${event.objectId}`,
    }))
    .reverse();
  return ok(pageByOffset(call, matching, limit));
}

function loginActivity(call: Call): Reply {
  const userId = queryInteger(call, 'userId', { fallback: 0, min: 0, max: 2_147_483_647 });
  const limit = queryLimit(call, LIMITS.activityPageMax, LIMITS.activityPageMax);
  const logins = OWNERS.filter((owner) => !owner.archived)
    .filter((owner) => userId === 0 || owner.userId === userId)
    .map((owner, index) => ({
      id: `login-${owner.id}`,
      loginAt: new Date(Math.floor(call.nowMs / DAY_MS) * DAY_MS - index * 3_600_000).toISOString(),
      userId: owner.userId,
      email: owner.email,
      loginSucceeded: true,
      ipAddress: '192.0.2.10',
      countryCode: 'us',
      userAgent: 'Mozilla/5.0',
    }));
  return ok(pageByOffset(call, logins, limit));
}

function assertInstant(call: Call, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === null) return undefined;
  const ms = parseInstant(text);
  if (ms === undefined) throw validationError(`${name} must be a date-time.`);
  return ms;
}

/** What people did, never what apps did: a change made through the API is not in this log. */
function auditLogs(call: Call): Reply {
  const after = assertInstant(call, 'occurredAfter') ?? 0;
  const before = assertInstant(call, 'occurredBefore') ?? INT64.max;
  const limit = queryLimit(call, LIMITS.activityPageMax, LIMITS.activityPageMax);
  const matching = call.world.store
    .effectsSince(0)
    .filter((effect) => effect.source === 'ui')
    .filter((effect) => Date.parse(effect.at) > after && Date.parse(effect.at) < before)
    .map((effect) => ({
      id: `audit-${String(effect.seq)}`,
      category: 'CRM_OBJECT',
      subCategory: effect.object_type.toUpperCase(),
      action: effect.effect.toUpperCase(),
      targetObjectId: effect.object_id,
      occurredAt: effect.at,
      actingUser: {
        userId: effect.user_id ?? 0,
        userEmail: OWNERS.find((owner) => owner.userId === effect.user_id)?.email ?? '',
      },
    }));
  return ok(pageByOffset(call, matching, limit));
}

/** Removes the calling app: all of its tokens are dead from here on. */
function uninstall(call: Call): Reply {
  const { tokens } = call.world;
  for (const token of tokens.ofApp(call.token.appId)) tokens.setState(token, 'revoked');
  tokens.noteEvent('UNINSTALL_INTEGRATION', String(call.token.appId), call.token.userId);
  return noContent;
}

/** The account itself: who we are, what was used, and what happened to its credentials. */
export function accountRoutes(): Route[] {
  const base = { method: 'GET', auth: 'bearer', budget: 'general', body: 'none' } as const;
  const open = { ...base, scopes: ACCOUNT_SCOPES } as const;
  const security = { ...base, scopes: SECURITY_SCOPES } as const;
  const paths = (suffix: string) => inFamily('account', suffix);
  return [
    { ...open, paths: paths('/details'), handler: details },
    { ...open, paths: paths('/api-usage/daily/private-apps'), handler: apiUsage },
    { ...security, paths: paths('/activity/security'), handler: securityActivity },
    { ...security, paths: paths('/activity/login'), handler: loginActivity },
    { ...security, paths: paths('/activity/audit-logs'), handler: auditLogs },
    {
      ...open,
      method: 'DELETE',
      paths: [
        { version: '2026-09', path: '/appinstalls/2026-09/external-install' },
        { version: '2026-03', path: '/appinstalls/2026-03/external-install' },
      ],
      handler: uninstall,
    },
  ];
}
