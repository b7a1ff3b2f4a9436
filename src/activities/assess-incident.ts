import type { Exposure, Findings, IncidentProgress, IncidentRecord } from '../core/incident.ts';
import { EXPOSED_MAX } from '../core/incident.ts';
import { recordsIn } from '../core/observed.ts';
import type { RequestRecord } from '../core/records.ts';
import { incidentAt, incidentEntry } from '../gate/incidents.ts';
import { recordSweep } from '../gate/radar-record.ts';
import type { IncidentDependencies } from './dependencies.ts';
import { progressOf } from './incident-progress.ts';

const PAGE_MAX = 200;
const LOOK_EVERY_MS = 5_000;

/** What an answer showed, as `contacts 20001`; where it does not say what it is, as what was asked for. */
function shownIn({ plan, result }: Pick<RequestRecord, 'plan' | 'result'>): string[] {
  const asked = plan?.operations[0]?.object_type ?? '?';
  return recordsIn(result).map((record) => record.replace(/^\?/, asked).replace('/', ' '));
}

interface Tally extends Pick<RequestRecord, 'agentId' | 'action'> {
  reads: number;
  readonly fields: Set<string>;
  readonly records: Set<string>;
}

function count(tallies: Map<string, Tally>, request: RequestRecord): void {
  const { agentId, action, plan } = request;
  const key = `${agentId} ${action}`;
  const known = tallies.get(key);
  const tally = known ?? {
    ...{ agentId, action, reads: 0 },
    ...{ fields: new Set<string>(), records: new Set<string>() },
  };
  tallies.set(key, tally);
  tally.reads += 1;
  for (const field of plan?.fields ?? []) tally.fields.add(field);
  for (const record of shownIn(request)) tally.records.add(record);
}

/** What was answered since then, newest first, page by page; rows that do not open are named in `damaged`. */
async function* succeededSince(
  { store }: Pick<IncidentDependencies, 'store'>,
  since: Date,
  damaged: Set<string>,
): AsyncGenerator<RequestRecord> {
  let before: { readonly before?: string } = {};
  for (;;) {
    const page = { statuses: ['succeeded'] as const, limit: PAGE_MAX, ...before };
    const { rows, damaged: unopened } = await store.requests.list(page);
    for (const id of unopened) damaged.add(id);
    const recent = rows.filter(({ createdAt }) => createdAt >= since);
    yield* recent;
    const last = rows.at(-1);
    if (last === undefined || recent.length < PAGE_MAX) return;
    before = { before: last.id };
  }
}

/** What agents were shown, by agent and action: from the record, not from HubSpot. */
async function exposuresSince(
  deps: Pick<IncidentDependencies, 'store'>,
  { connection, since }: IncidentRecord,
): Promise<{ readonly exposures: readonly Exposure[]; readonly unread: readonly string[] }> {
  const tallies = new Map<string, Tally>();
  const damaged = new Set<string>();
  for await (const request of succeededSince(deps, since, damaged))
    if (request.risk === 'read' && request.connection === connection) count(tallies, request);
  const exposures = [...tallies.values()].map(({ agentId, action, reads, fields, records }) => ({
    ...{ agentId, action, reads },
    fields: [...fields].toSorted(),
    records: [...records].toSorted().slice(0, EXPOSED_MAX),
    recordsTotal: records.size,
  }));
  const unread = [...damaged].map(
    (id) => `${id}: its row was changed; what its agent was shown is not known`,
  );
  return { exposures, unread };
}

/**
 * Assess: every change that HubSpot attributes to our key in the window against the write ledger, and
 * what agents were shown meanwhile. Safe to run any number of times; the first whole result stays.
 */
export function createAssessIncident(deps: IncidentDependencies) {
  const { store, clock } = deps;

  async function assess(incident: IncidentRecord): Promise<void> {
    const to = clock();
    const found = await deps.findRogue(incident, to);
    const { rogue } = found;
    const shown = await exposuresSince(deps, incident);
    const { exposures } = shown;
    const unread = [...found.unread, ...shown.unread];
    const findings: Findings = {
      ...{ from: incident.since, to, rogue, exposures, unread },
      leftAlone: [],
    };
    await store.commit(async (tx) => {
      const now = await incidentAt(tx, incident.id, 'assessing');
      if (now === undefined) return;
      const facts = {
        rogue: rogue.length,
        unread: unread.length,
        reads: exposures.reduce((sum, { reads }) => sum + reads, 0),
        records_shown: exposures.reduce((sum, { recordsTotal }) => sum + recordsTotal, 0),
      };
      // As any sweep: what is known from here is no news to the next one, which would open another incident.
      if (found.report !== null)
        await recordSweep(tx, found.report, { by: 'gateway', facts: { incident: now.id } });
      await tx.log.append(incidentEntry(now, 'incident.assessed', { facts }));
      const reached = { ...now.reached, assessed: tx.now };
      await tx.incidents.update(now.id, { stage: 'reverting', findings, reached });
    });
  }

  return async function assessIncident(id: string): Promise<IncidentProgress> {
    const incident = await incidentAt(store, id, 'assessing');
    if (incident !== undefined) await assess(incident);
    return progressOf(store, id, { stage: 'assessing', lookMs: LOOK_EVERY_MS });
  };
}
