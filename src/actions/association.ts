import { z } from 'zod';
import type { Operation, Plan, RecordRef } from '../contracts/plan.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { associationPath, defaultAssociationPath } from '../core/hubspot-paths.ts';
import type { CrmRecord } from './hubspot-shapes.ts';

/** An association as if it were a property of its first record, for card, comparison and ledger. */
export const linkProperty = ({ object_type, id }: RecordRef): string =>
  `associations.${object_type}.${id}`;

export const LINKED = 'linked';
/** Somebody has said more about it than that it is there. */
export const LABELLED = 'linked, with a label';

const ASSOCIATE_PATH = /\/([a-z]+)\/(\d+)\/associations\/(?:default\/)?([a-z]+)\/(\d+)$/;

/** `PUT …/associations/default/…`: the unlabelled association, which is the same when it is made again. */
export const associateOperation = (from: RecordRef, to: RecordRef): Operation => ({
  kind: 'associate',
  object_type: from.object_type,
  method: 'PUT',
  path: defaultAssociationPath(from, to),
  query: {},
  body: null,
});

/** `DELETE …/associations/…`: HubSpot takes every type between the two away at once. */
export const dissociateOperation = (from: RecordRef, to: RecordRef): Operation => ({
  kind: 'dissociate',
  object_type: from.object_type,
  method: 'DELETE',
  path: associationPath(from, to),
  query: {},
  body: null,
});

const isOfTwo = (operation: Operation | undefined): boolean =>
  operation?.kind === 'associate' || operation?.kind === 'dissociate';

/** The two records that the operation's very path names. */
export function associatedIn(plan: Plan): { readonly from: RecordRef; readonly to: RecordRef } {
  const [operation] = plan.operations;
  const [, fromType, fromId = '', toType, toId = ''] =
    ASSOCIATE_PATH.exec(operation?.path ?? '') ?? [];
  const from = plan.targets.find(
    ({ id, object_type }) => id === fromId && object_type === fromType,
  );
  const to = from?.linked_to?.find(({ id, object_type }) => id === toId && object_type === toType);
  if (!isOfTwo(operation) || from === undefined || to === undefined)
    throw new Error('the plan associates no records');
  return { from: { object_type: from.object_type, id: fromId }, to };
}

const ReadWithAssociationsSchema = z.object({
  associations: z
    .record(
      z.string(),
      z.object({
        results: z.array(
          z.object({
            id: z.union([z.string(), z.number()]).transform(String),
            type: z.string().optional(),
          }),
        ),
        paging: z.object({ next: z.unknown().optional() }).optional(),
      }),
    )
    .optional(),
});

/** `contact_to_company`, also as its "Primary"; a label of the account's own has more in its name. */
const UNLABELLED = /^[a-z]+_to_[a-z]+(?:_unlabeled)?$/;

/**
 * Whether a record, read with its associations, is associated with another one: `linked` (or `LABELLED`),
 * `''` when it is not, null when the list goes on and did not name it so far.
 */
export function linkIn(json: unknown, to: RecordRef): string | null {
  const parsed = ReadWithAssociationsSchema.safeParse(json);
  if (!parsed.success) return null;
  const listed = parsed.data.associations?.[to.object_type];
  if (listed === undefined) return '';
  const links = listed.results.filter(({ id }) => id === to.id);
  if (links.some(({ type }) => type !== undefined && !UNLABELLED.test(type))) return LABELLED;
  if (links.length > 0) return LINKED;
  return listed.paging?.next === undefined ? '' : null;
}

/** HubSpot's answer to the write, in the form that says which records it associated. */
export const associationAnswer = (from: RecordRef, to: RecordRef) => ({
  id: from.id,
  properties: {},
  results: [{ from: { id: from.id }, to: { id: to.id } }],
});

const AnswerSchema = z.object({
  results: z.array(
    z.object({ from: z.object({ id: z.string() }), to: z.object({ id: z.string() }) }),
  ),
});

/**
 * The first record, when the answer says that it is associated with the second one now. Throws
 * `hubspot.bad_answer` when it does not: the caller must take it for lost.
 */
export function associatedRecord(plan: Plan, answer: unknown): CrmRecord {
  const { from, to } = associatedIn(plan);
  const parsed = AnswerSchema.safeParse(answer);
  const isSaid = parsed.data?.results.some(
    (pair) => pair.from.id === from.id && pair.to.id === to.id,
  );
  if (isSaid !== true) throw new GatewayError('hubspot.bad_answer');
  return { id: from.id, properties: {} };
}
