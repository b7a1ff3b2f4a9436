import { LIMITS } from '../limits.ts';
import { OBJECT_TYPES } from '../object-types.ts';
import type { HistoryEntry, StoredRecord } from '../state/types.ts';

type Source = Omit<HistoryEntry, 'value' | 'timestamp'>;

/** Kept without versions: they change with everything else. */
const UNVERSIONED = new Set(['lastmodifieddate', 'hs_lastmodifieddate']);

/** The same record with other values: only real changes make a history version. `''` clears. */
export function withProperties(
  record: StoredRecord,
  values: Readonly<Record<string, string>>,
  now: string,
  source: Source,
): StoredRecord {
  const properties: Record<string, string> = { ...record.properties };
  const history: Record<string, readonly HistoryEntry[]> = { ...record.history };
  // Time never runs backwards within a record: its history stays newest first.
  const at = now > record.updatedAt ? now : record.updatedAt;
  let isChanged = false;
  for (const [name, value] of Object.entries(values)) {
    if ((properties[name] ?? '') === value) continue;
    isChanged = true;
    if (value === '') Reflect.deleteProperty(properties, name);
    else properties[name] = value;
    if (UNVERSIONED.has(name)) continue;
    const older = (history[name] ?? []).slice(0, LIMITS.historyVersionsMax - 1);
    history[name] = [{ value, timestamp: at, ...source }, ...older];
  }
  if (!isChanged) return record;
  properties[OBJECT_TYPES[record.type].modifiedProperty] = at;
  return { ...record, properties, history, updatedAt: at };
}
