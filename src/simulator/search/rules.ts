import { validationError } from '../errors.ts';
import type { ErrorDetail, HubSpotError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { findObjectType } from '../object-types.ts';
import { parseInstant } from '../records/property-values.ts';
import type { PropertyDefinition } from '../state/types.ts';
import { toSort } from './schema.ts';
import type { Filter, SearchBody, Sort } from './schema.ts';

export type SearchPlan = {
  groups: Filter[][];
  query: string;
  sort: Sort | undefined;
  limit: number;
  offset: number;
};

type FindProperty = (name: string) => PropertyDefinition | undefined;

const WITHOUT_VALUE = new Set(['HAS_PROPERTY', 'NOT_HAS_PROPERTY']);
const WITH_VALUES = new Set(['IN', 'NOT_IN']);

export const ASSOCIATIONS_PREFIX = 'associations.';

function problem(message: string, detail: Partial<ErrorDetail> = {}): HubSpotError {
  return validationError('There was a problem with the request.', [{ message, ...detail }]);
}

/**
 * Holds a search against HubSpot's rules: counts, known properties, operands that fit, pages.
 * @throws HubSpotError 400
 */
export function planSearch(body: SearchBody, find: FindProperty): SearchPlan {
  const groups = body.filterGroups.map((group) => group.filters);
  if (groups.length === 0 && body.filters) groups.push(body.filters);
  assertCounts(groups);
  for (const filter of groups.flat()) assertFilter(filter, find);
  return {
    groups,
    query: (body.query ?? '').trim(),
    sort: planSort(body, find),
    ...planPage(body),
  };
}

function assertCounts(groups: Filter[][]): void {
  if (groups.length > LIMITS.filterGroupsMax)
    throw problem(`A search takes at most ${String(LIMITS.filterGroupsMax)} filterGroups.`);
  if (groups.some((filters) => filters.length > LIMITS.filtersPerGroupMax))
    throw problem(`A filterGroup takes at most ${String(LIMITS.filtersPerGroupMax)} filters.`);
  if (groups.flat().length > LIMITS.filtersTotalMax)
    throw problem(`A search takes at most ${String(LIMITS.filtersTotalMax)} filters in all.`);
}

function isAssociation(propertyName: string): boolean {
  const [prefix, alias] = propertyName.split('.');
  return `${prefix ?? ''}.` === ASSOCIATIONS_PREFIX && findObjectType(alias ?? '') !== undefined;
}

function assertFilter(filter: Filter, find: FindProperty): void {
  const { propertyName } = filter;
  const definition = find(propertyName);
  if (!definition && !isAssociation(propertyName))
    throw problem(`Property '${propertyName}' does not exist`, {
      context: { propertyName: [propertyName] },
    });
  const operands = operandsOf(filter);
  if (definition) for (const operand of operands) assertOperand(definition, operand);
}

/** The values an operator compares with; those of IN are compared as they come. */
function operandsOf({ propertyName, operator, value, values, highValue }: Filter): string[] {
  const context = { propertyName: [propertyName] };
  if (WITHOUT_VALUE.has(operator)) return [];
  if (WITH_VALUES.has(operator)) {
    if (!values || values.length === 0) throw problem(`${operator} needs values.`, { context });
    return [];
  }
  if (value === undefined) throw problem(`${operator} needs a value.`, { context });
  if (operator !== 'BETWEEN') return [value];
  if (highValue === undefined) throw problem('BETWEEN needs a highValue.', { context });
  return [value, highValue];
}

function assertOperand(definition: PropertyDefinition, operand: string): void {
  const { name, type } = definition;
  const isNumberWanted = type === 'number';
  const isInstantWanted = type === 'datetime' || type === 'date';
  const isFitting =
    (!isNumberWanted || (operand.trim() !== '' && Number.isFinite(Number(operand)))) &&
    (!isInstantWanted || parseInstant(operand) !== undefined);
  if (!isFitting)
    throw problem(`'${operand}' is not a valid ${type} for '${name}'`, {
      context: { propertyName: [name] },
    });
}

function planSort(body: SearchBody, find: FindProperty): Sort | undefined {
  if (body.sorts.length > 1) throw problem('A search takes at most one sort.');
  const first = body.sorts[0];
  if (first === undefined) return undefined;
  const sort = toSort(first);
  if (!find(sort.propertyName)) throw problem(`Property '${sort.propertyName}' does not exist`);
  return sort;
}

function planPage(body: SearchBody): { limit: number; offset: number } {
  const limit = body.limit ?? LIMITS.searchPageDefault;
  if (limit < 0 || limit > LIMITS.searchPageMax)
    throw problem(`limit must be between 0 and ${String(LIMITS.searchPageMax)}.`);
  const after = String(body.after ?? '');
  if (after !== '' && !/^\d{1,9}$/u.test(after)) throw problem('after must be an integer string.');
  const offset = Number(after);
  if (offset + limit > LIMITS.searchResultsMax)
    throw problem(
      `A search pages through at most ${String(LIMITS.searchResultsMax)} results; refine the query.`,
    );
  return { limit, offset };
}
