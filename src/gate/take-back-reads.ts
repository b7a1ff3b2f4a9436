import {
  type LinkType,
  linksIn,
  standingRecord,
  type StandingRecord,
} from '../actions/standing-record.ts';
import type { Operation, RecordRef } from '../contracts/plan.ts';
import { getOperation } from '../core/get-operation.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { associationsPath, recordPath } from '../core/hubspot-paths.ts';
import type { Crm, CrmAnswer } from '../ports/crm.ts';
import type { Store } from '../ports/store.ts';
import { answeredJson, type CallFor, guardedReads } from './request-calls.ts';

/** What became of a record. */
export type Standing =
  | ({ readonly kind: 'present' } & StandingRecord)
  | { readonly kind: 'archived' }
  | { readonly kind: 'merged'; readonly into: string }
  | { readonly kind: 'erased' };

/** What is between two records now; `unclear`: the list is too long to tell. */
export type Link =
  | { readonly kind: 'linked'; readonly types: readonly LinkType[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'unclear' };

interface ReadDependencies {
  readonly store: Store;
  readonly crm: Crm;
}

const AT_ONCE_MAX = 8;
/** A revert outlasts a busy minute of the account, not its day. */
const TURNS_MAX = 12;
const WAIT_MAX_MS = 15_000;
const SECOND_MS = 1_000;
const PASSING: ReadonlySet<ErrorCode> = new Set(['hubspot.rate_limited']);

const PAGE_MAX = 500;
const PAGES_MAX = 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const isPassing = (answer: CrmAnswer): boolean =>
  answer.kind !== 'answered' && PASSING.has(answer.code);

const waitOf = (answers: readonly CrmAnswer[]): number => {
  const seconds = answers.map((answer) =>
    'retryAfterSeconds' in answer ? (answer.retryAfterSeconds ?? 0) : 0,
  );
  return Math.min(Math.max(1, ...seconds) * SECOND_MS, WAIT_MAX_MS);
};

/**
 * Reads, each with its intent before it and its answer after it in the log; again where a limit has to
 * pass. Throws `freeze.active`, `credential.missing`, `store.unavailable`.
 */
async function readAll(
  deps: ReadDependencies,
  of: CallFor,
  operations: readonly Operation[],
): Promise<readonly CrmAnswer[]> {
  for (let turn = 1; ; turn += 1) {
    const { answers, entries } = await guardedReads(deps, of, operations);
    if (entries.length > 0)
      await deps.store.commit(async (tx) => {
        for (const entry of entries) await tx.log.append(entry);
      });
    if (turn === TURNS_MAX || !answers.some(isPassing)) return answers;
    await pause(waitOf(answers));
  }
}

const isMissing = (answer: CrmAnswer): boolean =>
  answer.kind === 'refused' && answer.code === 'record.not_found';

/** A record, and the properties of it that are asked about. */
export interface Place extends RecordRef {
  readonly properties: readonly string[];
}

const readPlace = ({ object_type, id, properties }: Place): Operation => {
  const names = properties.join(',');
  return getOperation(object_type, recordPath(object_type, id), {
    properties: names,
    propertiesWithHistory: names,
  });
};

const readArchived = ({ object_type, id }: Place): Operation =>
  getOperation(object_type, recordPath(object_type, id), {
    properties: 'hs_object_id',
    archived: 'true',
  });

function presentStanding(id: string, answer: CrmAnswer): Standing {
  const record = standingRecord(answeredJson(answer));
  if (record === undefined) throw new GatewayError('hubspot.bad_answer');
  // The id of a record that was merged answers as the one it was merged into.
  return record.id === id ? { kind: 'present', ...record } : { kind: 'merged', into: record.id };
}

function goneStanding(id: string, answer: CrmAnswer): Standing {
  if (isMissing(answer)) return { kind: 'erased' };
  const record = standingRecord(answeredJson(answer));
  if (record === undefined) throw new GatewayError('hubspot.bad_answer');
  return record.id === id ? { kind: 'archived' } : { kind: 'merged', into: record.id };
}

async function readSome(
  deps: ReadDependencies,
  of: CallFor,
  places: readonly Place[],
): Promise<readonly Standing[]> {
  const first = await readAll(deps, of, places.map(readPlace));
  const gone = places.filter((_, i) => isMissing(first[i] as CrmAnswer));
  const second = await readAll(deps, of, gone.map(readArchived));
  return places.map((place, i) => {
    const at = gone.indexOf(place);
    return at === -1
      ? presentStanding(place.id, first[i] as CrmAnswer)
      : goneStanding(place.id, second[at] as CrmAnswer);
  });
}

/** Strongly consistent, by id and never by search. Throws the code of an answer that is none. */
export async function readStandings(
  deps: ReadDependencies,
  of: CallFor,
  places: readonly Place[],
  onRead: (records: number) => void,
): Promise<readonly Standing[]> {
  const found: Standing[] = [];
  for (let at = 0; at < places.length; at += AT_ONCE_MAX) {
    const part = places.slice(at, at + AT_ONCE_MAX);
    found.push(...(await readSome(deps, of, part)));
    onRead(part.length);
  }
  return found;
}

/** Which types there are between two records, from the list of the first one. */
export async function readLink(
  deps: ReadDependencies,
  of: CallFor,
  { from, to }: { readonly from: RecordRef; readonly to: RecordRef },
): Promise<Link> {
  const path = associationsPath(from.object_type, from.id, to.object_type);
  const types: LinkType[] = [];
  let query: Record<string, string> = { limit: String(PAGE_MAX) };
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const [answer] = await readAll(deps, of, [getOperation(from.object_type, path, query)]);
    if (answer === undefined) throw new GatewayError('internal.unexpected');
    const listed = linksIn(answeredJson(answer), to.id);
    if (listed === undefined) throw new GatewayError('hubspot.bad_answer');
    types.push(...listed.types);
    if (listed.after === undefined)
      return types.length === 0 ? { kind: 'none' } : { kind: 'linked', types };
    query = { ...query, after: listed.after };
  }
  return { kind: 'unclear' };
}
