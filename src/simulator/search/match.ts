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

type Comparison = (held: string | number, wanted: string | number) => boolean;

const COMPARISONS: Partial<Record<Filter['operator'], Comparison>> = {
  EQ: (held, wanted) => held === wanted,
  NEQ: (held, wanted) => held !== wanted,
  LT: (held, wanted) => held < wanted,
  LTE: (held, wanted) => held <= wanted,
  GT: (held, wanted) => held > wanted,
  GTE: (held, wanted) => held >= wanted,
};

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

function matchesHeld(definition: PropertyDefinition, held: string, filter: Filter): boolean {
  const value = filter.value ?? '';
  switch (filter.operator) {
    case 'BETWEEN': {
      const mine = comparable(definition, held);
      return (
        mine >= comparable(definition, value) &&
        mine <= comparable(definition, filter.highValue ?? '')
      );
    }
    case 'IN':
      return isListed(definition, held, filter.values ?? []);
    case 'NOT_IN':
      return !isListed(definition, held, filter.values ?? []);
    case 'CONTAINS_TOKEN':
      return containsToken(held, value);
    case 'NOT_CONTAINS_TOKEN':
      return !containsToken(held, value);
    case 'HAS_PROPERTY':
      return true;
    case 'NOT_HAS_PROPERTY':
      return false;
    default: {
      const compare = COMPARISONS[filter.operator];
      return compare?.(comparable(definition, held), comparable(definition, value)) ?? false;
    }
  }
}

/** The pseudo-property `associations.{type}` filters by what a record is associated with. */
function matchesAssociation(indexed: IndexedRecord, filter: Filter): boolean {
  const type = findObjectType(filter.propertyName.slice(ASSOCIATIONS_PREFIX.length));
  const ids = (type && indexed.associated.get(type.name)) ?? new Set<string>();
  const wanted = filter.values ?? [filter.value ?? ''];
  switch (filter.operator) {
    case 'HAS_PROPERTY':
      return ids.size > 0;
    case 'NOT_HAS_PROPERTY':
      return ids.size === 0;
    case 'NEQ':
    case 'NOT_IN':
      return !wanted.some((id) => ids.has(id));
    default:
      return wanted.some((id) => ids.has(id));
  }
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
  return matchesHeld(definition, held, filter);
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
