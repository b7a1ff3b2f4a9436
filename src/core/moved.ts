import type { SeenRecord } from '../contracts/card.ts';
import type { LedgerRecord } from './records.ts';
import { isSameValue } from './same-value.ts';

/** So many are named; more are counted. */
const NAMED_MAX = 5;

/** The properties that are not as they were seen, each as `object.property`; undefined when all are. */
export function movedProperties(
  seen: readonly SeenRecord[],
  present: readonly SeenRecord[],
): string | undefined {
  const moved = seen.flatMap((record) => {
    const now = present.find(
      ({ object_type, id }) => object_type === record.object_type && id === record.id,
    );
    return Object.entries(record.properties)
      .filter(([property, value]) => !isSameValue(property, now?.properties[property], value))
      .map(([property]) => `${record.object_type}.${property}`);
  });
  if (moved.length === 0) return undefined;
  const more = moved.length - NAMED_MAX;
  return `${moved.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
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
