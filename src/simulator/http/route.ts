import type { Budget } from '../rate-limits.ts';
import type { ScopeSets } from '../object-types.ts';
import type { WriteContext } from '../records/context.ts';
import type { Store } from '../state/store.ts';
import type { TokenStore } from '../state/token-store.ts';
import type { TokenRecord } from '../state/types.ts';
import type { RateLimits } from '../rate-limits.ts';

export type ApiVersion = '2026-09' | '2026-03' | 'v3' | 'v4';

/** The parts of the simulator that routes reach. */
export type World = {
  store: Store;
  tokens: TokenStore;
  limits: RateLimits;
  switches: Switches;
};

/** Behaviours HubSpot has not written down, or that differ between accounts; set at the control door. */
type Switches = {
  uniqueOnActivities: boolean;
  /** Status of a partly failed batch on 2026-09 paths, whose file lists no 207. */
  partialBatchStatus: 'as_published' | 207;
  /** Admin rules: properties that must be set on create, per object. */
  requiredProperties: Partial<Record<string, readonly string[]>>;
};

/** One request, authenticated and parsed. */
export type Call = {
  world: World;
  method: string;
  path: string;
  version: ApiVersion;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  body: unknown;
  rawBody: Buffer;
  bodySha256: string;
  authorization: string | undefined;
  token: TokenRecord;
  nowMs: number;
};

export type Reply = { status: number; body?: unknown; headers?: Record<string, string> };

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Route = {
  method: Method;
  paths: readonly VersionedPath[];
  auth: 'bearer' | 'none';
  scopes: ScopeSets | ((call: Call) => ScopeSets);
  budget: Budget;
  body: 'json' | 'form' | 'none';
  handler: (call: Call) => Reply;
};

export type VersionedPath = { version: ApiVersion; path: string };

/** Where each family of calls lives in each version. */
const FAMILIES = {
  objects: [
    ['2026-09', '/crm/objects/2026-09'],
    ['2026-03', '/crm/objects/2026-03'],
    ['v3', '/crm/v3/objects'],
  ],
  recordAssociations: [
    ['2026-09', '/crm/objects/2026-09'],
    ['2026-03', '/crm/objects/2026-03'],
    ['v4', '/crm/v4/objects'],
  ],
  associations: [
    ['2026-09', '/crm/associations/2026-09'],
    ['2026-03', '/crm/associations/2026-03'],
    ['v4', '/crm/v4/associations'],
  ],
  associationLabels: [
    ['2026-09', '/crm/associations/2026-09'],
    ['2026-03', '/crm/associations/2026-03'],
    ['v4', '/crm/v4/associations'],
    ['v4', '/crm/associations/v4'],
  ],
  properties: [
    ['2026-09', '/crm/properties/2026-09'],
    ['2026-03', '/crm/properties/2026-03'],
    ['v3', '/crm/v3/properties'],
  ],
  pipelines: [
    ['2026-09', '/crm/pipelines/2026-09'],
    ['2026-03', '/crm/pipelines/2026-03'],
    ['v3', '/crm/v3/pipelines'],
  ],
  owners: [
    ['2026-09', '/crm/owners/2026-09'],
    ['2026-03', '/crm/owners/2026-03'],
    ['v3', '/crm/v3/owners'],
  ],
  account: [
    ['2026-09', '/account-info/2026-09'],
    ['2026-03', '/account-info/2026-03'],
    ['v3', '/account-info/v3'],
  ],
  oauth: [
    ['2026-09', '/oauth/2026-09'],
    ['2026-03', '/oauth/2026-03'],
    ['v3', '/oauth/v3'],
  ],
} as const satisfies Record<string, readonly (readonly [ApiVersion, string])[]>;

export function inFamily(family: keyof typeof FAMILIES, suffix: string): VersionedPath[] {
  return FAMILIES[family].map(([version, prefix]) => ({ version, path: `${prefix}${suffix}` }));
}

export function writeContext(call: Call): WriteContext {
  return {
    store: call.world.store,
    now: new Date(call.nowMs).toISOString(),
    actor: { source: 'api', token: call.token },
    request: { method: call.method, path: call.path, bodySha256: call.bodySha256 },
    adminRequired: call.world.switches.requiredProperties,
  };
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const created = (body: unknown): Reply => ({ status: 201, body });
export const noContent: Reply = { status: 204 };
