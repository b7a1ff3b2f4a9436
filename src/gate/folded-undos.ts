import type { Undo } from '../contracts/undo.ts';
import { isSameValue } from '../core/same-value.ts';

type Restore = Extract<Undo, { kind: 'restore' }>;
type Archive = Extract<Undo, { kind: 'archive' }>;

/** One thing to take back, and the request that wrote it; null for a change that is not ours. */
export interface Wanted<U extends Undo = Undo> {
  readonly of: string | null;
  readonly undo: U;
}

/** `absorbed`: what need not be taken back of a record that is archived, and must be if it is not. */
export interface Folded extends Wanted {
  readonly absorbed: readonly Wanted[];
}

/** A value that somebody else had changed already when the next write of the list changed it again. */
export interface Superseded {
  readonly of: string | null;
  readonly undo: Restore | Archive;
  readonly property: string;
}

export interface Folding {
  readonly items: readonly Folded[];
  readonly superseded: readonly Superseded[];
}

const isOf = (one: Undo, other: Restore | Archive): boolean =>
  one.kind !== 'dissociate' && one.object_type === other.object_type && one.id === other.id;

const isRestoreOf =
  (other: Restore | Archive) =>
  (one: Folded): boolean =>
    one.undo.kind === 'restore' && isOf(one.undo, other);

const isLinkOf = ({ undo }: Folded, { object_type, id }: Archive): boolean =>
  undo.kind === 'dissociate' &&
  [undo.from, undo.to].some((end) => end.object_type === object_type && end.id === id);

const pick = (values: Readonly<Record<string, string>>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, values[name] ?? '']));

const withOnly = (undo: Restore, names: readonly string[]): Restore => ({
  ...undo,
  properties: pick(undo.properties, names),
  expects: pick(undo.expects, names),
});

/** Of a chain of our writes on one value, one step remains: from what stands now to what stood first. */
function foldRestore(folding: Folding, { of, undo }: Wanted<Restore>): Folding {
  const superseded = [...folding.superseded];
  const kept: string[] = [];
  let { items } = folding;
  for (const property of Object.keys(undo.properties)) {
    const newer = items.find(
      (one) => isRestoreOf(undo)(one) && Object.hasOwn((one.undo as Restore).properties, property),
    );
    if (newer === undefined) {
      kept.push(property);
      continue;
    }
    const later = newer.undo as Restore;
    if (!isSameValue(property, later.properties[property], undo.expects[property])) {
      superseded.push({ of, undo, property });
      continue;
    }
    const properties = { ...later.properties, [property]: undo.properties[property] ?? '' };
    items = items.map((one) => (one === newer ? { ...one, undo: { ...later, properties } } : one));
  }
  if (kept.length === 0) return { items, superseded };
  return { items: [...items, { of, undo: withOnly(undo, kept), absorbed: [] }], superseded };
}

/** What the created record holds after our own later writes; the first property that others had changed in between. */
function expectedOf(
  undo: Archive,
  later: readonly Restore[],
): { readonly expects: Readonly<Record<string, string>>; readonly changed: string | undefined } {
  const expects: Record<string, string> = { ...undo.expects };
  for (const { properties, expects: left } of later) {
    for (const [property, former] of Object.entries(properties)) {
      if (!isSameValue(property, former, undo.expects[property]))
        return { expects, changed: property };
      expects[property] = left[property] ?? '';
    }
  }
  return { expects, changed: undefined };
}

/** A record that is archived takes what was written to it since with it. */
function foldArchive({ items, superseded }: Folding, { of, undo }: Wanted<Archive>): Folding {
  const later = items.filter(isRestoreOf(undo));
  const { expects, changed } = expectedOf(
    undo,
    later.map((one) => one.undo as Restore),
  );
  if (changed !== undefined)
    return { items, superseded: [...superseded, { of, undo, property: changed }] };
  const absorbed = items.filter((one) => later.includes(one) || isLinkOf(one, undo));
  const others = items.filter((one) => !absorbed.includes(one));
  return { items: [...others, { of, undo: { ...undo, expects }, absorbed }], superseded };
}

function isPair(one: Undo, other: Undo): boolean {
  if (one.kind !== 'dissociate' || other.kind !== 'dissociate') return false;
  return one.from.id === other.from.id && one.to.id === other.to.id;
}

function fold(folding: Folding, { of, undo }: Wanted): Folding {
  if (undo.kind === 'restore') return foldRestore(folding, { of, undo });
  if (undo.kind === 'archive') return foldArchive(folding, { of, undo });
  if (folding.items.some((one) => isPair(one.undo, undo))) return folding;
  return { ...folding, items: [...folding.items, { of, undo, absorbed: [] }] };
}

/** What was changed there and back again by ourselves is as it was. */
function changed(one: Folded): Folded[] {
  const { undo } = one;
  if (undo.kind !== 'restore') return [one];
  const names = Object.keys(undo.properties).filter(
    (name) => !isSameValue(name, undo.properties[name], undo.expects[name]),
  );
  return names.length === 0 ? [] : [{ ...one, undo: withOnly(undo, names) }];
}

/** `wanted`, newest first, with nothing in it that depends on something else of it having been taken back. */
export function foldUndos(wanted: readonly Wanted[]): Folding {
  const { items, superseded } = wanted.reduce<Folding>(fold, { items: [], superseded: [] });
  return { items: items.flatMap(changed), superseded };
}
