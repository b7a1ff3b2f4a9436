import type { AuditEntry } from '../contracts/audit-entry.ts';
import { plainEvent } from '../core/audit-events.ts';
import type { StoreReads } from '../ports/store.ts';
import type { LogPart } from '../gate/log-search.ts';
import { cutTo } from './fit-table.ts';
import { agentNames, peopleNames } from './names.ts';
import { oneLine } from './output.ts';

/** What a narrow terminal shows in one line. */
const COLUMNS = 80;
const INDEX_COLUMNS = 7;
/** The longest name of an event has 21. */
const EVENT_COLUMNS = 22;
const INDENT = ' '.repeat(INDEX_COLUMNS + 2);

/** Actor of the log, as `person:…`, to the name of who it is. */
export type ActorNames = ReadonlyMap<string, string>;

export async function actorNames(
  store: Pick<StoreReads, 'people' | 'agents'>,
): Promise<ActorNames> {
  const [people, agents] = await Promise.all([peopleNames(store), agentNames(store)]);
  return new Map([
    ...[...people].map(([id, name]) => [`person:${id}`, name] as const),
    ...[...agents].map(([id, name]) => [`agent:${id}`, name] as const),
  ]);
}

function firstLine({ index, timestamp, event, actor }: AuditEntry, names: ActorNames): string {
  const time = timestamp.replace(/\.\d+Z$/, 'Z');
  const start = `${String(index).padStart(INDEX_COLUMNS)}  ${time}  ${event.padEnd(EVENT_COLUMNS)}`;
  return `${start} ${cutTo(oneLine(names.get(actor) ?? actor), COLUMNS - start.length - 1)}`;
}

/** What tells where to look further; none of it is cut, so that it can be copied. */
function detailsOf(entry: AuditEntry, actions: LogPart['actions']): readonly string[] {
  const { request_id: request, code, hubspot_endpoint: endpoint, response_status: status } = entry;
  const called = endpoint === null ? [] : [[endpoint, status ?? ''].join(' ').trim()];
  const asked = request === null ? [] : [request, actions[request] ?? []].flat();
  return [...asked, ...(code === null ? [] : [code]), ...called].map(oneLine);
}

/** Parts one after the other, in as few lines as hold them. */
function packed(parts: readonly string[], between: string): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const longer = last === undefined ? part : `${last}${between}${part}`;
    const fits = INDENT.length + longer.length + between.length <= COLUMNS;
    if (last === undefined || !fits) lines.push(part);
    else lines.splice(-1, 1, longer);
  }
  return lines.map((line) => `${INDENT}${line}`);
}

/** One entry for a terminal: who and what, in a sentence, and where to look further. */
export const entryLines = (
  entry: AuditEntry,
  actions: LogPart['actions'],
  names: ActorNames,
): readonly string[] => [
  firstLine(entry, names),
  ...packed(plainEvent(entry.event).split(' '), ' '),
  ...packed(detailsOf(entry, actions), ', '),
];
