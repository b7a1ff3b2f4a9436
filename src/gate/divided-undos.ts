import { isByPerson, type Version } from '../actions/standing-record.ts';
import { isRevertible, ownProperties } from '../actions/taken-back.ts';
import { PLAN_LIMITS } from '../contracts/plan.ts';
import type { Undo } from '../contracts/undo.ts';
import { isSameValue } from '../core/same-value.ts';
import type { Folding, Superseded, Wanted } from './folded-undos.ts';
import type { Link, Place, Standing } from './take-back-reads.ts';

type Restore = Extract<Undo, { kind: 'restore' }>;
type Archive = Extract<Undo, { kind: 'archive' }>;
type Dissociate = Extract<Undo, { kind: 'dissociate' }>;

/** Somebody has changed it since: theirs wins. */
export interface LeftAlone {
  readonly of: string | null;
  readonly object_type: string;
  readonly id: string;
  readonly property: string;
  /** What the write had left there; null of what it had not touched. */
  readonly written: string | null;
  readonly present: string | null;
  /** By HubSpot's own history, where it says so. */
  readonly changed_by: {
    readonly source: string;
    readonly source_id: string | null;
    readonly at: string;
  } | null;
}

/** It cannot be taken back through the API, or what it means cannot be told. */
export interface NotRevertible {
  readonly of: string | null;
  /** Null of a request as a whole. */
  readonly object_type: string | null;
  readonly id: string | null;
  readonly reason: string;
  /** HubSpot's own page about it. */
  readonly url?: string;
}

export interface TakeBackPlan {
  /** One request each, newest first. */
  readonly to_take_back: readonly { readonly of: string | null; readonly undo: readonly Undo[] }[];
  readonly left_alone: readonly LeftAlone[];
  readonly not_revertible: readonly NotRevertible[];
  /** How much of it is as it was before already. */
  readonly done: number;
}

/** What was read of HubSpot. */
export interface Seen {
  readonly standingOf: (record: { readonly object_type: string; readonly id: string }) => Standing;
  readonly linkOf: (undo: Dissociate) => Link;
}

interface Division {
  readonly take: readonly Wanted[];
  readonly left: readonly LeftAlone[];
  readonly not: readonly NotRevertible[];
  readonly done: number;
}

const NOTHING: Division = { take: [], left: [], not: [], done: 0 };
const DONE: Division = { ...NOTHING, done: 1 };

const joined = (parts: readonly Division[]): Division => ({
  take: parts.flatMap(({ take }) => take),
  left: parts.flatMap(({ left }) => left),
  not: parts.flatMap(({ not }) => not),
  done: parts.reduce((sum, { done }) => sum + done, 0),
});

/** HubSpot's own page on what it keeps for 90 days and brings back by hand. */
export const RESTORE_PAGE = 'https://knowledge.hubspot.com/records/restore-deleted-records';

function goneReason(
  standing: Exclude<Standing, { kind: 'present' }>,
): Pick<NotRevertible, 'reason' | 'url'> {
  switch (standing.kind) {
    case 'archived':
      return {
        reason: 'it is archived; HubSpot restores it for 90 days, by hand',
        url: RESTORE_PAGE,
      };
    case 'merged':
      return { reason: `it was merged into ${standing.into}, and HubSpot has no way back` };
    case 'erased':
      return { reason: 'it was deleted for good' };
  }
}

const notRevertible = (
  of: string | null,
  { object_type, id }: { readonly object_type: string; readonly id: string },
  why: Pick<NotRevertible, 'reason' | 'url'>,
): Division => ({ ...NOTHING, not: [{ of, object_type, id, ...why }] });

const changedBy = (version: Version | undefined): LeftAlone['changed_by'] =>
  version === undefined
    ? null
    : { source: version.sourceType, source_id: version.sourceId ?? null, at: version.timestamp };

type Present = Extract<Standing, { kind: 'present' }>;

const leftAlone = (
  of: string | null,
  undo: Restore | Archive,
  property: string,
  { properties, history }: Present,
): LeftAlone => ({
  of,
  object_type: undo.object_type,
  id: undo.id,
  property,
  written: undo.expects[property] ?? null,
  present: properties[property] ?? null,
  changed_by: changedBy(history[property]?.[0]),
});

/** Property by property. */
function divideRestore({ of, undo }: Wanted<Restore>, seen: Seen): Division {
  const standing = seen.standingOf(undo);
  if (standing.kind !== 'present') return notRevertible(of, undo, goneReason(standing));
  const names = Object.keys(undo.properties);
  const now = (name: string): string | null => standing.properties[name] ?? null;
  const ours = names.filter((name) => isSameValue(name, now(name), undo.expects[name]));
  const others = names.filter((name) => !ours.includes(name));
  const back = others.filter((name) => isSameValue(name, now(name), undo.properties[name]));
  const pick = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(ours.map((name) => [name, values[name] ?? '']));
  const rest = { ...undo, properties: pick(undo.properties), expects: pick(undo.expects) };
  return {
    take: ours.length === 0 ? [] : [{ of, undo: rest }],
    left: others
      .filter((name) => !back.includes(name))
      .map((name) => leftAlone(of, undo, name, standing)),
    not: [],
    done: back.length,
  };
}

/** What keeps a created record from being archived: another value, or a person's work on what was left empty. */
function workedOn({ expects, object_type: type }: Archive, standing: Present): readonly string[] {
  const other = Object.keys(expects).filter(
    (name) => !isSameValue(name, standing.properties[name], expects[name]),
  );
  const own = isRevertible(type) ? ownProperties(type) : [];
  const byPeople = own.filter((name) => (standing.history[name] ?? []).some(isByPerson));
  return [...new Set([...other, ...byPeople])];
}

function divideArchive(
  { of, undo }: Wanted<Archive>,
  absorbed: readonly Wanted[],
  seen: Seen,
): Division {
  const standing = seen.standingOf(undo);
  if (standing.kind === 'archived' || standing.kind === 'erased') return DONE;
  if (standing.kind === 'merged') return notRevertible(of, undo, goneReason(standing));
  const worked = workedOn(undo, standing);
  if (worked.length === 0) return { ...NOTHING, take: [{ of, undo }] };
  const left = worked.map((name) => leftAlone(of, undo, name, standing));
  return joined([...absorbed.map((one) => divide(one, [], seen)), { ...NOTHING, left }]);
}

function divideDissociate({ of, undo }: Wanted<Dissociate>, seen: Seen): Division {
  for (const end of [undo.from, undo.to]) {
    const standing = seen.standingOf(end);
    if (standing.kind !== 'present') return notRevertible(of, end, goneReason(standing));
  }
  const link = seen.linkOf(undo);
  if (link.kind === 'none') return DONE;
  if (link.kind === 'unclear')
    return notRevertible(of, undo.from, { reason: 'it has too many associations to tell' });
  const isOurs = link.types.every(
    ({ category, typeId }) => category === 'HUBSPOT_DEFINED' && undo.type_ids.includes(typeId),
  );
  if (isOurs) return { ...NOTHING, take: [{ of, undo }] };
  const { object_type, id } = undo.to;
  return notRevertible(of, undo.from, {
    reason: `its association with ${object_type} ${id} has a label that somebody gave it`,
  });
}

function divide({ of, undo }: Wanted, absorbed: readonly Wanted[], seen: Seen): Division {
  if (undo.kind === 'restore') return divideRestore({ of, undo }, seen);
  if (undo.kind === 'archive') return divideArchive({ of, undo }, absorbed, seen);
  return divideDissociate({ of, undo }, seen);
}

/** Text that has no canonical form cannot be approved. */
const isText = ({ undo }: Wanted): boolean =>
  undo.kind === 'dissociate' ||
  [undo.expects, undo.kind === 'restore' ? undo.properties : {}]
    .flatMap((values) => Object.entries(values).flat())
    .every((text) => text.isWellFormed());

function supersededLeft({ of, undo, property }: Superseded, seen: Seen): readonly LeftAlone[] {
  const standing = seen.standingOf(undo);
  return standing.kind === 'present' ? [leftAlone(of, undo, property, standing)] : [];
}

function byRequest(take: readonly Wanted[]): TakeBackPlan['to_take_back'] {
  const groups = [...Map.groupBy(take, ({ of }) => of).entries()];
  return groups.flatMap(([of, ones]) => {
    const undos = ones.map(({ undo }) => undo);
    const parts = Math.ceil(undos.length / PLAN_LIMITS.operationsMax);
    return Array.from({ length: parts }, (_, part) => ({
      of,
      undo: undos.slice(part * PLAN_LIMITS.operationsMax, (part + 1) * PLAN_LIMITS.operationsMax),
    }));
  });
}

/** Which records, and what of them, tell what can be taken back. */
export function placesOf({ items, superseded }: Folding): Place[] {
  const undos = [
    ...items.flatMap(({ undo, absorbed }) => [undo, ...absorbed.map((one) => one.undo)]),
    ...superseded.map(({ undo }) => undo),
  ];
  const places = new Map<string, Place>();
  const add = (object_type: Place['object_type'], id: string, names: readonly string[]): void => {
    const key = `${object_type}/${id}`;
    const known = places.get(key)?.properties ?? [];
    places.set(key, { object_type, id, properties: [...new Set([...known, ...names])] });
  };
  for (const undo of undos) {
    if (undo.kind === 'dissociate')
      for (const end of [undo.from, undo.to]) add(end.object_type, end.id, ['hs_object_id']);
    else {
      const { object_type: type, id, expects } = undo;
      const own = undo.kind === 'archive' && isRevertible(type) ? ownProperties(type) : [];
      add(type, id, [...Object.keys(expects), ...own]);
    }
  }
  return [...places.values()];
}

/** What can be taken back on the records as they were read, what is left alone, and what cannot be (law 12). */
export function divideUndos({ items, superseded }: Folding, seen: Seen): TakeBackPlan {
  const whole = joined(items.map(({ absorbed, ...one }) => divide(one, absorbed, seen)));
  const unsayable = whole.take.filter((one) => !isText(one));
  return {
    to_take_back: byRequest(whole.take.filter(isText)),
    left_alone: [...whole.left, ...superseded.flatMap((one) => supersededLeft(one, seen))],
    not_revertible: [
      ...whole.not,
      ...unsayable.map(({ of }) => ({
        of,
        object_type: null,
        id: null,
        reason: 'a value is no Unicode text',
      })),
    ],
    done: whole.done,
  };
}
