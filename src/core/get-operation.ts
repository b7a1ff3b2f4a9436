import type { Operation } from '../contracts/plan.ts';

/** A call that changes nothing: `GET` of a path, for records of this type. */
export const getOperation = (
  object_type: Operation['object_type'],
  path: string,
  query: Operation['query'] = {},
): Operation => ({ kind: 'read', object_type, method: 'GET', path, query, body: null });
