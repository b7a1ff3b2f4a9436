import { z } from 'zod';
import type { Plan } from '../contracts/plan.ts';
import { recordPath } from '../core/hubspot-paths.ts';
import { cardRecord, changesOf, findPresent } from './card-parts.ts';
import type { CardContent, CardOf } from './define-action.ts';
import { type FieldTable, labelsOf } from './fields.ts';
import { sentProperties } from './hubspot-shapes.ts';
import { NAME_PROPERTIES, recordName } from './record-name.ts';
import { sentId } from './written-record.ts';

/**
 * Clearing is asked for by name: strict tool calls send `null` for every field the model leaves out, so
 * a `null` that cleared would empty records nobody meant to touch.
 */
export const clearInput = <const Field extends readonly [string, ...string[]]>(fields: Field) =>
  z
    .array(z.enum(fields))
    .min(1)
    .max(fields.length)
    .optional()
    .meta({ description: 'Fields to empty; leave out what shall stay as it is.' });

/** The fields that were given, in the table's order: the input's own order must not show in the plan. */
export function givenFields(
  fields: readonly string[],
  input: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const given = fields.flatMap((field) => {
    const value = input[field];
    return typeof value === 'string' ? [[field, value] as const] : [];
  });
  return Object.fromEntries(given);
}

/** HubSpot empties a property that is sent as `""`. */
export const withCleared = (
  given: Readonly<Record<string, string>>,
  clear: readonly string[] = [],
): Record<string, string> => ({
  ...given,
  ...Object.fromEntries(clear.map((field) => [field, ''])),
});

/** One issue text per rule that an update breaks, if any. */
function updateProblem(
  given: Readonly<Record<string, string>>,
  clear: readonly string[] = [],
): string | undefined {
  if (Object.keys(given).length + clear.length === 0)
    return 'at least one field to change is needed';
  const both = clear.find((field) => Object.hasOwn(given, field));
  if (both !== undefined) return `${both} cannot be set and cleared at once`;
  return undefined;
}

type UpdatableType = 'contacts' | 'companies' | 'deals';

/** For `superRefine`: an input that changes nothing, or sets and clears at once, is refused. */
export const refuseNoChange =
  <
    Value extends Readonly<Record<string, unknown>> & {
      readonly clear?: readonly string[] | undefined;
    },
  >(
    given: (value: Value) => Readonly<Record<string, string>>,
  ) =>
  (value: Value, context: z.RefinementCtx): void => {
    // zod refines what its fields have refused too: such a value may be of any form.
    if (context.issues.length > 0) return;
    const message = updateProblem(given(value), value.clear);
    if (message !== undefined) context.addIssue({ code: 'custom', message, input: value });
  };

interface UpdateSpec {
  readonly action: string;
  readonly objectType: UpdatableType;
  readonly id: string;
  /** HubSpot property -> new value. */
  readonly properties: Readonly<Record<string, string>>;
  /** HubSpot properties that are read with it for the card, beside its name and what changes. */
  readonly alsoRead?: readonly string[];
}

/** `PATCH /crm/objects/{version}/{type}/{id}`: only what is named changes. */
export const updatePlan = ({
  action,
  objectType,
  id,
  properties,
  alsoRead = [],
}: UpdateSpec): Plan => ({
  action,
  operations: [
    {
      kind: 'update',
      object_type: objectType,
      method: 'PATCH',
      path: recordPath(objectType, id),
      query: {},
      body: JSON.stringify({ properties }),
    },
  ],
  targets: [
    {
      object_type: objectType,
      id,
      properties: [
        ...new Set([...NAME_PROPERTIES[objectType], ...alsoRead, ...Object.keys(properties)]),
      ],
    },
  ],
  steps: [{ action, witness: { kind: 'read_back', object_type: objectType, id, properties } }],
  fields: [],
});

export function updateCard(
  objectType: UpdatableType,
  table: FieldTable,
  ...[plan, present, names]: CardOf
): CardContent {
  const record = findPresent(present, { object_type: objectType, id: sentId(plan.operations[0]) });
  const words = { objectType, labels: labelsOf(table), names };
  const changes = changesOf(sentProperties(plan), words, record);
  const fields = changes.map((change) => change.label.toLowerCase()).join(', ');
  return {
    sentence: `Change ${fields} of ${recordName(record)}.`,
    records: [cardRecord(record)],
    changes,
  };
}
