import { ACTIONS } from '../actions/catalogue.ts';
import type { ActionDefinition } from '../actions/define-action.ts';

export interface ScopeReport {
  readonly granted: readonly string[];
  /** What the actions need and the token does not have, with the actions that HubSpot would refuse. */
  readonly missing: readonly { readonly scope: string; readonly actions: readonly string[] }[];
  /** What only widens what a stolen token can do. */
  readonly surplus: readonly string[];
}

/**
 * Not needed by an action and no surplus either: every app has `oauth`, the schema scopes let a connection
 * be prepared, and the last ones tell the radar what people have archived, and cards what owners are called. https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
 */
const ALLOWED: readonly string[] = [
  'oauth',
  'crm.schemas.contacts.write',
  'crm.schemas.companies.write',
  'crm.schemas.deals.write',
  // HubSpot's own security log, by which an incident sees that a key was rotated. It holds no records.
  'account-info.security.read',
  // Names of colleagues: without it a card shows an owner's number.
  'crm.objects.owners.read',
];

/**
 * The granted scopes beside the union of what actions need: `enabled` cannot do without theirs, and what no
 * action of the catalogue needs is surplus.
 */
export function compareScopes(
  granted: readonly string[],
  enabled: readonly ActionDefinition[] = ACTIONS,
): ScopeReport {
  const known = new Set(ACTIONS.flatMap(({ scopes }) => scopes));
  const needed = new Set(enabled.flatMap(({ scopes }) => scopes));
  const missing = [...needed].filter((scope) => !granted.includes(scope)).toSorted();
  return {
    granted: granted.toSorted(),
    missing: missing.map((scope) => ({
      scope,
      actions: enabled.filter(({ scopes }) => scopes.includes(scope)).map(({ name }) => name),
    })),
    surplus: granted.filter((scope) => !known.has(scope) && !ALLOWED.includes(scope)).toSorted(),
  };
}
