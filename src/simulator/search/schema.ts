import { z } from 'zod';

const OPERATORS = [
  'EQ',
  'NEQ',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'BETWEEN',
  'IN',
  'NOT_IN',
  'HAS_PROPERTY',
  'NOT_HAS_PROPERTY',
  'CONTAINS_TOKEN',
  'NOT_CONTAINS_TOKEN',
] as const;

const FilterSchema = z.looseObject({
  propertyName: z.string(),
  operator: z.enum(OPERATORS),
  value: z.string().optional(),
  highValue: z.string().optional(),
  values: z.array(z.string()).optional(),
});
export type Filter = z.infer<typeof FilterSchema>;

const SortSchema = z.union([
  z.string(),
  z.looseObject({
    propertyName: z.string(),
    direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING'),
  }),
]);

/** The guide's form of a search: every field optional, `after` as text or number. */
export const SearchBodySchema = z.looseObject({
  filterGroups: z.array(z.looseObject({ filters: z.array(FilterSchema) })).default([]),
  filters: z.array(FilterSchema).optional(),
  query: z.string().optional(),
  properties: z.array(z.string()).default([]),
  sorts: z.array(SortSchema).default([]),
  limit: z.int().optional(),
  after: z.union([z.string(), z.number()]).optional(),
});
export type SearchBody = z.infer<typeof SearchBodySchema>;

export type Sort = { propertyName: string; isDescending: boolean };

/** `createdate`, `-createdate`, or the object form. */
export function toSort(sort: SearchBody['sorts'][number]): Sort {
  if (typeof sort !== 'string')
    return { propertyName: sort.propertyName, isDescending: sort.direction === 'DESCENDING' };
  return sort.startsWith('-')
    ? { propertyName: sort.slice(1), isDescending: true }
    : { propertyName: sort, isDescending: false };
}
