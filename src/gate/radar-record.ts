import type { RadarRecord } from '../core/records.ts';
import { changeKey, type RogueChange } from '../core/rogue-change.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { type RadarReport, SEARCH_LAG_MS } from './radar.ts';

/** Names in one entry; the rest is counted. An entry has a largest size, and whoever writes has many names. */
const NAMES_MAX = 100;
const VALUE_MAX_CHARS = 2_000;
/** As long and as many as findings are told once. */
const FOUND_KEPT_MS = 30 * 86_400_000;
const FOUND_MAX = 2_000;

/** The next sweep's time: with enough of the one before to have what search did not show then. */
export const nextFrom = ({ sweptTo }: RadarRecord): Date =>
  new Date(sweptTo.getTime() - SEARCH_LAG_MS);

const counted = (names: readonly string[]): Readonly<Record<string, number>> => {
  const groups = Map.groupBy(names, (name) => name);
  return Object.fromEntries([...groups].map(([name, each]) => [name, each.length]));
};

const factsOf = (report: RadarReport, found: readonly RogueChange[]) => ({
  connection: report.connection,
  from: report.from.toISOString(),
  to: report.to.toISOString(),
  is_whole: report.isWhole,
  scanned: report.scanned,
  rogue: report.rogue.length,
  found: found.length,
  unread: counted(report.unread.map(({ reason }) => reason)),
  unattributed: report.unattributed.length,
  unattributed_archives: report.unattributed
    .slice(0, NAMES_MAX)
    .map(({ objectType, objectId }) => `${objectType}/${objectId}`),
});

function foundFacts(
  { connection, from }: Pick<RadarReport, 'connection' | 'from'>,
  { kind, at, objectType, objectId, properties }: RogueChange,
) {
  const names = Object.keys(properties);
  return {
    ...{ connection, kind, object_type: objectType, object_id: objectId, at: at.toISOString() },
    // An incident over it has to look at least as far back.
    window_from: from.toISOString(),
    ...{ properties: names.slice(0, NAMES_MAX), property_count: names.length },
  };
}

const cut = (value: string | null): string | null =>
  value === null || value.length <= VALUE_MAX_CHARS ? value : `${value.slice(0, VALUE_MAX_CHARS)}…`;

/** For the eyes of people; HubSpot has them whole. */
const personalOf = ({ recordName, properties }: RogueChange) => ({
  record_name: cut(recordName),
  properties: Object.fromEntries(
    Object.entries(properties)
      .slice(0, NAMES_MAX)
      .map(([name, { before, after }]) => [name, { before: cut(before), after: cut(after) }]),
  ),
});

/** What may turn up again, in the next window or because somebody looks further back. */
function kept(
  known: RadarRecord | undefined,
  { rogue }: RadarReport,
  now: Date,
): RadarRecord['found'] {
  const turnedUp = rogue.map((change) => ({ key: changeKey(change), at: change.at }));
  const all = new Map([...(known?.found ?? []), ...turnedUp].map((each) => [each.key, each]));
  return [...all.values()]
    .filter(({ at }) => at.getTime() >= now.getTime() - FOUND_KEPT_MS)
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())
    .slice(0, FOUND_MAX);
}

/** A sweep that left a gap before it, or could not read all, moves nothing on: the next one begins where this one did. */
function sweptToAfter(known: RadarRecord | undefined, { from, to, isWhole }: RadarReport): Date {
  if (known === undefined) return isWhole ? to : from;
  return isWhole && from <= known.sweptTo && to > known.sweptTo ? to : known.sweptTo;
}

/**
 * Puts a sweep on record: that it was made, each change that no sweep had found before, and how far has
 * been looked. `facts`: further ones of its entries. Once for each finding, however often and at once sweeps are run. Returns those findings;
 * what follows from them the rules of detection say.
 */
export async function recordSweep(
  tx: StoreTransaction,
  report: RadarReport,
  { by, facts = {} }: { readonly by: string; readonly facts?: Readonly<Record<string, unknown>> },
): Promise<readonly RogueChange[]> {
  const { connection } = report;
  const known = await tx.radar.get(connection);
  const told = new Set(known?.found.map(({ key }) => key));
  const found = report.rogue.filter((change) => !told.has(changeKey(change)));
  await tx.log.append({
    event: 'radar.swept',
    actor: by,
    facts: { ...factsOf(report, found), ...facts },
  });
  for (const change of found)
    await tx.log.append({
      event: 'radar.found',
      actor: by,
      facts: { ...foundFacts(report, change), ...facts },
      personal: personalOf(change),
    });
  const sweptTo = sweptToAfter(known, report);
  await tx.radar.put({ connection, sweptTo, found: kept(known, report, tx.now) });
  return found;
}
