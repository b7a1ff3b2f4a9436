import { AccountSchema, FoundSchema, TokenInfoSchema } from '../actions/account-shapes.ts';
import type { Operation } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { searchPath } from '../core/hubspot-paths.ts';
import type { ConnectionRecord } from '../core/records.ts';
import {
  callRead,
  callSetup,
  type ConnectDependencies,
  type Connecting,
} from './connection-calls.ts';
import { adoptCandidate, type Candidate } from './credentials.ts';
import { type Preparation, prepareProperties, uniqueProperties } from './connection-properties.ts';
import { compareScopes, type ScopeReport } from './connection-scopes.ts';
import { failureOf } from './guarded-call.ts';

interface Account {
  readonly portalId: number;
  readonly accountType: string | null;
  readonly timeZone: string | null;
}

interface Token {
  /** What HubSpot's look-up for private apps and service keys knows; `unknown` for any other. */
  readonly type: 'private_app_or_service_key' | 'unknown';
  readonly appId: number | null;
  readonly version: number;
}

export type FirstRead =
  | { readonly objectType: string; readonly found: number }
  | { readonly objectType: string; readonly code: ErrorCode; readonly detail: string | null };

/** What was found; the operator's answer and the facts of the log. */
export interface ConnectReport extends Account {
  readonly connection: string;
  readonly token: Token;
  /** Null when HubSpot does not say what the token may do. */
  readonly scopes: ScopeReport | null;
  readonly properties: readonly Preparation[];
  readonly firstRead: FirstRead;
}

interface Identified {
  readonly account: Account;
  readonly token: Token;
  readonly scopes: ScopeReport | null;
}

const badAnswer = (detail: string) => new GatewayError('hubspot.bad_answer', { detail });

/** `undefined`: the token may not read it. */
async function readAccount(
  deps: ConnectDependencies,
  of: Connecting,
): Promise<Account | undefined> {
  const answer = await callSetup(deps, of, { kind: 'read_account' });
  if (answer.kind === 'refused' && answer.code === 'hubspot.missing_scope') return undefined;
  if (answer.kind !== 'answered') throw failureOf(answer);
  const account = AccountSchema.safeParse(answer.json);
  if (!account.success) throw badAnswer('the account’s details');
  return account.data;
}

async function readToken(deps: ConnectDependencies, of: Connecting) {
  const answer = await callSetup(deps, of, { kind: 'read_token' });
  if (answer.kind === 'refused') return undefined;
  if (answer.kind !== 'answered') throw failureOf(answer);
  const token = TokenInfoSchema.safeParse(answer.json);
  if (!token.success) throw badAnswer('what the token may do');
  return token.data;
}

async function identify(deps: ConnectDependencies, of: Connecting): Promise<Identified> {
  const account = await readAccount(deps, of);
  const info = await readToken(deps, of);
  const portalId = account?.portalId ?? info?.hubId;
  if (portalId === undefined)
    throw new GatewayError('hubspot.missing_scope', {
      detail: 'the token may not say which account it belongs to; it needs the scope oauth',
    });
  if (info !== undefined && info.hubId !== portalId)
    throw badAnswer('two account numbers for one token');
  const { version } = of.credential;
  return {
    account: account ?? { portalId, accountType: null, timeZone: null },
    token:
      info === undefined
        ? { type: 'unknown', appId: null, version }
        : { type: 'private_app_or_service_key', appId: info.appId, version },
    scopes: info === undefined ? null : compareScopes(info.scopes),
  };
}

/** The first object type that the token may read, found as an agent's search finds it. */
async function readFirst(
  deps: ConnectDependencies,
  of: Connecting,
  granted: readonly string[],
): Promise<FirstRead> {
  const types = ['contacts', 'companies', 'deals'] as const;
  const objectType =
    types.find((type) => granted.includes(`crm.objects.${type}.read`)) ?? 'contacts';
  const search: Operation = {
    kind: 'search',
    object_type: objectType,
    method: 'POST',
    path: searchPath(objectType),
    query: {},
    body: JSON.stringify({ limit: 1, properties: ['hs_object_id'] }),
  };
  const answer = await callRead(deps, of, search);
  if (answer.kind !== 'answered') {
    const { code, detail } = failureOf(answer);
    return { objectType, code, detail: detail ?? null };
  }
  const found = FoundSchema.safeParse(answer.json);
  if (!found.success) return { objectType, code: 'hubspot.bad_answer', detail: null };
  return { objectType, found: found.data.total };
}

const factsOf = ({ scopes, properties, firstRead, ...report }: ConnectReport) => ({
  connection: report.connection,
  credential_version: report.token.version,
  token_type: report.token.type,
  app_id: report.token.appId,
  portal_id: report.portalId,
  account_type: report.accountType,
  time_zone: report.timeZone,
  scopes_missing: scopes?.missing.map(({ scope }) => scope) ?? null,
  scopes_surplus: scopes?.surplus ?? null,
  properties: Object.fromEntries(properties.map(({ objectType, state }) => [objectType, state])),
  first_read: 'found' in firstRead ? 'answered' : firstRead.code,
});

async function record(
  { store }: ConnectDependencies,
  { by, candidate }: ConnectOptions,
  report: ConnectReport,
  known: ConnectionRecord | undefined,
): Promise<void> {
  const { connection: name, portalId, accountType, timeZone, properties } = report;
  const before = known?.portalId === portalId ? known : undefined;
  await store.commit(async (tx) => {
    // One commit with what it opens: between the two nothing could be called.
    if (candidate !== undefined) await adoptCandidate(tx, { ...candidate, connection: name, by });
    await tx.connections.put({
      ...{ name, portalId, accountType, timeZone: timeZone ?? before?.timeZone ?? null },
      uniqueProperties: uniqueProperties(properties, before?.uniqueProperties ?? {}),
      checkedAt: tx.now,
      credentialVersion: report.token.version,
      accountSince:
        before === undefined && known !== undefined ? tx.now : (before?.accountSince ?? null),
      appId: report.token.appId,
    });
    await tx.log.append({ event: 'connection.checked', actor: by, facts: factsOf(report) });
  });
}

/** With these the log could not take the entry. */
const UNLOGGED: ReadonlySet<ErrorCode> = new Set(['store.unavailable', 'log.unavailable']);

async function logRefusal(
  { store }: ConnectDependencies,
  { credential, by }: Connecting,
  error: unknown,
): Promise<void> {
  if (!(error instanceof GatewayError) || UNLOGGED.has(error.code)) return;
  const { connection, version } = credential;
  const facts = { connection, credential_version: version };
  await store.commit((tx) =>
    tx.log.append({ event: 'connection.refused', actor: by, code: error.code, facts }),
  );
}

export interface ConnectOptions {
  readonly connection: string;
  readonly by: string;
  /** Undefined: the one in use. */
  readonly candidate?: Candidate | undefined;
  /** The connection is meant to lead to another account from now on. */
  readonly isPortalForced: boolean;
}

async function run(
  deps: ConnectDependencies,
  of: Connecting,
  options: ConnectOptions,
): Promise<ConnectReport> {
  const { connection, isPortalForced } = options;
  const known = await deps.store.connections.get(connection);
  const { account, token, scopes } = await identify(deps, of);
  if (known !== undefined && known.portalId !== account.portalId && !isPortalForced)
    throw new GatewayError('connection.portal_changed', {
      detail: `the connection ${connection} leads to account ${known.portalId}, the token to ${account.portalId}`,
    });
  const firstRead = await readFirst(deps, of, scopes?.granted ?? []);
  const properties = await prepareProperties(deps, of);
  const report = { connection, ...account, token, scopes, properties, firstRead };
  await record(deps, options, report, known);
  return report;
}

/**
 * Connects a HubSpot account: who the token is, what it may do, one read as proof, and a unique property
 * on each object type so that a created record can be found again by the request that made it. Safe to
 * run any number of times; what it did not reach, the next run does. Until its end the connection stays as
 * it was.
 *
 * Errors: `credential.missing`, `secret.conflict`, `hubspot.unauthorized`, `connection.portal_changed`, `freeze.active`, and
 * what HubSpot's trouble is called.
 */
export async function connectAccount(
  deps: ConnectDependencies,
  options: ConnectOptions,
): Promise<ConnectReport> {
  const { connection, by, candidate } = options;
  const { version } = candidate ?? (await deps.store.credentials.active(connection)) ?? {};
  if (version === undefined) throw new GatewayError('credential.missing');
  const isTrial = candidate !== undefined;
  const of: Connecting = { credential: { connection, version }, by, isTrial };
  try {
    return await run(deps, of, options);
  } catch (error) {
    await logRefusal(deps, of, error);
    throw error;
  }
}
