import type { ObjectType, Operation, Plan } from '../contracts/plan.ts';
import { getOperation } from '../core/get-operation.ts';
import { recordPath } from '../core/hubspot-paths.ts';
import { type FieldTable, projectRecord, propertiesOf } from './fields.ts';
import { parseRecord } from './hubspot-shapes.ts';

/**
 * Asked for no properties, HubSpot answers with its defaults (a contact's name and e-mail among them):
 * ask for the id instead, so that fields nobody granted never travel.
 */
export const requestedProperties = (properties: readonly string[]): readonly string[] =>
  properties.length === 0 ? ['hs_object_id'] : properties;

interface ReadSpec {
  readonly action: string;
  readonly objectType: ObjectType;
  readonly id: string;
  /** The property `id` is a value of; HubSpot's own id if absent. */
  readonly idProperty?: string;
  readonly table: FieldTable;
  readonly fields: readonly string[];
}

/** `GET /crm/objects/{version}/{type}/{id}`. */
function readOperation(spec: ReadSpec): Operation {
  const properties = requestedProperties(propertiesOf(spec.table, spec.fields)).join(',');
  return getOperation(spec.objectType, recordPath(spec.objectType, spec.id), {
    properties,
    ...(spec.idProperty === undefined ? {} : { idProperty: spec.idProperty }),
  });
}

export const readPlan = (spec: ReadSpec): Plan => ({
  action: spec.action,
  operations: [readOperation(spec)],
  targets: [],
  steps: [],
  fields: [...spec.fields],
});

/** `{<noun>: {id, …granted fields}}`. */
export const readResult = (
  noun: string,
  table: FieldTable,
  plan: Plan,
  answers: readonly unknown[],
): Record<string, unknown> => ({
  [noun]: projectRecord(table, plan.fields, parseRecord(answers[0])),
});
