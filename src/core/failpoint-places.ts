/**
 * Where a process can be told to die, for the fault harness: `SALLYPORT_FAILPOINT='<place>'` kills it
 * there with SIGKILL, `'<place>@3'` at the third passage. The places are the edges of everything that a
 * crash can tear apart: each commit of a request's way, named by the entry that it puts in the log, each
 * message to the engine, and the one call that writes.
 */
const COMMITS = [
  'request.accepted',
  'hubspot.intended/card',
  'approval.requested',
  'approval.granted',
  'approval.rejected',
  'hubspot.intended/compare',
  'hubspot.intended/execute',
  'hubspot.answered/execute',
  'hubspot.lost/execute',
  'hubspot.intended/reconcile',
  'hubspot.settled',
  'request.completed',
] as const;
const CALLS = ['engine.start', 'engine.wake', 'hubspot.write'] as const;

export const FAILPOINTS = [...COMMITS, ...CALLS].flatMap(
  (place) => [`before ${place}`, `after ${place}`] as const,
);
type Failpoint = (typeof FAILPOINTS)[number];

export interface FailpointSetting {
  readonly place: Failpoint;
  /** At which passage, from 1. */
  readonly passage: number;
}

const FORM = /^(?<place>(?:before|after) [a-z./]+)(?:@(?<passage>[1-9]\d{0,5}))?$/;

/** `undefined` for anything that names no failpoint. */
export function parseFailpoint(text: string): FailpointSetting | undefined {
  const { place, passage = '1' } = FORM.exec(text)?.groups ?? {};
  const known = FAILPOINTS.find((name) => name === place);
  return known === undefined ? undefined : { place: known, passage: Number(passage) };
}
