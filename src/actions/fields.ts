import type { CrmRecord } from './hubspot-shapes.ts';

/** Our field name -> HubSpot property name and the label a person sees in HubSpot. */
export type FieldTable = Readonly<
  Record<string, { readonly property: string; readonly label: string }>
>;

export function propertiesOf(table: FieldTable, fields: readonly string[]): string[] {
  return fields.flatMap((field) => table[field]?.property ?? []);
}

/** A record reduced to its id and the granted fields, in our words. Missing values are null. */
export function projectRecord(
  table: FieldTable,
  fields: readonly string[],
  record: CrmRecord,
): Record<string, string | null> {
  const granted = fields.flatMap((field) => {
    const entry = table[field];
    return entry === undefined ? [] : [[field, record.properties[entry.property] ?? null] as const];
  });
  return { id: record.id, ...Object.fromEntries(granted) };
}
