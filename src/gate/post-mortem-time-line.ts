import type { AuditEntry } from '../contracts/audit-entry.ts';
import { plain, table } from '../core/report-markdown.ts';

/** One entry, or a look at HubSpot: the intent and what came of it. */
type Part = readonly [AuditEntry, ...AuditEntry[]];

const factsText = ({ facts }: AuditEntry): string =>
  Object.entries(facts)
    .filter(([name]) => name !== 'incident' && name !== 'connection')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

function whatText(entry: AuditEntry): string {
  const { hubspot_endpoint, response_status, request_id, code } = entry;
  const parts = [hubspot_endpoint, response_status, request_id, code, factsText(entry)];
  return parts.filter((part) => part !== null && part !== '').join(' ');
}

const isOwnCall = ({ facts }: AuditEntry): boolean => facts['purpose'] === 'incident';

/** Whether the second is what came of the first. */
const isAnswer = (intent: AuditEntry, entry: AuditEntry): boolean =>
  intent.event === 'hubspot.intended' &&
  entry.event !== 'hubspot.intended' &&
  isOwnCall(intent) &&
  isOwnCall(entry) &&
  intent.hubspot_endpoint === entry.hubspot_endpoint;

function inParts(story: readonly AuditEntry[]): Part[] {
  const parts: Part[] = [];
  for (const entry of story) {
    const last = parts.at(-1);
    if (last?.length === 1 && isAnswer(last[0], entry)) parts[parts.length - 1] = [last[0], entry];
    else parts.push([entry]);
  }
  return parts;
}

/** What is said of a look; equal for two that came out alike. */
const lookOf = (part: Part): string | undefined =>
  part.length === 1
    ? undefined
    : part.map((entry) => `${entry.event} ${entry.actor} ${whatText(entry)}`).join('\n');

/** Looks in a row that came out alike: a key that is tried every five seconds would bury the steps of people. */
function inRuns(parts: readonly Part[]): Part[][] {
  const runs: Part[][] = [];
  for (const part of parts) {
    const before = runs.at(-1);
    const look = lookOf(part);
    if (before?.[0] !== undefined && look !== undefined && lookOf(before[0]) === look)
      before.push(part);
    else runs.push([part]);
  }
  return runs;
}

const rowOf = (entry: AuditEntry): string[] => [
  ...[entry.timestamp, String(entry.index), entry.event],
  ...[plain(entry.actor), plain(whatText(entry))],
];

function runRows(run: readonly Part[]): string[][] {
  const entries = run.flat();
  const [first, last] = [entries[0], entries.at(-1)];
  if (run.length === 1 || first === undefined || last === undefined) return entries.map(rowOf);
  const [time = '', , event = '', by = ''] = rowOf({ ...last, timestamp: first.timestamp });
  const times = `${run.length} times alike, the last at ${last.timestamp}: ${whatText(last)}`;
  return [[time, `${first.index} to ${last.index}`, event, by, plain(times)]];
}

/** Each line is an entry of the log, or all those of looks that came out alike. */
export const timeLine = (story: readonly AuditEntry[]): string[] =>
  table(
    ['time (UTC)', 'entry', 'event', 'by', 'what'],
    inRuns(inParts(story)).flatMap((run) => runRows(run)),
  );
