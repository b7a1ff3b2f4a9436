import { z } from 'zod';
import { associationAnswer } from '../actions/association.ts';
import { type CrmRecord, CrmRecordSchema } from '../actions/hubspot-shapes.ts';
import type { SeenRecord } from '../contracts/card.ts';
import type { Operation, RecordRef, Witness } from '../contracts/plan.ts';
import { getOperation } from '../core/get-operation.ts';
import { associationsPath, objectsPath, recordPath } from '../core/hubspot-paths.ts';
import { isSameValue } from '../core/same-value.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import { type Sighting, updateSighting } from './update-sighting.ts';

/** One read, with its intent and answer in the log. */
export type Look = (operation: Operation) => Promise<CrmAnswer>;

/** Newest first: HubSpot's ids grow with time, its batch read takes 100. */
const BATCH_READ_MAX = 100;
const ASSOCIATIONS_PAGE_MAX = 500;
/** 10,000 engagements on one record; beyond, a person has to look. */
const ASSOCIATION_PAGES_MAX = 20;

const AssociationsSchema = z.object({
  results: z.array(z.object({ toObjectId: z.union([z.string(), z.number()]).transform(String) })),
  paging: z.object({ next: z.object({ after: z.string().optional() }).optional() }).optional(),
});
const BatchSchema = z.object({ results: z.array(CrmRecordSchema) });

/** Only a whole answer can say that something is not there: 207 (some could not be read) cannot. */
const isWhole = (answer: CrmAnswer): answer is Extract<CrmAnswer, { kind: 'answered' }> =>
  answer.kind === 'answered' && answer.status === 200;

const isMissing = (answer: CrmAnswer): boolean =>
  answer.kind === 'refused' && answer.code === 'record.not_found';

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

/** Everything that is associated, all pages of it; `undefined` when some of it cannot be read. */
async function listAssociated(
  from: RecordRef,
  toType: Operation['object_type'],
  look: Look,
): Promise<readonly string[] | undefined> {
  const path = associationsPath(from.object_type, from.id, toType);
  const ids: string[] = [];
  let query: Record<string, string> = { limit: String(ASSOCIATIONS_PAGE_MAX) };
  for (let page = 0; page < ASSOCIATION_PAGES_MAX; page += 1) {
    const listed = await look(getOperation(from.object_type, path, query));
    if (!isWhole(listed)) return undefined;
    const { results, paging } = AssociationsSchema.parse(listed.json);
    ids.push(...results.map(({ toObjectId }) => toObjectId));
    if (paging?.next === undefined) return ids;
    if (paging.next.after === undefined) return undefined;
    query = { ...query, after: paging.next.after };
  }
  return undefined;
}

/** A created engagement carries the operation marker; association lists show it at once, search does not. */
async function lookForMarker(
  witness: Extract<Witness, { kind: 'association' }>,
  look: Look,
): Promise<Sighting> {
  const ids = await listAssociated(witness.from, witness.to_type, look);
  if (ids === undefined) return { kind: 'unclear' };
  return findMarked(witness, ids.toSorted(newestFirst), look);
}

/** By value: HubSpot keeps numbers, times and addresses in forms of its own. */
const holds = (record: CrmRecord, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([property, value]) =>
    isSameValue(property, record.properties[property], value),
  );

/** Nobody else writes a request's id: an archived record that has it was made by us and deleted since. */
const isOwnMark = ({ value }: Extract<Witness, { kind: 'unique' }>): boolean =>
  value.startsWith('act_');

/** HubSpot's clock and ours differ, by no more than this where both are kept. */
const CLOCK_SKEW_MAX_MS = 120_000;

/**
 * An e-mail address is anybody's: what stood there before we began is not ours, and our create was refused, whoever
 * heard of it. Whether it was made before or after, HubSpot's own time says.
 */
const isMadeSince = ({ createdAt }: CrmRecord, begunAt: Date): boolean =>
  createdAt !== undefined && Date.parse(createdAt) >= begunAt.getTime() - CLOCK_SKEW_MAX_MS;

async function lookForUnique(
  witness: Extract<Witness, { kind: 'unique' }>,
  begunAt: Date,
  look: Look,
): Promise<Sighting> {
  const query = {
    idProperty: witness.id_property,
    properties: Object.keys(witness.properties).join(','),
  };
  const path = recordPath(witness.object_type, witness.value);
  const present = await look(getOperation(witness.object_type, path, query));
  const answer =
    isMissing(present) && isOwnMark(witness)
      ? await look(getOperation(witness.object_type, path, { ...query, archived: 'true' }))
      : present;
  if (isMissing(answer)) return { kind: 'absent' };
  if (answer.kind !== 'answered') return { kind: 'unclear' };
  const record = CrmRecordSchema.parse(answer.json);
  const isOurs = isOwnMark(witness) || isMadeSince(record, begunAt);
  return isOurs && holds(record, witness.properties)
    ? { kind: 'found', record }
    : { kind: 'unclear' };
}

/** An update shows in the record and in its history, also when the record was archived since. */
async function lookBack(
  witness: Extract<Witness, { kind: 'read_back' }>,
  seen: readonly SeenRecord[],
  look: Look,
): Promise<Sighting> {
  const { object_type, id } = witness;
  const names = Object.keys(witness.properties).join(',');
  const query = { properties: names, propertiesWithHistory: names };
  const path = recordPath(object_type, id);
  const present = await look(getOperation(object_type, path, query));
  const answer = isMissing(present)
    ? await look(getOperation(object_type, path, { ...query, archived: 'true' }))
    : present;
  if (answer.kind !== 'answered') return { kind: 'unclear' };
  // The id of a record that was merged answers as the one it was merged into.
  if (CrmRecordSchema.parse(answer.json).id !== id) return { kind: 'unclear' };
  const before = seen.find((one) => one.object_type === object_type && one.id === id);
  return updateSighting(witness.properties, before, answer.json);
}

/** Associations show in the list of the first record at once; every page is looked at. */
async function lookForLink(
  { from, to }: Extract<Witness, { kind: 'linked' }>,
  look: Look,
): Promise<Sighting> {
  const ids = await listAssociated(from, to.object_type, look);
  if (ids === undefined) return { kind: 'unclear' };
  return ids.includes(to.id)
    ? { kind: 'found', record: associationAnswer(from, to) }
    : { kind: 'absent' };
}

/**
 * A record that is archived is read as one, and not otherwise. One that is read neither way was erased,
 * or is another's by now: whether that was after our archive nobody can tell.
 */
async function lookForArchived(
  { object_type, id }: Extract<Witness, { kind: 'archived' }>,
  look: Look,
): Promise<Sighting> {
  const path = recordPath(object_type, id);
  const query = { properties: 'hs_object_id' };
  const idIn = (answer: CrmAnswer): string | undefined =>
    answer.kind === 'answered' ? CrmRecordSchema.parse(answer.json).id : undefined;
  const present = await look(getOperation(object_type, path, query));
  if (idIn(present) === id) return { kind: 'absent' };
  if (!isMissing(present)) return { kind: 'unclear' };
  const archived = await look(getOperation(object_type, path, { ...query, archived: 'true' }));
  return idIn(archived) === id
    ? { kind: 'found', record: { id, properties: {} } }
    : { kind: 'unclear' };
}

async function lookForNoLink(
  { from, to }: Extract<Witness, { kind: 'unlinked' }>,
  look: Look,
): Promise<Sighting> {
  const ids = await listAssociated(from, to.object_type, look);
  if (ids === undefined) return { kind: 'unclear' };
  return ids.includes(to.id)
    ? { kind: 'absent' }
    : { kind: 'found', record: { id: from.id, properties: {} } };
}

/** What was known when the write was first begun. */
export interface Before {
  readonly seen: readonly SeenRecord[];
  readonly begunAt: Date;
}

/** Looks for what the witness names. Reads only, and never by search, whose index lags. */
export function sight(witness: Witness, { seen, begunAt }: Before, look: Look): Promise<Sighting> {
  switch (witness.kind) {
    case 'association':
      return lookForMarker(witness, look);
    case 'unique':
      return lookForUnique(witness, begunAt, look);
    case 'linked':
      return lookForLink(witness, look);
    case 'read_back':
      return lookBack(witness, seen, look);
    case 'archived':
      return lookForArchived(witness, look);
    case 'unlinked':
      return lookForNoLink(witness, look);
  }
}
