import { z } from 'zod';
import type { ObjectType, Operation, Plan } from '../contracts/plan.ts';
import { searchPath } from '../core/hubspot-paths.ts';
import { type FieldTable, projectRecord } from './fields.ts';
import { SearchAnswerSchema } from './hubspot-shapes.ts';

export const SEARCH_LIMITS = {
  /** HubSpot takes 200; a smaller page keeps one answer small. */
  pageMax: 100,
  pageDefault: 20,
  /** HubSpot refuses to page beyond 10,000 matches. */
  afterMaxChars: 8,
  textMaxChars: 200,
} as const;

/** Input fields shared by every search: how much, and from where on. */
export const pageInput = {
  limit: z
    .int()
    .min(1)
    .max(SEARCH_LIMITS.pageMax)
    .optional()
    .meta({ description: 'Matches to return, 20 if absent.' }),
  after: z
    .string()
    .regex(/^\d{1,8}$/)
    .optional()
    .meta({ description: 'The `next_after` of the answer before, to go on from there.' }),
};

export const searchText = (description: string): z.ZodString =>
  z.string().trim().min(1).max(SEARCH_LIMITS.textMaxChars).meta({ description });

export interface SearchFilter {
  readonly propertyName: string;
  readonly operator: 'EQ' | 'CONTAINS_TOKEN';
  readonly value: string;
}

interface SearchSpec {
  readonly objectType: ObjectType;
  /** Groups are alternatives; filters of one group must all match. */
  readonly filterGroups: readonly { readonly filters: readonly SearchFilter[] }[];
  readonly properties: readonly string[];
  readonly sort?: { readonly propertyName: string; readonly direction: 'ASCENDING' | 'DESCENDING' };
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

/** `POST /crm/objects/{version}/{type}/search`. */
export function searchOperation(spec: SearchSpec): Operation {
  const body = {
    filterGroups: spec.filterGroups,
    properties: spec.properties,
    limit: spec.limit ?? SEARCH_LIMITS.pageDefault,
    ...(spec.sort === undefined ? {} : { sorts: [spec.sort] }),
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

/** `{<noun>: [...], total}`, and `more`/`next_after` when another page follows. */
export function searchResult(
  noun: string,
  table: FieldTable,
  plan: Plan,
  answer: unknown,
): Record<string, unknown> {
  const { total, results, paging } = SearchAnswerSchema.parse(answer);
  const next = paging?.next?.after;
  return {
    [noun]: results.map((record) => projectRecord(table, plan.fields, record)),
    total,
    ...(next === undefined ? {} : { more: true, next_after: next }),
  };
}
