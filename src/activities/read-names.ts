import type { z } from 'zod';
import {
  DefinitionsSchema,
  type Owner,
  OwnerSchema,
  PipelinesSchema,
} from '../actions/definition-shapes.ts';
import {
  namesOfType,
  type OwnerField,
  ownerFields,
  ownerIds,
  readDefinitions,
  readOwner,
  readPipelines,
  type ShownType,
  type Told,
  typesToName,
  withOwners,
} from '../actions/definitions.ts';
import type { ShownField } from '../actions/shown-fields.ts';
import type { Operation } from '../contracts/plan.ts';
import { type CrmNames, NO_NAMES } from '../core/crm-names.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { AuditEvent } from '../core/records.ts';
import { type CallFor, guardedReads } from '../gate/request-calls.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Nobody renames a stage from one minute to the next, and the cards of a batch ask once. */
const HELD_MS = 60_000;
const HELD_MAX = 20;

interface Held {
  readonly answer: CrmAnswer;
  readonly untilMs: number;
}

interface Reading {
  readonly deps: Pick<ActivityDependencies, 'store' | 'crm'>;
  readonly held: Map<string, Held>;
  readonly of: CallFor;
  /** Of all answers so far, for the caller to commit, also where the next one does not come. */
  readonly entries: AuditEvent[];
}

const keyOf = ({ credential: { connection, version } }: CallFor, { path, query }: Operation) =>
  JSON.stringify([connection, version, path, query]);

/** The oldest goes first. What was refused is asked again: a scope may have been given meanwhile. */
function hold({ held, of }: Reading, operation: Operation, answer: CrmAnswer): void {
  if (answer.kind !== 'answered') return;
  const key = keyOf(of, operation);
  held.delete(key);
  const [oldest] = held.keys();
  if (held.size >= HELD_MAX && oldest !== undefined) held.delete(oldest);
  held.set(key, { answer, untilMs: performance.now() + HELD_MS });
}

function heldAnswer({ held, of }: Reading, operation: Operation): CrmAnswer | undefined {
  const found = held.get(keyOf(of, operation));
  return found !== undefined && found.untilMs > performance.now() ? found.answer : undefined;
}

/** Guarded reads of what is not held. */
async function answersOf(
  reading: Reading,
  operations: readonly Operation[],
): Promise<ReadonlyMap<Operation, CrmAnswer>> {
  const found = operations.map((operation) => [operation, heldAnswer(reading, operation)] as const);
  const missing = found.filter(([, answer]) => answer === undefined).map(([one]) => one);
  const { answers, entries } = await guardedReads(reading.deps, reading.of, missing);
  reading.entries.push(...entries);
  const fresh = new Map(missing.map((one, at) => [one, answers[at] as CrmAnswer] as const));
  for (const [operation, answer] of fresh) hold(reading, operation, answer);
  return new Map(found.map(([one, answer]) => [one, answer ?? (fresh.get(one) as CrmAnswer)]));
}

/** What is no answer now may be one later. What is garbled or too large is so a second time. */
const isPassing = (answer: Exclude<CrmAnswer, { kind: 'answered' }>): boolean =>
  answer.code !== 'hubspot.bad_answer' &&
  (answer.kind !== 'refused' || answer.code === 'hubspot.unauthorized');

/** Throws the code of what passes: the card waits for HubSpot, as it does for its records. */
function toldBy<Schema extends z.ZodType>(
  answer: CrmAnswer | undefined,
  schema: Schema,
): Told<z.output<Schema>> {
  if (answer === undefined) return { kind: 'untold', why: 'other' };
  if (answer.kind !== 'answered') {
    if (isPassing(answer)) throw new GatewayError(answer.code);
    return { kind: 'untold', why: answer.code === 'hubspot.missing_scope' ? 'scope' : 'other' };
  }
  const { data } = schema.safeParse(answer.json);
  return data === undefined ? { kind: 'untold', why: 'other' } : { kind: 'told', data };
}

const isUnknown = (answer: CrmAnswer | undefined): boolean =>
  answer?.kind === 'refused' && answer.code === 'record.not_found';

/** Who has left is not found among those who are there, and is asked for once more. */
async function readOwners(
  reading: Reading,
  fields: readonly OwnerField[],
): Promise<ReadonlyMap<string, Told<Owner> | undefined>> {
  const owners = new Map<string, Told<Owner> | undefined>();
  const type = fields[0]?.field.objectType ?? 'contacts';
  for (const isArchived of [false, true]) {
    const ids = ownerIds(fields).filter((id) => owners.get(id) === undefined);
    const reads = ids.map((id) => [id, readOwner(type, id, isArchived)] as const);
    const operations = reads.map(([, read]) => read);
    const answers = await answersOf(reading, operations);
    for (const [id, read] of reads) {
      const answer = answers.get(read);
      owners.set(id, isUnknown(answer) ? undefined : toldBy(answer, OwnerSchema));
    }
  }
  return owners;
}

async function namesOf(reading: Reading, types: readonly ShownType[]): Promise<CrmNames> {
  const reads = types.map((type) => ({
    type,
    definitions: readDefinitions(type),
    pipelines: readPipelines(type),
  }));
  const operations = reads.flatMap(({ definitions, pipelines }) =>
    pipelines === undefined ? [definitions] : [definitions, pipelines],
  );
  const answers = await answersOf(reading, operations);
  const told = reads.map(({ type, definitions, pipelines }) => ({
    type,
    definitions: toldBy(answers.get(definitions), DefinitionsSchema),
    pipelines: pipelines && toldBy(answers.get(pipelines), PipelinesSchema),
  }));
  const names = new Map(told.flatMap((one) => [...namesOfType(one.type, one)]));
  const owned = told.flatMap((one) => ownerFields(one.type, one));
  return withOwners(names, owned, await readOwners(reading, owned));
}

/**
 * Reads what HubSpot calls the values of these fields where nobody types them, and nothing else: a plain note costs no
 * call. What it told is held for a minute, for each version of a credential. What the key may not read, or is not there,
 * leaves the values as they are, with a remark. The answers' entries are added to `entries`, also where this throws:
 * HubSpot's passing codes, and what `guardedReads` throws.
 */
export function createNameReader(deps: Pick<ActivityDependencies, 'store' | 'crm'>) {
  const held = new Map<string, Held>();
  return async function readNames(
    of: CallFor,
    fields: readonly ShownField[],
    entries: AuditEvent[],
  ): Promise<CrmNames> {
    const types = typesToName(fields);
    return types.length === 0 ? NO_NAMES : namesOf({ deps, held, of, entries }, types);
  };
}
