import type { RequestRecord } from './records.ts';

/** What came of a request that a person changed: kept, sealed, as its result. */
export interface ChangedTo {
  /** The request that takes its place. */
  readonly successor: string;
  /** The person's id. */
  readonly by: string;
  /** Names what exactly was changed to what: the same change again is the same successor. */
  readonly change: string;
}

/**
 * Undefined of every other request, and of one whose row was put back by hand: it stands again where the log says,
 * and its own result is gone.
 */
export function changedTo({
  status,
  result,
}: Pick<RequestRecord, 'status' | 'result'>): ChangedTo | undefined {
  const isKept = typeof result === 'object' && result !== null && 'successor' in result;
  return status === 'changed' && isKept ? (result as ChangedTo) : undefined;
}
