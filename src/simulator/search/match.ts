import { findObjectType } from '../object-types.ts';
import { parseInstant } from '../records/property-values.ts';
import type { IndexedRecord } from '../state/search-index.ts';
import type { PropertyDefinition } from '../state/types.ts';
import { ASSOCIATIONS_PREFIX } from './rules.ts';
import type { Filter } from './schema.ts';

const NOT_A_TOKEN = /[^\p{L}\p{N}]+/u;
const INSTANT = new Set(['date', 'datetime']);

const tokensOf = (text: string): string[] => text.toLowerCase().split(NOT_A_TOKEN).filter(Boolean);

/**
 * Compares like the property's type does: numbers and instants by size, enumerations exactly, all
 * other text without regard to case.
 */
function comparable(definition: PropertyDefinition, text: string): string | number {
  if (definition.type === 'number') return Number(text);
  if (INSTANT.has(definition.type)) return parseInstant(text) ?? Number.NaN;
  return definition.type === 'enumeration' ? text : text.toLowerCase();
}

function globToPattern(glob: string): RegExp {
  const escaped = glob.replaceAll(/[.+?^${}()|[\]\\]/gu, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 'u');
}

/** Whether the tokens of `wanted` stand in `held` one after the other. */
function hasRun(held: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return false;
  return held.some((_, start) => wanted.every((token, step) => held[start + step] === token));
}

/** Every word of the filter must be found: whole tokens, or globs over words, tokens or the text. */
function containsToken(held: string, filterValue: string): boolean {
  const text = held.toLowerCase();
  const tokens = tokensOf(held);
  const words = filterValue.toLowerCase().split(/\s+/u).filter(Boolean);
  return words.every((word) => {
    if (!word.includes('*')) return hasRun(tokens, tokensOf(word));
    const pattern = globToPattern(word);
    return [text, ...text.split(/\s+/u), ...tokens].some((candidate) => pattern.test(candidate));
  });
}

/** IN and NOT_IN on strings compare with lower-cased records and unchanged filter values. */
function isListed(
  definition: PropertyDefinition,
  held: string,
  values: readonly string[],
): boolean {
  const mine = comparable(definition, held);
  const isText = definition.type === 'string';
  return values.some((value) => (isText ? value : comparable(definition, value)) === mine);
}

type Test = (definition: PropertyDefinition, held: string, filter: Filter) => boolean;

const comparing =
  (compare: (held: string | number, wanted: string | number) => boolean): Test =>
  (definition, held, { value }) =>
    compare(comparable(definition, held), comparable(definition, value ?? ''));

const isInRange: Test = (definition, held, { value, highValue }) => {
  const mine = comparable(definition, held);
  return (
    mine >= comparable(definition, value ?? '') && mine <= comparable(definition, highValue ?? '')
  );
};

/** What each operator asks of a value that is there. */
const TESTS: Record<Filter['operator'], Test> = {
  EQ: comparing((held, wanted) => held === wanted),
  NEQ: comparing((held, wanted) => held !== wanted),
  LT: comparing((held, wanted) => held < wanted),
  LTE: comparing((held, wanted) => held <= wanted),
  GT: comparing((held, wanted) => held > wanted),
  GTE: comparing((held, wanted) => held >= wanted),
  BETWEEN: isInRange,
  IN: (definition, held, { values }) => isListed(definition, held, values ?? []),
  NOT_IN: (definition, held, { values }) => !isListed(definition, held, values ?? []),
  CONTAINS_TOKEN: (_definition, held, { value }) => containsToken(held, value ?? ''),
  NOT_CONTAINS_TOKEN: (_definition, held, { value }) => !containsToken(held, value ?? ''),
  HAS_PROPERTY: () => true,
  NOT_HAS_PROPERTY: () => false,
};

/** The pseudo-property `associations.{type}` filters by what a record is associated with. */
function matchesAssociation(indexed: IndexedRecord, filter: Filter): boolean {
  const type = findObjectType(filter.propertyName.slice(ASSOCIATIONS_PREFIX.length));
  const ids = (type && indexed.associated.get(type.name)) ?? new Set<string>();
  const wanted = filter.values ?? [filter.value ?? ''];
  if (filter.operator === 'HAS_PROPERTY') return ids.size > 0;
  if (filter.operator === 'NOT_HAS_PROPERTY') return ids.size === 0;
  const isNegated = filter.operator === 'NEQ' || filter.operator === 'NOT_IN';
  return isNegated !== wanted.some((id) => ids.has(id));
}

export function matchesFilter(
  indexed: IndexedRecord,
  filter: Filter,
  find: (name: string) => PropertyDefinition | undefined,
): boolean {
  const definition = find(filter.propertyName);
  if (!definition) return matchesAssociation(indexed, filter);
  const held = indexed.record.properties[filter.propertyName];
  // A record without the property matches only the question whether it is missing.
  if (held === undefined) return filter.operator === 'NOT_HAS_PROPERTY';
  return TESTS[filter.operator](definition, held, filter);
}

/** Free text: every word begins some token, or stands somewhere, in one of the searched properties. */
export function matchesQuery(
  indexed: IndexedRecord,
  query: string,
  searched: readonly string[],
): boolean {
  if (query === '') return true;
  const held = searched.map((name) => indexed.record.properties[name]?.toLowerCase() ?? '');
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean);
  return words.every((word) => held.some((text) => text.includes(word)));
}
