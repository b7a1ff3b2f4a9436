import type { ObjectType, Operation } from '../contracts/plan.ts';
import {
  type CrmNames,
  partsOfValue,
  propertyKey,
  type PropertyNames,
  type Unread,
  usableName,
} from '../core/crm-names.ts';
import { getOperation } from '../core/get-operation.ts';
import { ownerPath, pipelinesPath, propertiesPath } from '../core/hubspot-paths.ts';
import type { Definition, Owner, Pipelines } from './definition-shapes.ts';
import { isChoice, type ShownField } from './shown-fields.ts';
import { isRevertible, LABELS } from './taken-back.ts';

/** What was asked of HubSpot, and told or not. */
export type Told<T> =
  { readonly kind: 'told'; readonly data: T } | { readonly kind: 'untold'; readonly why: Unread };

/** Their values are no options of a property, but have a list of their own. */
const PIPELINES: Readonly<Record<string, { readonly pipeline: string; readonly stage: string }>> = {
  deals: { pipeline: 'pipeline', stage: 'dealstage' },
  tickets: { pipeline: 'hs_pipeline', stage: 'hs_pipeline_stage' },
};

/** HubSpot's own property for the person to whom a record belongs. */
const OWNER_PROPERTY = 'hubspot_owner_id';
/** HubSpot numbers people with 32 bits. */
const OWNER_ID = /^[1-9]\d{0,9}$/;
/** More are not asked for, and stand as numbers. */
const OWNERS_MAX = 10;

/** The fields of one object type on one card. */
export interface ShownType {
  readonly objectType: ObjectType;
  readonly fields: readonly ShownField[];
}

/** The types of which anything has to be asked: a plain note, or a new name, has none. */
export function typesToName(fields: readonly ShownField[]): ShownType[] {
  const types = new Set(fields.filter(isChoice).map(({ objectType }) => objectType));
  return [...types].map((objectType) => ({
    objectType,
    fields: fields.filter((field) => field.objectType === objectType),
  }));
}

const isPipelined = ({ objectType, property }: ShownField): boolean => {
  const of = PIPELINES[objectType];
  return of !== undefined && (property === of.pipeline || property === of.stage);
};

/** The definitions of all these fields in one call: those that need none get their own label by it. */
export const readDefinitions = ({ objectType, fields }: ShownType): Operation =>
  getOperation(objectType, propertiesPath(objectType), {
    properties: [...new Set(fields.map(({ property }) => property))].join(','),
  });

export const readPipelines = ({ objectType, fields }: ShownType): Operation | undefined =>
  fields.some(isPipelined) ? getOperation(objectType, pipelinesPath(objectType)) : undefined;

/** Who has left the firm is found as archived alone. */
export const readOwner = (objectType: ObjectType, id: string, isArchived: boolean): Operation =>
  getOperation(objectType, ownerPath(id), isArchived ? { archived: 'true' } : {});

/** One name for each value; one that stands for two things by its id has none. */
function byValue(pairs: readonly (readonly [string, string | null | undefined])[]) {
  const found = new Map<string, string | undefined>();
  for (const [value, text] of pairs) {
    const name = usableName(text);
    const isOther = found.has(value) && found.get(value) !== name;
    found.set(value, isOther ? undefined : name);
  }
  const named = [...found].flatMap(([value, name]) =>
    name === undefined ? [] : [[value, name] as const],
  );
  return new Map(named);
}

function pipelineValues({ objectType, property }: ShownField, pipelines: Pipelines) {
  const listed =
    property === PIPELINES[objectType]?.stage
      ? pipelines.flatMap(({ stages }) => stages)
      : pipelines;
  return byValue(listed.map(({ id, label }) => [id, label] as const));
}

/** The records that people know by HubSpot's own page; what we call the fields of the others says more. */
const RENAMED_TYPES: ReadonlySet<string> = new Set(['contacts', 'companies', 'deals', 'tickets']);

/** The firm's own label, where it is not the one we know. */
function labelOf({ objectType, property }: ShownField, label: string | undefined) {
  const known = isRevertible(objectType) ? LABELS[objectType].get(property) : undefined;
  const isKept = known !== undefined && !RENAMED_TYPES.has(objectType);
  return isKept || known?.toLowerCase() === label?.toLowerCase() ? undefined : label;
}

interface ToldOfType {
  readonly definitions: Told<readonly Definition[]>;
  readonly pipelines: Told<Pipelines> | undefined;
}

const whyUntold = (told: Told<unknown> | undefined): Unread | undefined =>
  told?.kind === 'untold' ? told.why : undefined;

type ValueNames = Omit<PropertyNames, 'label'>;

/** Of a stage or a pipeline. */
const inPipelines = (field: ShownField, pipelines: Told<Pipelines>): ValueNames => ({
  values: pipelines.kind === 'told' ? pipelineValues(field, pipelines.data) : byValue([]),
  ...{ isChoice: true, isSeveral: false, unread: whyUntold(pipelines) },
});

const inOptions = ({ type, fieldType, options }: Definition): ValueNames => ({
  values: byValue(options.map(({ value, label }) => [value, label] as const)),
  isChoice: type === 'enumeration' || options.length > 0,
  isSeveral: fieldType === 'checkbox',
});

function propertyNames(field: ShownField, { definitions, pipelines }: ToldOfType): PropertyNames {
  const all = definitions.kind === 'told' ? definitions.data : [];
  const definition = all.find(({ name }) => name === field.property);
  const label = labelOf(field, usableName(definition?.label));
  if (isPipelined(field) && pipelines !== undefined)
    return { label, ...inPipelines(field, pipelines) };
  if (definition !== undefined) return { label, ...inOptions(definition) };
  // One that is not listed may be sensitive, which the key cannot see, or gone.
  const unread = whyUntold(definitions) ?? 'other';
  return { values: byValue([]), isChoice: isChoice(field), isSeveral: false, unread };
}

/** What these fields and their values are called, but for owners. */
export const namesOfType = ({ fields }: ShownType, told: ToldOfType): CrmNames =>
  new Map(
    fields.map((field) => [
      propertyKey(field.objectType, field.property),
      propertyNames(field, told),
    ]),
  );

/** A field that holds people of the account, and the ids in it. */
export interface OwnerField {
  readonly field: ShownField;
  readonly ids: readonly string[];
}

/** By the definition where there is one; HubSpot's own property is known without. */
export function ownerFields(
  { fields }: ShownType,
  { definitions }: Pick<ToldOfType, 'definitions'>,
): OwnerField[] {
  const listed = definitions.kind === 'told' ? definitions.data : [];
  const owning = listed
    .filter(({ referencedObjectType }) => referencedObjectType === 'OWNER')
    .map(({ name }) => name);
  return fields
    .filter(({ property }) => property === OWNER_PROPERTY || owning.includes(property))
    .map((field) => ({
      field,
      ids: field.values.flatMap(partsOfValue).filter((part) => OWNER_ID.test(part)),
    }));
}

export const ownerIds = (fields: readonly OwnerField[]): string[] =>
  [...new Set(fields.flatMap(({ ids }) => ids))].slice(0, OWNERS_MAX);

const ownerName = ({ firstName, lastName, email }: Owner): string | undefined =>
  usableName([firstName, lastName].filter(Boolean).join(' ') || email);

/** `owners`: undefined is one that HubSpot does not know. */
export function withOwners(
  names: CrmNames,
  fields: readonly OwnerField[],
  owners: ReadonlyMap<string, Told<Owner> | undefined>,
): CrmNames {
  const people = byValue(
    [...owners].map(([id, told]) => [id, told?.kind === 'told' ? ownerName(told.data) : null]),
  );
  const unread = [...owners.values()].map(whyUntold).find((why) => why !== undefined);
  const named = fields.map(({ field }) => {
    const key = propertyKey(field.objectType, field.property);
    const { label, isSeveral = false } = names.get(key) ?? {};
    return [key, { label, isSeveral, values: people, isChoice: true, unread }] as const;
  });
  return new Map([...names, ...named]);
}
