import type { CrmRecord } from './hubspot-shapes.ts';

interface FieldEntry {
  /** HubSpot's property name. */
  readonly property: string;
  /** The label a person sees in HubSpot. */
  readonly label: string;
}

/** Our field name -> HubSpot's property. */
export type FieldTable = Readonly<Record<string, FieldEntry>>;

const entryOf = (table: FieldTable, field: string): FieldEntry | undefined =>
  Object.hasOwn(table, field) ? table[field] : undefined;

export function propertiesOf(table: FieldTable, fields: readonly string[]): string[] {
  return fields.flatMap((field) => entryOf(table, field)?.property ?? []);
}

/** HubSpot property name -> label, for cards. */
export const labelsOf = (table: FieldTable): ReadonlyMap<string, string> =>
  new Map(Object.values(table).map(({ property, label }) => [property, label]));

/** Our field names with HubSpot's labels, in this order. */
export const labelled = <Field extends string>(
  fields: readonly Field[],
  table: Readonly<Record<NoInfer<Field>, FieldEntry>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(fields.map((field) => [field, table[field].label]));

/** A record reduced to its id and the granted fields, in our words. Missing values are null. */
export function projectRecord(
  table: FieldTable,
  fields: readonly string[],
  record: CrmRecord,
): Record<string, string | null> {
  const granted = fields.flatMap((field) => {
    const entry = entryOf(table, field);
    return entry === undefined ? [] : [[field, record.properties[entry.property] ?? null] as const];
  });
  return { id: record.id, ...Object.fromEntries(granted) };
}
