import { createHash } from 'node:crypto';
import type { AuditEntry } from '../../src/contracts/audit-entry.ts';
import type { RequestRecord } from '../../src/core/records.ts';
import type { LoggedRequest } from '../../src/simulator/request-log.ts';

/** Equal counts prove nothing: a call without an intent and an intent without a call make one each. */
export interface Unmatched {
  /** Calls that HubSpot saw and that no intent of their own was written for, as `POST /path`. */
  readonly calls: readonly string[];
  /** Intents whose call HubSpot never saw. */
  readonly intents: readonly string[];
}

type Call = Pick<LoggedRequest, 'at' | 'method' | 'path' | 'body_sha256'>;
type Intent = Pick<AuditEntry, 'event' | 'request_id' | 'timestamp' | 'hubspot_endpoint' | 'facts'>;

const isWrite = ({ method, path }: Call): boolean =>
  method !== 'GET' && !/\/(?:search|batch\/read)$/.test(path);

/** By the hash of what was sent, which carries the request's marker: whose operation it is. */
function operationsBySha(
  requests: readonly Pick<RequestRecord, 'id' | 'plan'>[],
): ReadonlyMap<string, string> {
  return new Map(
    requests.flatMap(({ id, plan }) =>
      (plan?.operations ?? []).flatMap(({ body }): [string, string][] =>
        body === null ? [] : [[createHash('sha256').update(body).digest('hex'), id]],
      ),
    ),
  );
}

/**
 * Gives each call the one intent that was written for it before: of its method and target, and of a
 * write that of its own request. Whatever is left over on either side stands alone.
 */
export function unmatchedCalls(
  calls: readonly Call[],
  entries: readonly Intent[],
  requests: readonly Pick<RequestRecord, 'id' | 'plan'>[],
): Unmatched {
  const owners = operationsBySha(requests);
  const open = new Set(entries.filter(({ event }) => event === 'hubspot.intended'));
  const alone: string[] = [];
  for (const call of calls) {
    const owner = owners.get(call.body_sha256 ?? '');
    const isIts = (intent: Intent): boolean =>
      intent.facts['method'] === call.method &&
      intent.hubspot_endpoint === call.path &&
      intent.timestamp <= call.at &&
      (!isWrite(call) || (intent.facts['purpose'] === 'execute' && intent.request_id === owner));
    const its = [...open].find(isIts);
    if (its === undefined) alone.push(`${call.method} ${call.path}`);
    else open.delete(its);
  }
  const unseen = [...open].map(
    ({ facts, hubspot_endpoint: endpoint }) => `${facts['method'] as string} ${endpoint ?? ''}`,
  );
  return { calls: alone, intents: unseen };
}
