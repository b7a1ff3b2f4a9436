import type { SeenRecord } from '../contracts/card.ts';
import type { LedgerRecord } from './records.ts';
import { isSameValue } from './same-value.ts';

/** The first property that is not as it was seen, as `object.property`. */
export function movedProperty(
  seen: readonly SeenRecord[],
  present: readonly SeenRecord[],
): string | undefined {
  for (const record of seen) {
    const now = present.find(
      ({ object_type, id }) => object_type === record.object_type && id === record.id,
    );
    const moved = Object.entries(record.properties).find(
      ([property, value]) => !isSameValue(property, now?.properties[property], value),
    );
    if (moved !== undefined) return `${record.object_type}.${moved[0]}`;
  }
  return undefined;
}

/** The records as they were seen, with what earlier steps of the same request have changed since. */
export const withWritten = (
  seen: readonly SeenRecord[],
  ledger: readonly LedgerRecord[],
): readonly SeenRecord[] =>
  seen.map((record) => {
    const written = ledger
      .filter(
        ({ objectType, objectId }) => objectType === record.object_type && objectId === record.id,
      )
      .flatMap(({ after }) => Object.entries(after))
      .filter(([property]) => Object.hasOwn(record.properties, property));
    return { ...record, properties: { ...record.properties, ...Object.fromEntries(written) } };
  });
