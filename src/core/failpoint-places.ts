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

/** The same of an incident's way. */
const INCIDENT_COMMITS = [
  'incident.opened',
  'incident.contained',
  'hubspot.intended/incident',
  'hubspot.answered/incident',
  'incident.checked',
  'incident.key_supplied',
  'incident.verified',
  'incident.assessed',
  'incident.reverting',
  'incident.reverted',
  'incident.closed',
] as const;

const around = <T extends string>(place: T) => [`before ${place}`, `after ${place}`] as const;

export const FAILPOINTS = [...COMMITS, ...CALLS].flatMap(around);
export const INCIDENT_FAILPOINTS = INCIDENT_COMMITS.flatMap(around);
type Failpoint = (typeof FAILPOINTS)[number] | (typeof INCIDENT_FAILPOINTS)[number];
const ALL: readonly Failpoint[] = [...FAILPOINTS, ...INCIDENT_FAILPOINTS];

export interface FailpointSetting {
  readonly place: Failpoint;
  /** At which passage, from 1. */
  readonly passage: number;
}

const FORM = /^(?<place>(?:before|after) [a-z_./]+)(?:@(?<passage>[1-9]\d{0,5}))?$/;

/** `undefined` for anything that names no failpoint. */
export function parseFailpoint(text: string): FailpointSetting | undefined {
  const { place, passage = '1' } = FORM.exec(text)?.groups ?? {};
  const known = ALL.find((name) => name === place);
  return known === undefined ? undefined : { place: known, passage: Number(passage) };
}
