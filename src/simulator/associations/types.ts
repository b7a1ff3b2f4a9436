import type { ObjectTypeName } from '../object-types.ts';
import type { AssociationCategory, AssociationSpec } from '../state/types.ts';

/** One association type in one direction. `label` null = the unlabelled default. */
export type AssociationType = {
  from: ObjectTypeName;
  to: ObjectTypeName;
  typeId: number;
  category: AssociationCategory;
  label: string | null;
  /** The type the reverse direction gets at the same moment. */
  inverse: number;
};

type Pair = readonly [ObjectTypeName, ObjectTypeName, number, number, string?];

/** `[from, to, typeId from→to, typeId to→from, label]` of HubSpot's own association types. */
const HUBSPOT_DEFINED: readonly Pair[] = [
  ['contacts', 'companies', 279, 280],
  ['contacts', 'companies', 1, 2, 'Primary'],
  ['contacts', 'contacts', 449, 449],
  ['companies', 'companies', 450, 450],
  ['companies', 'companies', 13, 14, 'Child Company'],
  ['contacts', 'deals', 4, 3],
  ['companies', 'deals', 342, 341],
  ['companies', 'deals', 6, 5, 'Primary'],
  ['deals', 'deals', 451, 451],
  ['contacts', 'tickets', 15, 16],
  ['companies', 'tickets', 340, 339],
  ['companies', 'tickets', 25, 26, 'Primary'],
  ['deals', 'tickets', 27, 28],
  ['tickets', 'tickets', 452, 452],
  ['companies', 'calls', 181, 182],
  ['companies', 'emails', 185, 186],
  ['companies', 'meetings', 187, 188],
  ['companies', 'notes', 189, 190],
  ['companies', 'tasks', 191, 192],
  ['contacts', 'calls', 193, 194],
  ['contacts', 'emails', 197, 198],
  ['contacts', 'meetings', 199, 200],
  ['contacts', 'notes', 201, 202],
  ['contacts', 'tasks', 203, 204],
  ['deals', 'calls', 205, 206],
  ['deals', 'emails', 209, 210],
  ['deals', 'meetings', 211, 212],
  ['deals', 'notes', 213, 214],
  ['deals', 'tasks', 215, 216],
  ['tickets', 'calls', 219, 220],
  ['tickets', 'emails', 223, 224],
  ['tickets', 'meetings', 225, 226],
  ['tickets', 'notes', 227, 228],
  ['tickets', 'tasks', 229, 230],
];

/** Labels the people of the demo account made for themselves. */
const USER_DEFINED: readonly Pair[] = [
  ['contacts', 'companies', 31, 32, 'Billing contact'],
  ['contacts', 'deals', 33, 34, 'Decision maker'],
];

function bothWays(category: AssociationCategory, pairs: readonly Pair[]): AssociationType[] {
  return pairs.flatMap(([from, to, typeId, inverse, label = null]) => {
    const there: AssociationType = { from, to, typeId, category, label, inverse };
    if (typeId === inverse) return [there];
    const backLabel = label === 'Child Company' ? 'Parent Company' : label;
    const back: AssociationType = {
      from: to,
      to: from,
      typeId: inverse,
      category,
      label: backLabel,
      inverse: typeId,
    };
    return [there, back];
  });
}

export const ASSOCIATION_TYPES: readonly AssociationType[] = [
  ...bothWays('HUBSPOT_DEFINED', HUBSPOT_DEFINED),
  ...bothWays('USER_DEFINED', USER_DEFINED),
];

const BY_SPEC = new Map(
  ASSOCIATION_TYPES.map((type) => [specKey(type.from, type.to, toSpec(type)), type]),
);

function specKey(from: ObjectTypeName, to: ObjectTypeName, spec: AssociationSpec): string {
  return `${from}/${to}/${spec.associationCategory}/${String(spec.associationTypeId)}`;
}

export function findAssociationType(
  from: ObjectTypeName,
  to: ObjectTypeName,
  spec: AssociationSpec,
): AssociationType | undefined {
  return BY_SPEC.get(specKey(from, to, spec));
}

export function associationTypesBetween(
  from: ObjectTypeName,
  to: ObjectTypeName,
): AssociationType[] {
  return ASSOCIATION_TYPES.filter((type) => type.from === from && type.to === to);
}

/** The unlabelled type between two objects, if HubSpot has one. */
export function defaultAssociationType(
  from: ObjectTypeName,
  to: ObjectTypeName,
): AssociationType | undefined {
  return associationTypesBetween(from, to).find((type) => type.label === null);
}

export function toSpec(type: AssociationType): AssociationSpec {
  return { associationCategory: type.category, associationTypeId: type.typeId };
}
