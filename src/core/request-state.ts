/**
 * The life of a request as data. The store refuses every move that is not in this table, so a crash,
 * a replay or a double click can repeat a step but never invent one.
 */
export const REQUEST_STATUSES = [
  'planned',
  'awaiting_approval',
  'approved',
  'executing',
  'outcome_unknown',
  'succeeded',
  'failed',
  'refused',
  'rejected',
  'expired',
  'withdrawn',
  'changed',
] as const;

export type RequestStatus = (typeof REQUEST_STATUSES)[number];

const MOVES = {
  planned: ['awaiting_approval', 'approved', 'refused', 'failed', 'withdrawn', 'expired'],
  awaiting_approval: ['approved', 'rejected', 'expired', 'withdrawn', 'changed', 'failed'],
  approved: ['executing', 'refused', 'expired', 'failed'],
  // The next step of several.
  executing: ['executing', 'succeeded', 'failed', 'refused', 'outcome_unknown'],
  outcome_unknown: ['executing', 'succeeded', 'failed'],
  succeeded: [],
  failed: [],
  refused: [],
  rejected: [],
  expired: [],
  withdrawn: [],
  // A person put other values in: the request that takes its place has an id of its own.
  changed: [],
} as const satisfies Record<RequestStatus, readonly RequestStatus[]>;

export function canMove(from: RequestStatus, to: RequestStatus): boolean {
  return (MOVES[from] as readonly RequestStatus[]).includes(to);
}

/** Ended for good: the answer never changes again. */
export function isTerminal(status: RequestStatus): boolean {
  return MOVES[status].length === 0;
}

/** HubSpot may have been told already. */
export function hasBegun(status: RequestStatus): boolean {
  return status === 'executing' || status === 'outcome_unknown';
}

/** A lost write is only sent again after this many looks in a row did not find it. */
export const ABSENCES_MIN = 3;

/** Nothing will happen soon without a person: an HTTP caller that waits is answered now. */
export function isResting(status: RequestStatus): boolean {
  return isTerminal(status) || status === 'awaiting_approval' || status === 'outcome_unknown';
}

/** Still to be driven to its end by a workflow. */
export const OPEN_STATUSES = REQUEST_STATUSES.filter((status) => !isTerminal(status));
