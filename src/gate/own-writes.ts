import { sentId, writtenValues } from '../actions/written-record.ts';
import { isTampered } from '../core/gateway-error.ts';
import type { ExecutedStep, RequestRecord } from '../core/records.ts';
import { MATCH_TOLERANCE_MS, type OwnWrite, type Span } from '../core/rogue-change.ts';
import type { RequestStatus } from '../core/request-state.ts';
import { executedSteps, stepPlan } from '../core/steps.ts';
import type { StoreReads } from '../ports/store.ts';
import { beginsOf } from './logged.ts';

/** A write of the gateway's, with where its record is. */
export interface LoggedWrite extends OwnWrite {
  readonly requestId: string;
  readonly step: number;
  /** When its outcome was on disk; null while it is not known. */
  readonly executedAt: Date | null;
}

export interface OwnWrites {
  readonly to: (objectType: string, objectId: string) => readonly LoggedWrite[];
  /** Creates whose record is not known yet, of this object type. */
  readonly openCreates: (objectType: string) => readonly LoggedWrite[];
  /** What does not open of the gateway's own record: it accounts for nothing. */
  readonly damaged: readonly string[];
}

const BEGUN: readonly RequestStatus[] = ['executing', 'outcome_unknown'];
const PAGE_ROWS = 500;
/** A lost write is open until it is settled, however long: from its begin on. */
const NEVER = new Date(8.64e15);

const around = (at: Date, before = at): Span => ({
  from: new Date(before.getTime() - MATCH_TOLERANCE_MS),
  to: new Date(Math.min(at.getTime() + MATCH_TOLERANCE_MS, NEVER.getTime())),
});

/** What it reads, or `undefined` when it is not what this gateway wrote, which is noted. */
async function legible<T>(
  name: string,
  damaged: string[],
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isTampered(error)) throw error;
    damaged.push(name);
    return undefined;
  }
}

/** The step that was begun and has no end yet; none between two steps. */
async function openWrite(store: StoreReads, request: RequestRecord): Promise<LoggedWrite[]> {
  const step = executedSteps(request) + 1;
  const plan = request.plan === null ? undefined : stepPlan(request.plan, step);
  const [operation] = plan?.operations ?? [];
  if (plan === undefined || operation === undefined || operation.kind === 'associate') return [];
  const begins = await beginsOf(store, request.id, step);
  const { kind, object_type: objectType } = operation;
  return [
    {
      ...{ kind, objectType, objectId: kind === 'create' ? null : sentId(operation) },
      values: kind === 'create' || kind === 'update' ? writtenValues(plan) : {},
      spans: begins.map((at) => around(NEVER, at)),
      isSettled: false,
      ...{ requestId: request.id, step, executedAt: null },
    },
  ];
}

async function openWrites(
  store: StoreReads,
  connection: string,
  damaged: string[],
): Promise<LoggedWrite[]> {
  const open: LoggedWrite[] = [];
  let after: string | undefined;
  for (;;) {
    const page = { limit: PAGE_ROWS, ...(after === undefined ? {} : { after }) };
    const ids = await store.requests.idsIn(BEGUN, page);
    for (const id of ids) {
      const found = await legible(id, damaged, async () => {
        const request = await store.requests.get(id);
        return request?.connection === connection ? openWrite(store, request) : [];
      });
      open.push(...(found ?? []));
    }
    after = ids.at(-1);
    if (ids.length < PAGE_ROWS) return open;
  }
}

/** Whether it created a record or changed one says the plan: by its values alone the one reads like the other. */
async function executedWrite(store: StoreReads, row: ExecutedStep): Promise<LoggedWrite> {
  const { requestId, step, objectType, objectId, after, executedAt } = row;
  const request = await store.requests.get(requestId);
  const kind = request?.plan?.operations[step - 1]?.kind ?? 'unknown';
  const made = { kind, objectType, objectId, values: after, isSettled: true };
  return { ...made, spans: [around(executedAt)], requestId, step, executedAt };
}

/**
 * What the gateway has done and may have done on a connection, to the records that are asked about. To be read
 * after HubSpot: what was seen there was begun before, and its intent is on disk. The open ones are read
 * first, so that one that ends in between is in both and none is in neither.
 */
export async function readOwnWrites(
  store: StoreReads,
  of: {
    readonly connection: string;
    readonly from: Date;
    readonly to: Date;
    readonly isWanted: (objectType: string, objectId: string) => boolean;
  },
): Promise<OwnWrites> {
  const damaged: string[] = [];
  const open = await openWrites(store, of.connection, damaged);
  const listed = await store.ledger.between(of.connection, of.from, of.to);
  const executed: LoggedWrite[] = [];
  for (const row of listed.rows) {
    if (!of.isWanted(row.objectType, row.objectId)) continue;
    const write = await legible(row.requestId, damaged, () => executedWrite(store, row));
    if (write !== undefined) executed.push(write);
  }
  const byRecord = Map.groupBy([...executed, ...open], keyOf);
  return {
    to: (objectType, objectId) => byRecord.get(keyOf({ objectType, objectId })) ?? [],
    openCreates: (objectType) =>
      open.filter((write) => write.objectId === null && write.objectType === objectType),
    damaged: [...damaged, ...listed.damaged],
  };
}

const keyOf = ({ objectType, objectId }: Pick<OwnWrite, 'objectType' | 'objectId'>): string =>
  `${objectType}/${objectId ?? ''}`;

/**
 * The same write with all the time in which HubSpot can have done it: one whose answer was lost is in the ledger
 * at the time when it was settled, and may have been sent more than once. From the log, so it is asked only
 * where something is not accounted for.
 */
export async function withBegins(store: StoreReads, write: LoggedWrite): Promise<LoggedWrite> {
  const { executedAt, requestId, step } = write;
  if (executedAt === null) return write;
  const begins = await beginsOf(store, requestId, step);
  if (begins.length === 0) return write;
  return { ...write, spans: begins.map((at) => around(executedAt, at)) };
}
