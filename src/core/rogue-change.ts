import { isSameValue } from './same-value.ts';

/**
 * What HubSpot's property history says was done under our app, held against what the gateway has done.
 * Pure: whoever calls reads both. What is not surely ours is rogue, and what cannot be told is said.
 */

/** A change in HubSpot under our app that the gateway did not make. */
export interface RogueChange {
  readonly kind: 'changed' | 'created' | 'archived';
  readonly objectType: string;
  readonly objectId: string;
  /** As people know the record; personal content. */
  readonly recordName: string;
  /** When the last of it happened, by HubSpot's clock. */
  readonly at: Date;
  /**
   * HubSpot property -> the value before the last run of rogue changes, and the one that they left.
   * What somebody else set between two of them is `before`. Empty of what was archived.
   */
  readonly properties: Readonly<
    Record<string, { readonly before: string | null; readonly after: string | null }>
  >;
}

/** One version of a value, as HubSpot keeps it. */
export interface ValueVersion {
  readonly value: string;
  readonly at: Date;
  /** `INTEGRATION` of an app, `CRM_UI` of a person, … */
  readonly sourceType: string;
  /** Of an app its id. */
  readonly sourceId: string | null;
}

export interface RecordHistory {
  readonly objectType: string;
  readonly objectId: string;
  readonly recordName: string;
  readonly createdAt: Date;
  /** The id of the app that created it; null of a person's. */
  readonly createdBy: string | null;
  /** HubSpot property -> its versions, newest first. */
  readonly versions: Readonly<Record<string, readonly ValueVersion[]>>;
}

/** When HubSpot can have done a write, by our clock and with all tolerance. */
export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** A step that the gateway executed, or has begun and does not know the end of. */
export interface OwnWrite {
  readonly kind: string;
  readonly objectType: string;
  /** Null of a create whose answer is not known. */
  readonly objectId: string | null;
  readonly values: Readonly<Record<string, string | null>>;
  /** HubSpot is known to have done it. */
  readonly isSettled: boolean;
  /** One for each time that it may have been sent. */
  readonly spans: readonly Span[];
}

export interface RadarView extends Span {
  readonly appIds: ReadonlySet<string>;
}

/**
 * Why a record's history does not tell all.
 * - `history_cut`: HubSpot keeps so many versions of a value, and the window begins before the oldest.
 * - `not_attributed`: HubSpot says of a write of ours that another app made it: then rogue ones are
 *   under that name too, and nothing of them is seen.
 */
export type HistoryGap = 'history_cut' | 'not_attributed';

export interface Judgement {
  readonly rogue: RogueChange | undefined;
  readonly gaps: readonly HistoryGap[];
}

/** How far HubSpot's time of a write may be from the time of its outcome here: clocks, and the call, ms. */
export const MATCH_TOLERANCE_MS = 60_000;

/** First values of a new record carry its creation's time, give or take this, ms. */
const CREATION_SPREAD_MS = 5_000;

/**
 * The fewest versions of a value that HubSpot keeps: 45 for contacts, 20 for other records.
 */
export const VERSIONS_KEPT_MIN = 20;

const isNear = (a: Date, b: Date, ms: number): boolean => Math.abs(a.getTime() - b.getTime()) <= ms;

const isIn = (at: Date, { from, to }: Span): boolean => at >= from && at <= to;

/** Whether this is the value that the record was created with, not a later one. */
const isFirst = (version: ValueVersion, { createdAt }: RecordHistory): boolean =>
  isNear(version.at, createdAt, CREATION_SPREAD_MS);

/** The oldest version there is, which is the record's first one unless HubSpot has dropped that. */
const oldestOf = (versions: readonly ValueVersion[]): ValueVersion | undefined => versions.at(-1);

function hasFirstValues(write: OwnWrite, record: RecordHistory): boolean {
  const values = Object.entries(write.values);
  return (
    values.length > 0 &&
    values.every(([property, value]) => {
      const first = oldestOf(record.versions[property] ?? []);
      return isSameValue(property, first?.value, value);
    })
  );
}

/**
 * The write that created the record: by its id, or while that is not known by all that it sent, with
 * our marker or unique value among them.
 */
const creationOf = (record: RecordHistory, own: readonly OwnWrite[]): OwnWrite | undefined =>
  own.find(
    (write) =>
      write.kind === 'create' &&
      (write.objectId === record.objectId ||
        (write.objectId === null &&
          write.spans.some((span) => isIn(record.createdAt, span)) &&
          hasFirstValues(write, record))),
  );

interface Chance {
  readonly value: string | null;
  readonly isSettled: boolean;
  readonly span: Span;
}

const chancesFor = (property: string, own: readonly OwnWrite[]): Chance[] =>
  own.flatMap(({ values, spans, isSettled }) => {
    if (!Object.hasOwn(values, property)) return [];
    const value = values[property] ?? null;
    return spans.map((span) => ({ value, span, isSettled }));
  });

/**
 * The versions that no write of ours accounts for. Each write accounts for one at most: a value that was
 * approved once and is there twice was set by somebody else the second time. Of the writes that could have made
 * a version the one that ends first is taken, so that none is left over that another version needed.
 */
function unexplained(
  property: string,
  oldestFirst: readonly ValueVersion[],
  chances: readonly Chance[],
): ValueVersion[] {
  const left = chances.toSorted((a, b) => a.span.to.getTime() - b.span.to.getTime());
  return oldestFirst.filter((version) => {
    const at = left.findIndex(
      ({ value, span }) => isIn(version.at, span) && isSameValue(property, value, version.value),
    );
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

interface Property {
  readonly name: string;
  readonly versions: readonly ValueVersion[];
  readonly chances: readonly Chance[];
  /** Of the window, newest first. */
  readonly rogue: readonly ValueVersion[];
}

function judgeProperty(
  name: string,
  record: RecordHistory,
  { own, view, isCreationOurs }: Judging,
): Property {
  const versions = record.versions[name] ?? [];
  const chances = chancesFor(name, own);
  // A write from right before the window must not be left to account for a version inside of it.
  const since = view.from.getTime() - 2 * MATCH_TOLERANCE_MS;
  const oldest = oldestOf(versions);
  const ours = versions.filter(
    (version) =>
      view.appIds.has(version.sourceId ?? '') &&
      version.at.getTime() >= since &&
      !(isCreationOurs && version === oldest && isFirst(version, record)),
  );
  const rogue = unexplained(name, ours.toReversed(), chances)
    .filter(({ at }) => isIn(at, view))
    .toReversed();
  return { name, versions, chances, rogue };
}

interface Judging {
  readonly own: readonly OwnWrite[];
  readonly view: RadarView;
  readonly isCreationOurs: boolean;
}

const held = (version: ValueVersion | undefined): string | null =>
  version === undefined || version.value === '' ? null : version.value;

/** From the value before the newest unbroken run of rogue versions to the one that it left. */
function changeOf({ versions, rogue }: Property): RogueChange['properties'][string] {
  const [newest] = rogue;
  const start = newest === undefined ? 0 : versions.indexOf(newest);
  let end = start;
  for (const version of versions.slice(start)) {
    if (!rogue.includes(version)) break;
    end += 1;
  }
  return { before: held(versions[end]), after: held(newest) };
}

const newestTime = (times: readonly Date[]): Date =>
  times.reduce((newest, at) => (at > newest ? at : newest));

function rogueOf(
  record: RecordHistory,
  properties: readonly Property[],
  isRogueCreation: boolean,
): RogueChange | undefined {
  const touched = properties.filter(({ rogue }) => rogue.length > 0);
  const [first, ...more] = touched.flatMap(({ rogue }) => rogue.map(({ at }) => at));
  if (first === undefined && !isRogueCreation) return undefined;
  const { objectType, objectId, recordName } = record;
  return {
    ...{ objectType, objectId, recordName },
    kind: isRogueCreation ? 'created' : 'changed',
    at: newestTime([first ?? record.createdAt, ...more]),
    properties: Object.fromEntries(
      touched.map((property) => [property.name, changeOf(property)] as const),
    ),
  };
}

/** Versions may be gone that lay inside the window. */
function isCut({ versions }: Property, record: RecordHistory, { from }: Span): boolean {
  const oldest = oldestOf(versions);
  if (oldest === undefined || versions.length < VERSIONS_KEPT_MIN) return false;
  return oldest.at > from && !isFirst(oldest, record);
}

/** A write of ours that stands in the history under another app's name, and not under ours. */
function isMisattributed({ name, versions, chances }: Property, { appIds }: RadarView): boolean {
  const made = ({ value, span }: Chance): ValueVersion[] =>
    versions.filter(({ at, ...each }) => isIn(at, span) && isSameValue(name, value, each.value));
  return chances.some((chance) => {
    const found = made(chance);
    return (
      chance.isSettled &&
      found.some(({ sourceType }) => sourceType === 'INTEGRATION') &&
      !found.some(({ sourceId }) => appIds.has(sourceId ?? ''))
    );
  });
}

/** Holds one record's history against the gateway's own writes to it, and creates not yet settled. */
export function judgeRecord(
  record: RecordHistory,
  own: readonly OwnWrite[],
  view: RadarView,
): Judgement {
  const isByApp = view.appIds.has(record.createdBy ?? '');
  const creation = isByApp ? creationOf(record, own) : undefined;
  const judging = { own, view, isCreationOurs: creation !== undefined };
  const properties = Object.keys(record.versions).map((name) =>
    judgeProperty(name, record, judging),
  );
  const isRogueCreation = isByApp && creation === undefined && isIn(record.createdAt, view);
  const gaps: HistoryGap[] = [];
  if (properties.some((property) => isCut(property, record, view))) gaps.push('history_cut');
  if (properties.some((property) => isMisattributed(property, view))) gaps.push('not_attributed');
  return { rogue: rogueOf(record, properties, isRogueCreation), gaps };
}

/** Tells one finding from another, in whatever sweep it turns up. */
export const changeKey = ({ kind, objectType, objectId, at }: RogueChange): string =>
  `${kind} ${objectType}/${objectId} ${at.toISOString()}`;
