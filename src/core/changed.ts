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

export const changedTo = ({
  status,
  result,
}: Pick<RequestRecord, 'status' | 'result'>): ChangedTo | undefined =>
  status === 'changed' ? (result as ChangedTo) : undefined;
