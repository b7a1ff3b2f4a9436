import { z } from 'zod';
import type { PresentRecord } from '../actions/define-action.ts';
import { type CrmRecord, CrmRecordSchema } from '../actions/hubspot-shapes.ts';
import type { Operation, Witness } from '../contracts/plan.ts';
import { GatewayError } from '../core/errors.ts';
import { associationsPath, objectsPath, recordPath } from '../core/hubspot-paths.ts';
import type { RequestRecord } from '../core/records.ts';
import { hasBegun, isTerminal } from '../core/request-state.ts';
import { assertOneDigest } from '../gate/begin.ts';
import { markUnknown } from '../gate/close.ts';
import { type Outcome, recordOutcome } from '../gate/outcome.ts';
import { readLogged } from '../gate/logged.ts';
import { stepFact, stepPlan } from '../core/steps.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { CredentialLease } from './fetch-secret.ts';
import { type CallFor, guardedReads } from './guarded-reads.ts';

/** What reading HubSpot says of a write whose answer was lost. */
export type Settlement =
  /** Settled, or never begun: the record says the rest. */
  | { readonly kind: 'ended' }
  /** Nothing is open: it was never begun, or its next step is due. */
  | { readonly kind: 'not_begun' }
  /** HubSpot does not have it (yet); `sinceMs` is the time since it may last have been sent. */
  | { readonly kind: 'absent'; readonly sinceMs: number }
  /** Something else stands there, or HubSpot cannot be read: look again later. */
  | { readonly kind: 'unclear' };

type Sighting =
  | { readonly kind: 'found'; readonly record: CrmRecord }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unclear' };

/** Newest first: HubSpot's ids grow with time, its batch read takes 100. */
const BATCH_READ_MAX = 100;
const ASSOCIATIONS_PAGE_MAX = 500;

const AssociationsSchema = z.object({
  results: z.array(z.object({ toObjectId: z.union([z.string(), z.number()]).transform(String) })),
  paging: z.object({ next: z.unknown().optional() }).optional(),
});
const BatchSchema = z.object({ results: z.array(CrmRecordSchema) });

/** Only a whole answer can say that something is not there: 207 (some could not be read) cannot. */
const isWhole = (answer: CrmAnswer): answer is Extract<CrmAnswer, { kind: 'answered' }> =>
  answer.kind === 'answered' && answer.status === 200;

type Look = (operation: Operation) => Promise<CrmAnswer>;

const readOperation = (
  objectType: Operation['object_type'],
  path: string,
  query: Record<string, string>,
): Operation => ({
  kind: 'read',
  object_type: objectType,
  method: 'GET',
  path,
  query,
  body: null,
});

const batchRead = (
  objectType: Operation['object_type'],
  ids: readonly string[],
  property: string,
): Operation => ({
  kind: 'read',
  object_type: objectType,
  method: 'POST',
  path: `${objectsPath(objectType)}/batch/read`,
  query: {},
  body: JSON.stringify({
    inputs: ids.map((id) => ({ id })),
    properties: [property],
    propertiesWithHistory: [],
  }),
});

const newestFirst = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? 1 : -1);

/** Which of the listed records carries the marker; `unclear` as soon as one of them is not shown. */
async function findMarked(
  witness: Extract<Witness, { kind: 'association' }>,
  ids: readonly string[],
  look: Look,
): Promise<Sighting> {
  for (let from = 0; from < ids.length; from += BATCH_READ_MAX) {
    const part = ids.slice(from, from + BATCH_READ_MAX);
    const read = await look(batchRead(witness.to_type, part, witness.property));
    if (read.kind !== 'answered') return { kind: 'unclear' };
    const { results } = BatchSchema.parse(read.json);
    const record = results.find(({ properties }) =>
      properties[witness.property]?.includes(witness.marker),
    );
    if (record !== undefined) return { kind: 'found', record };
    if (!isWhole(read) || results.length < part.length) return { kind: 'unclear' };
  }
  return { kind: 'absent' };
}

/** A created engagement carries the operation marker; association lists show it at once, search does not. */
async function lookForMarker(
  witness: Extract<Witness, { kind: 'association' }>,
  look: Look,
): Promise<Sighting> {
  const path = associationsPath(witness.from.object_type, witness.from.id, witness.to_type);
  const query = { limit: String(ASSOCIATIONS_PAGE_MAX) };
  const listed = await look(readOperation(witness.from.object_type, path, query));
  if (!isWhole(listed)) return { kind: 'unclear' };
  const { results, paging } = AssociationsSchema.parse(listed.json);
  const ids = results.map(({ toObjectId }) => toObjectId).toSorted(newestFirst);
  const found = await findMarked(witness, ids, look);
  // What lies on further pages was not looked at.
  return found.kind === 'absent' && paging?.next !== undefined ? { kind: 'unclear' } : found;
}

const holds = (record: CrmRecord, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(
    ([property, value]) => (record.properties[property] ?? '') === value,
  );

async function lookForUnique(
  witness: Extract<Witness, { kind: 'unique' }>,
  look: Look,
): Promise<Sighting> {
  const query = {
    idProperty: witness.id_property,
    properties: Object.keys(witness.properties).join(','),
  };
  const answer = await look(
    readOperation(witness.object_type, recordPath(witness.object_type, witness.value), query),
  );
  if (answer.kind === 'refused' && answer.code === 'record.not_found') return { kind: 'absent' };
  if (answer.kind !== 'answered') return { kind: 'unclear' };
  const record = CrmRecordSchema.parse(answer.json);
  return holds(record, witness.properties) ? { kind: 'found', record } : { kind: 'unclear' };
}

/** An update shows in the record: the new values, the old ones (absent), or somebody else's (unclear). */
async function lookBack(
  witness: Extract<Witness, { kind: 'read_back' }>,
  seen: readonly PresentRecord[],
  look: Look,
): Promise<Sighting> {
  const query = { properties: Object.keys(witness.properties).join(',') };
  const answer = await look(
    readOperation(witness.object_type, recordPath(witness.object_type, witness.id), query),
  );
  if (answer.kind !== 'answered') return { kind: 'unclear' };
  const record = CrmRecordSchema.parse(answer.json);
  if (holds(record, witness.properties)) return { kind: 'found', record };
  const before = seen.find(
    ({ object_type, id }) => object_type === witness.object_type && id === witness.id,
  );
  const isUntouched = Object.keys(witness.properties).every(
    (property) => (record.properties[property] ?? null) === (before?.properties[property] ?? null),
  );
  return isUntouched ? { kind: 'absent' } : { kind: 'unclear' };
}

function sight(request: RequestRecord, step: number, look: Look): Promise<Sighting> {
  const witness = request.plan?.steps[step - 1]?.witness;
  switch (witness?.kind) {
    case 'association':
      return lookForMarker(witness, look);
    case 'unique':
      return lookForUnique(witness, look);
    case 'read_back':
      return lookBack(witness, request.seen ?? [], look);
    case undefined:
      return Promise.resolve({ kind: 'unclear' });
  }
}

type Stored = Pick<ActivityDependencies, 'store'>;

/** Nothing is unknown between two steps. */
async function goOn({ store }: Stored, { id }: RequestRecord): Promise<void> {
  await store.commit(async (tx) => {
    const now = await tx.requests.get(id);
    if (now?.status === 'outcome_unknown') await tx.requests.update(id, { status: 'executing' });
  });
}

async function noteAbsence(
  { store }: Stored,
  { id, agentId, digest }: RequestRecord,
): Promise<void> {
  await store.commit((tx) =>
    tx.log.append({
      event: 'hubspot.absent',
      requestId: id,
      agentId,
      actor: 'gateway',
      digest: digest ?? undefined,
    }),
  );
}

async function settleFound(
  { store }: Stored,
  request: RequestRecord,
  step: number,
  record: CrmRecord,
): Promise<Outcome> {
  return store.commit(async (tx) => {
    await tx.log.append({
      event: 'hubspot.settled',
      requestId: request.id,
      agentId: request.agentId,
      actor: 'gateway',
      digest: request.digest ?? undefined,
      facts: { settled: 'executed', object_id: record.id, ...stepFact(request.plan, step) },
    });
    const plan = request.plan === null ? undefined : stepPlan(request.plan, step);
    if (plan === undefined) throw new GatewayError('plan.tampered');
    const attempt = { request, step, plan, present: request.seen ?? [], isResend: false };
    return recordOutcome(tx, attempt, { kind: 'answered', status: 200, json: record });
  });
}

/**
 * Step 5: settles a write whose answer was lost by strongly consistent reads, never by search (its
 * index lags by up to half a minute) and never by sending again. Without a credential nothing is read
 * and the write is said to be unknown. Safe to run any number of times. Errors: `plan.tampered`, `freeze.active`, `credential.missing`, `secret.unavailable`, `store.unavailable`.
 */
export function createReconcileWrite(deps: ActivityDependencies) {
  const lookerFor =
    (of: CallFor): Look =>
    async (operation) => {
      const { answers, entries } = await guardedReads(deps, of, [operation]);
      await deps.store.commit(async (tx) => {
        for (const entry of entries) await tx.log.append(entry);
      });
      const [answer] = answers;
      if (answer === undefined) throw new GatewayError('internal.unexpected');
      return answer;
    };

  return async function reconcileWrite(
    requestId: string,
    credential: CredentialLease | undefined,
  ): Promise<Settlement> {
    const request = await deps.store.requests.get(requestId);
    if (request === undefined || isTerminal(request.status)) return { kind: 'ended' };
    if (!hasBegun(request.status)) return { kind: 'not_begun' };
    const { begunAt, step } = await loggedBegin(deps, request);
    if (step === undefined) {
      await goOn(deps, request);
      return { kind: 'not_begun' };
    }
    if (request.status === 'executing') {
      await deps.store.commit(async (tx) => {
        const now = await tx.requests.get(requestId);
        if (now !== undefined) await markUnknown(tx, now, 'worker lost');
      });
    }
    if (credential === undefined) return { kind: 'unclear' };
    const of: CallFor = { requestId, agentId: request.agentId, credential, purpose: 'reconcile' };
    const sighting = await sight(request, step, lookerFor(of));
    if (sighting.kind === 'unclear') return { kind: 'unclear' };
    if (sighting.kind === 'absent') {
      await noteAbsence(deps, request);
      return { kind: 'absent', sinceMs: deps.clock().getTime() - begunAt.getTime() };
    }
    const outcome = await settleFound(deps, request, step, sighting.record);
    return { kind: outcome.kind === 'more' ? 'not_begun' : 'ended' };
  };
}

interface OpenBegin {
  readonly begunAt: Date;
  /** Which step's answer is not known; `undefined` between two steps. */
  readonly step: number | undefined;
}

/**
 * When the write may last have been sent. Throws `plan.tampered` for a row that says it was begun while
 * the log does not, or whose plan is not the logged one: looking for it would say "absent", and the
 * write would be sent.
 */
async function loggedBegin(deps: ActivityDependencies, request: RequestRecord): Promise<OpenBegin> {
  const logged = await readLogged(deps.store, request.id);
  assertOneDigest(request, logged, []);
  const { begunAt, begunStep, doneStep } = logged;
  if (logged.end === undefined && begunAt !== undefined)
    return { begunAt, step: begunStep > doneStep ? begunStep : undefined };
  const detail = `the log says that it ${logged.end === undefined ? 'was never begun' : `ended as ${logged.end.status}`}`;
  throw new GatewayError('plan.tampered', { detail });
}
