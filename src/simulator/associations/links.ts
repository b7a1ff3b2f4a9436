import { resourceNotFound, validationError } from '../errors.ts';
import { OBJECT_TYPES } from '../object-types.ts';
import type { Store } from '../state/store.ts';
import type { AssociationSpec, Link, RecordRef } from '../state/types.ts';
import {
  ASSOCIATION_TYPES,
  associationTypesBetween,
  defaultAssociationType,
  findAssociationType,
  toSpec,
} from './types.ts';
import type { AssociationType } from './types.ts';

export type LinkPlan = { link: Link[]; unlink: Link[] };

export const reversed = (link: Link, type: AssociationType): Link => ({
  from: link.to,
  to: link.from,
  spec: { associationCategory: type.category, associationTypeId: type.inverse },
});

function bothDirections(from: RecordRef, to: RecordRef, type: AssociationType): Link[] {
  const there: Link = { from, to, spec: toSpec(type) };
  return [there, reversed(there, type)];
}

/** @throws HubSpotError 400 for a type that does not exist between the two objects. */
export function requireAssociationType(
  from: RecordRef,
  to: RecordRef,
  spec: AssociationSpec,
): AssociationType {
  const type = findAssociationType(from.type, to.type, spec);
  if (type) return type;
  const { associationCategory: category, associationTypeId: id } = spec;
  throw validationError(
    `No association type exists for ${category} ${String(id)} between ${from.type} and ${to.type}.`,
    [
      {
        message: 'Invalid association type.',
        code: 'INVALID_ASSOCIATION_TYPE',
        context: { associationTypeId: [String(id)] },
      },
    ],
  );
}

/** The other object's type, read off the association type: a create names only the other record's id. */
export function inferTarget(
  from: RecordRef,
  id: string,
  specs: readonly AssociationSpec[],
): RecordRef {
  const spec = specs[0];
  const type = ASSOCIATION_TYPES.find(
    (each) =>
      each.from === from.type &&
      each.typeId === spec?.associationTypeId &&
      each.category === spec.associationCategory,
  );
  if (type) return { type: type.to, id };
  throw validationError(
    `Association type ${String(spec?.associationTypeId)} is not valid from ${from.type}.`,
    [{ message: 'Invalid association type.', code: 'INVALID_ASSOCIATION_TYPE' }],
  );
}

/** @throws HubSpotError 404 when a record is missing or archived. */
export function requireLive(store: Store, ref: RecordRef): void {
  const record = store.record(ref);
  if (record && !record.archived) return;
  throw resourceNotFound(
    `${OBJECT_TYPES[ref.type].singular.toUpperCase()} with ID ${ref.id} does not exist`,
  );
}

function primaryBetween(from: RecordRef, to: RecordRef): AssociationType | undefined {
  return associationTypesBetween(from.type, to.type).find((type) => type.label === 'Primary');
}

/** The record on whose side "primary company" is a single choice, or undefined for other pairs. */
function primaryOwner(from: RecordRef, to: RecordRef): [RecordRef, RecordRef] | undefined {
  if (to.type === 'companies' && from.type !== 'companies') return [from, to];
  if (from.type === 'companies' && to.type !== 'companies') return [to, from];
  return undefined;
}

/** A first company becomes the primary one; naming another as primary takes the title from the first. */
function primaryPlan(store: Store, from: RecordRef, to: RecordRef, isNamed: boolean): LinkPlan {
  const pair = primaryOwner(from, to);
  const type = pair && primaryBetween(pair[0], pair[1]);
  if (!type) return { link: [], unlink: [] };
  const [owner, company] = pair;
  const holders = store.graph
    .neighbours(owner, 'companies')
    .filter((other) => other.specs.some((spec) => spec.associationTypeId === type.typeId));
  if (holders.length > 0 && !isNamed) return { link: [], unlink: [] };
  const unlink = holders
    .filter((other) => other.id !== company.id)
    .flatMap((other) => bothDirections(owner, { type: 'companies', id: other.id }, type));
  return { link: bothDirections(owner, company, type), unlink };
}

/**
 * Every link that associating two records under these types makes: both directions, the unlabelled
 * type beside each label, and the primary company where there was none.
 */
export function planLinks(
  store: Store,
  from: RecordRef,
  to: RecordRef,
  specs: readonly AssociationSpec[],
): LinkPlan {
  const types = specs.map((spec) => requireAssociationType(from, to, spec));
  const unlabelled = defaultAssociationType(from.type, to.type);
  const all = unlabelled && !types.includes(unlabelled) ? [unlabelled, ...types] : types;
  const primary = primaryPlan(
    store,
    from,
    to,
    types.some((type) => type.label === 'Primary'),
  );
  const plain = all.filter((type) => type.label !== 'Primary');
  return {
    link: [...plain.flatMap((type) => bothDirections(from, to, type)), ...primary.link],
    unlink: primary.unlink,
  };
}

/** Every link between two records, both directions. */
export function linksBetween(store: Store, a: RecordRef, b: RecordRef): Link[] {
  return [
    ...store.graph.specs(a, b).map((spec) => ({ from: a, to: b, spec })),
    ...store.graph.specs(b, a).map((spec) => ({ from: b, to: a, spec })),
  ];
}
