import { z } from 'zod';
import { type CrmRecord, CrmRecordSchema } from '../actions/hubspot-shapes.ts';
import type { SeenRecord } from '../contracts/card.ts';
import { isSameValue } from '../core/same-value.ts';

/** What a look at HubSpot says of one write. */
export type Sighting =
  | { readonly kind: 'found'; readonly record: CrmRecord }
  | { readonly kind: 'absent' }
  /** It cannot be told; a later look may. */
  | { readonly kind: 'unclear' };

/** `propertiesWithHistory` of a read: newest first, a write through the API says `INTEGRATION`. */
const HistorySchema = z.object({
  propertiesWithHistory: z.record(
    z.string(),
    z.array(
      z.object({ value: z.string().nullable(), timestamp: z.string(), sourceType: z.string() }),
    ),
  ),
});
type History = z.infer<typeof HistorySchema>['propertiesWithHistory'];

/** Versions of this value that an API client has written since the record was read before the write. */
function writtenSince(
  history: History,
  before: SeenRecord,
  property: string,
  value: string,
): boolean {
  const readAt = Date.parse(before.updated_at ?? '');
  return (history[property] ?? []).some(
    (version) =>
      version.sourceType === 'INTEGRATION' &&
      isSameValue(property, version.value, value) &&
      Date.parse(version.timestamp) > readAt,
  );
}

/**
 * Where neither the new values nor the old ones stand: somebody has changed the record. Its history
 * tells whether that was before our write would have come, or after it came: HubSpot applies an update
 * whole, so one of its values is as good as all. A value that was the same before leaves no version.
 */
function fromHistory(
  record: CrmRecord,
  wanted: Readonly<Record<string, string>>,
  before: SeenRecord,
  history: History,
): Sighting {
  const changed = Object.entries(wanted).filter(
    ([property, value]) => !isSameValue(property, before.properties[property], value),
  );
  const written = changed.filter(([property, value]) =>
    writtenSince(history, before, property, value),
  );
  if (changed.length === 0) return { kind: 'unclear' };
  if (written.length === changed.length) return { kind: 'found', record };
  return written.length === 0 ? { kind: 'absent' } : { kind: 'unclear' };
}

/**
 * What a read says of an update whose answer was lost. The new values stand there: found. Else its
 * history decides, also when the old values stand there again: a person who undid our update must
 * not find it done once more.
 */
export function updateSighting(
  wanted: Readonly<Record<string, string>>,
  before: SeenRecord | undefined,
  json: unknown,
): Sighting {
  const record = CrmRecordSchema.parse(json);
  const values = Object.entries(wanted);
  if (
    values.every(([property, value]) => isSameValue(property, record.properties[property], value))
  )
    return { kind: 'found', record };
  if (before === undefined) return { kind: 'unclear' };
  const history = HistorySchema.safeParse(json);
  if (history.success && before.updated_at !== undefined)
    return fromHistory(record, wanted, before, history.data.propertiesWithHistory);
  const isUntouched = values.every(([property]) =>
    isSameValue(property, record.properties[property], before.properties[property]),
  );
  return isUntouched ? { kind: 'absent' } : { kind: 'unclear' };
}
