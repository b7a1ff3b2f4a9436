import type { z } from 'zod';
import type { ObjectType, Operation } from '../contracts/plan.ts';
import { getOperation } from '../core/get-operation.ts';
import {
  AUDIT_LOGS_PATH,
  batchReadPath,
  modifiedProperty,
  objectsPath,
  propertiesPath,
  searchPath,
} from '../core/hubspot-paths.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Crm, CrmAnswer, NoTurn } from '../ports/crm.ts';
import type { Store } from '../ports/store.ts';
import { guardedCall, type GuardedBy } from './guarded-call.ts';

/** Limits of HubSpot's, and our own on top of them. */
export const RADAR_LIMITS = {
  searchPageMax: 200,
  /** Of one search, however it is paged. */
  searchResultsMax: 10_000,
  searchPagesMax: 500,
  historiesMax: 50,
  listPageMax: 100,
  /** HubSpot lists its bin of 90 days by id, with no way to begin at a time. */
  archivedPagesMax: 100,
  auditPagesMax: 50,
  attemptsMax: 3,
  pauseMs: 1_000,
} as const;

/** One sweep's calls: on whose account, until when, and how it waits. */
export interface RadarCalls extends GuardedBy {
  readonly store: Store;
  readonly crm: Crm;
  /** Waits; rejects when the sweep is to stop. */
  readonly pause: (ms: number) => Promise<void>;
  /** By our clock: a call that would begin later is not made. */
  readonly until: Date;
  readonly clock: () => Date;
}

/** What HubSpot did not give, and whether another time may. */
export interface NoAnswer {
  readonly code: ErrorCode;
  readonly isPassing: boolean;
}

export type Asked<T> =
  { readonly kind: 'answered'; readonly data: T } | ({ readonly kind: 'none' } & NoAnswer);

const hasTime = ({ until, clock }: RadarCalls, ms: number): boolean =>
  clock().getTime() + ms < until.getTime();

/** The radar waits for its turn as long as the sweep has time: nobody waits for it. */
async function awaitTurn(of: RadarCalls, operation: Operation): Promise<NoTurn | undefined> {
  for (;;) {
    const noTurn = await of.crm.takeTurns([operation], of.credential, of.purpose);
    if (noTurn === undefined) return undefined;
    const waitMs = noTurn.retryAfterSeconds * 1_000;
    if (noTurn.code === 'hubspot.daily_limited' || !hasTime(of, waitMs)) return noTurn;
    await of.pause(waitMs);
  }
}

/** Its answer would be the same, however often one asks. */
const isSettled = ({ kind }: CrmAnswer): boolean => kind === 'answered' || kind === 'refused';

async function call(of: RadarCalls, operation: Operation): Promise<CrmAnswer> {
  let answer: CrmAnswer = { kind: 'unsent', code: 'hubspot.timeout' };
  for (let attempt = 1; attempt <= RADAR_LIMITS.attemptsMax; attempt += 1) {
    if (!hasTime(of, 0)) break;
    const noTurn = await awaitTurn(of, operation);
    if (noTurn !== undefined) return { kind: 'unsent', ...noTurn };
    answer = await guardedCall(of.store, of, operation, () =>
      of.crm.call(operation, of.credential, of.purpose),
    );
    // What is too large or garbled is so a second time; a smaller question may be answered.
    if (isSettled(answer) || ('code' in answer && answer.code === 'hubspot.bad_answer')) break;
    const saidMs = 'retryAfterSeconds' in answer ? (answer.retryAfterSeconds ?? 0) * 1_000 : 0;
    const waitMs = Math.max(saidMs, RADAR_LIMITS.pauseMs);
    if (attempt === RADAR_LIMITS.attemptsMax || !hasTime(of, waitMs)) break;
    await of.pause(waitMs);
  }
  return answer;
}

/** Asks, again where that may help, and reads the answer. Throws as `guardedCall` does. */
export async function ask<Schema extends z.ZodType>(
  of: RadarCalls,
  operation: Operation,
  schema: Schema,
): Promise<Asked<z.output<Schema>>> {
  const answer = await call(of, operation);
  if (answer.kind !== 'answered')
    return { kind: 'none', code: answer.code, isPassing: answer.kind !== 'refused' };
  const parsed = schema.safeParse(answer.json);
  if (!parsed.success) return { kind: 'none', code: 'hubspot.bad_answer', isPassing: true };
  return { kind: 'answered', data: parsed.data };
}

/** Records whose last change is not before `fromMs`, that first; `untilMs` lies in the future. */
export function searchChanged(
  object_type: ObjectType,
  of: { readonly fromMs: number; readonly untilMs: number; readonly after?: string | undefined },
): Operation {
  const propertyName = modifiedProperty(object_type);
  const [value, highValue] = [String(of.fromMs), String(of.untilMs)];
  const body = {
    filterGroups: [{ filters: [{ propertyName, operator: 'BETWEEN', value, highValue }] }],
    sorts: [{ propertyName, direction: 'ASCENDING' }],
    properties: [propertyName],
    limit: RADAR_LIMITS.searchPageMax,
    ...(of.after === undefined ? {} : { after: of.after }),
  };
  return {
    ...{ kind: 'search', object_type, method: 'POST', path: searchPath(object_type), query: {} },
    body: JSON.stringify(body),
  };
}

export const listArchived = (
  object_type: ObjectType,
  properties: readonly string[],
  after: string | undefined,
): Operation =>
  getOperation(object_type, objectsPath(object_type), {
    archived: 'true',
    limit: String(RADAR_LIMITS.listPageMax),
    properties: properties.join(','),
    ...(after === undefined ? {} : { after }),
  });

export const readHistories = (
  object_type: ObjectType,
  ids: readonly string[],
  of: {
    readonly properties: readonly string[];
    readonly withHistory: readonly string[];
    readonly isArchived: boolean;
  },
): Operation => ({
  ...{ kind: 'read', object_type, method: 'POST', path: batchReadPath(object_type) },
  query: of.isArchived ? { archived: 'true' } : {},
  body: JSON.stringify({
    inputs: ids.map((id) => ({ id })),
    properties: of.properties,
    propertiesWithHistory: of.withHistory,
  }),
});

export const listProperties = (object_type: ObjectType): Operation =>
  getOperation(object_type, propertiesPath(object_type));

/** The object type is only what the question is asked for: HubSpot's log is of all of them. */
export const listPeoplesActions = (
  object_type: ObjectType,
  of: { readonly from: Date; readonly to: Date; readonly after: string | undefined },
): Operation =>
  getOperation(object_type, AUDIT_LOGS_PATH, {
    occurredAfter: of.from.toISOString(),
    occurredBefore: of.to.toISOString(),
    limit: String(RADAR_LIMITS.listPageMax),
    ...(of.after === undefined ? {} : { after: of.after }),
  });
