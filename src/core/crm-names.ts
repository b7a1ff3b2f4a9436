import type { CardChange } from '../contracts/card.ts';

/** Of what HubSpot calls a field or one value, and of what it calls all values of a field that holds several. */
export const NAME_LIMITS = { maxChars: 200, severalMaxChars: 2_000 } as const;

/** Why HubSpot did not say what it calls something: the key may not ask, or there was no answer to be used. */
export type Unread = 'scope' | 'other';

/** What people read in HubSpot in the place of one property and its values. */
export interface PropertyNames {
  /** The account's own label; undefined where it is the one we know. */
  readonly label?: string | undefined;
  /** By value: of a choice, a stage, a pipeline or an owner. */
  readonly values: ReadonlyMap<string, string>;
  /** Whether each value should have a name: nobody types it. */
  readonly isChoice: boolean;
  /** Whether several values stand in one text: `a;b`. */
  readonly isSeveral: boolean;
  readonly unread?: Unread | undefined;
}

/** By `propertyKey`: what was read for one card. */
export type CrmNames = ReadonlyMap<string, PropertyNames>;

export const NO_NAMES: CrmNames = new Map();

export const propertyKey = (objectType: string, property: string): string =>
  `${objectType}.${property}`;

/** How HubSpot keeps several choices in one text. */
export const partsOfValue = (value: string): string[] => value.split(';');

/** A name that can be shown: what is too long is none, and never cut. */
export const usableName = (name: string | null | undefined): string | undefined =>
  name == null || name.trim() === '' || name.length > NAME_LIMITS.maxChars ? undefined : name;

const UNREAD: Readonly<Record<Unread, string>> = {
  scope: 'What HubSpot calls this could not be read: the key lacks the scope for it.',
  other: 'What HubSpot calls this could not be read.',
};

const NAMELESS = {
  before: 'HubSpot gives no name for the present value.',
  after: 'HubSpot gives no name for the new value.',
  both: 'HubSpot gives no name for either value.',
} as const;

const partsIn = (value: string, { isSeveral }: PropertyNames): string[] =>
  isSeveral ? partsOfValue(value) : [value];

/** Undefined where it is called what it is, and where all of its names would be too long. */
function nameOf(value: string, names: PropertyNames): string | undefined {
  const parts = partsIn(value, names);
  const named = parts.map((part) => names.values.get(part) ?? part).join('; ');
  const isSame = parts.every((part) => (names.values.get(part) ?? part) === part);
  return isSame || named.length > NAME_LIMITS.severalMaxChars ? undefined : named;
}

const isNameless = (value: string | null, names: PropertyNames): boolean =>
  value !== null && partsIn(value, names).some((part) => part !== '' && !names.values.has(part));

function remarkOf({ before, after }: CardChange, names: PropertyNames): string | undefined {
  const [was, will] = [isNameless(before, names), isNameless(after, names)];
  if (!names.isChoice || (!was && !will)) return undefined;
  if (names.unread !== undefined) return UNREAD[names.unread];
  if (was && will) return NAMELESS.both;
  return was ? NAMELESS.before : NAMELESS.after;
}

/** The change in HubSpot's words beside its own values; `undefined`: nothing was read of that property. */
export function inHubSpotsWords(change: CardChange, names: PropertyNames | undefined): CardChange {
  if (names === undefined) return change;
  const before = change.before === null ? undefined : nameOf(change.before, names);
  const after = nameOf(change.after, names);
  const remark = remarkOf(change, names);
  return {
    ...change,
    label: names.label ?? change.label,
    ...(before === undefined ? {} : { before_name: before }),
    ...(after === undefined ? {} : { after_name: after }),
    ...(remark === undefined ? {} : { remark }),
  };
}
