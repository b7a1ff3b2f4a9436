import { z } from 'zod';
import type { ObjectType, Operation, Plan } from '../contracts/plan.ts';
import { searchPath } from '../core/hubspot-paths.ts';
import { type FieldTable, projectRecord, propertiesOf } from './fields.ts';
import { parseSearch, type SearchAnswer } from './hubspot-shapes.ts';
import { requestedProperties } from './read-record.ts';
import { oneLine } from './text-rules.ts';

export const SEARCH_LIMITS = {
  /** HubSpot takes 200; a smaller page keeps one answer small. */
  pageMax: 100,
  pageDefault: 20,
  textMaxChars: 200,
  /** HubSpot refuses to page beyond them. */
  matchesMax: 10_000,
  /** HubSpot takes 6 filters in a group; two are left for other criteria. */
  nameWordsMax: 4,
} as const;

export const pageLimit = (max: number): z.ZodOptional<z.ZodInt> =>
  z
    .int()
    .min(1)
    .max(max)
    .optional()
    .meta({
      description: `How many to return, at most ${max}; ${SEARCH_LIMITS.pageDefault} if absent.`,
    });

export const pageAfter = z
  .string()
  .regex(/^\d{1,8}$/, { error: 'is not a `next_after` of an answer' })
  .optional()
  .meta({ description: 'The `next_after` of the answer before, to go on from there.' });

/** Input fields shared by every search: how much, and from where on. */
export const pageInput = { limit: pageLimit(SEARCH_LIMITS.pageMax), after: pageAfter };

export const searchText = (description: string): z.ZodString =>
  oneLine(SEARCH_LIMITS.textMaxChars).meta({ description });

/** https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm */
export interface SearchFilter {
  readonly propertyName: string;
  readonly operator: 'EQ' | 'CONTAINS_TOKEN';
  readonly value: string;
}

export const equals = (propertyName: string, value: string): SearchFilter => ({
  propertyName,
  operator: 'EQ',
  value,
});

/** A criterion the input may leave out. */
export const equalsIfGiven = (propertyName: string, value: string | undefined): SearchFilter[] =>
  value === undefined ? [] : [equals(propertyName, value)];

/**
 * Alternatives for a name: it is exactly this, or it holds all of these words. Only letters and digits
 * are sent as words, because `*` in one is a wildcard to HubSpot and would list every record.
 */
export function nameAlternatives(propertyName: string, name: string): SearchFilter[][] {
  const words = name.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== '');
  const holdsWords = words
    .slice(0, SEARCH_LIMITS.nameWordsMax)
    .map((value): SearchFilter => ({ propertyName, operator: 'CONTAINS_TOKEN', value }));
  return [[equals(propertyName, name)], ...(holdsWords.length === 0 ? [] : [holdsWords])];
}

interface SearchSpec {
  readonly objectType: ObjectType;
  /** Alternatives; the filters of one alternative must all match. At most 5 of at most 6. */
  readonly alternatives: readonly (readonly SearchFilter[])[];
  readonly properties: readonly string[];
  readonly newestFirstBy?: string;
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

/** `POST /crm/objects/{version}/{type}/search`. */
export function searchOperation(spec: SearchSpec): Operation {
  const { newestFirstBy: propertyName } = spec;
  const body = {
    filterGroups: spec.alternatives.map((filters) => ({ filters })),
    properties: requestedProperties(spec.properties),
    limit: spec.limit ?? SEARCH_LIMITS.pageDefault,
    ...(propertyName === undefined ? {} : { sorts: [{ propertyName, direction: 'DESCENDING' }] }),
    ...(spec.after === undefined ? {} : { after: spec.after }),
  };
  return {
    kind: 'search',
    object_type: spec.objectType,
    method: 'POST',
    path: searchPath(spec.objectType),
    query: {},
    body: JSON.stringify(body),
  };
}

interface SearchPlanSpec {
  readonly action: string;
  readonly objectType: ObjectType;
  readonly table: FieldTable;
  readonly alternatives: SearchSpec['alternatives'];
  /** The page that the input asks for (`pageInput`). */
  readonly page: { readonly limit?: number | undefined; readonly after?: string | undefined };
}

/** The plan of a search action: one page, with the granted fields' properties. */
export const searchPlan = (spec: SearchPlanSpec, fields: readonly string[]): Plan => ({
  action: spec.action,
  operations: [
    searchOperation({
      objectType: spec.objectType,
      alternatives: spec.alternatives,
      properties: propertiesOf(spec.table, fields),
      limit: spec.page.limit,
      after: spec.page.after,
    }),
  ],
  targets: [],
  steps: [],
  fields: [...fields],
});

/** What tells the agent that there is more, and where it goes on. */
export function nextPage(answer: SearchAnswer): { more: true; next_after: string } | object {
  const next = answer.paging?.next?.after;
  return next === undefined ? {} : { more: true, next_after: next };
}

/** `{<noun>: [...], total}`, and `more`/`next_after` when another page follows. Nothing found is an empty list. */
export function searchResult(
  noun: string,
  table: FieldTable,
  plan: Plan,
  answer: unknown,
): Record<string, unknown> {
  const parsed = parseSearch(answer);
  return {
    [noun]: parsed.results.map((record) => projectRecord(table, plan.fields, record)),
    total: parsed.total,
    ...nextPage(parsed),
  };
}
