import { ERRORS } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { IncidentRecord } from '../core/incident.ts';
import { unreadReason } from '../core/radar-text.ts';
import type { RogueChange } from '../core/rogue-change.ts';
import { assertIncidentMayCall } from './incident-calls.ts';
import type { Unread } from './radar-scan.ts';
import { type RadarReport, sweep, type SweepDependencies } from './radar.ts';

/** What the radar found in an incident's window, and what it could not look at, in whole sentences. */
export interface IncidentSweep {
  readonly rogue: readonly RogueChange[];
  readonly unread: readonly string[];
  /** For the record of sweeps; null where nothing could be looked at. */
  readonly report: RadarReport | null;
}

const unreadText = ({ objectType, objectId, reason }: Unread): string =>
  `${[objectType ?? 'HubSpot', objectId].filter((part) => part !== null).join(' ')}: ${unreadReason(reason)}`;

const archivedText = ({ objectType, objectId }: RogueChange): string =>
  `${objectType} ${objectId}: it was archived, and HubSpot does not say by whom`;

const sweptFor = (report: RadarReport): IncidentSweep => ({
  rogue: report.rogue,
  unread: [...report.unread.map(unreadText), ...report.unattributed.map(archivedText)],
  report,
});

const notSwept = (why: string): IncidentSweep => ({ rogue: [], unread: [why], report: null });

/**
 * Every change in the incident's window that HubSpot attributes to our app, against the write ledger.
 * Where the app is not known nothing can be told, and that is said. Throws what `sweep` throws.
 */
export async function sweepForIncident(
  deps: SweepDependencies,
  incident: IncidentRecord,
  of: { readonly to: Date; readonly settleMs: number },
): Promise<IncidentSweep> {
  const { id: incidentId, connection, newVersion: version, since: from } = incident;
  if (version === null) return notSwept('There is no key to look with.');
  try {
    const report = await sweep(deps, {
      ...{ connection, from, ...of },
      credential: { connection, version },
      by: 'gateway',
      purpose: 'incident',
      facts: { incident: incidentId },
      assertMayCall: (tx) => assertIncidentMayCall(tx, { incidentId, version }),
    });
    return sweptFor(report);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'connection.app_unknown') throw error;
    return notSwept(`HubSpot: ${ERRORS['connection.app_unknown'].title}`);
  }
}
