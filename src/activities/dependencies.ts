import type { IncidentRecord } from '../core/incident.ts';
import type { RogueChange } from '../core/rogue-change.ts';
import type { IncidentSweep } from '../gate/incident-radar.ts';
import type { Attester } from '../gate/attest.ts';
import type { NoticePlace } from '../gate/notices.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Crm, CrmProbe } from '../ports/crm.ts';
import type { SecretStore } from '../ports/secret-store.ts';
import type { Store } from '../ports/store.ts';
import type { Policy } from '../policy/policy.ts';
import type { QuietWatch } from '../gate/quiet-watch.ts';

/** Durations the workflow keeps; from config, so that tests use seconds. All in milliseconds. */
export interface Timing {
  /** How long a write waits for people. */
  readonly approvalMs: number;
  /** How long one of high risk does; never longer. */
  readonly highRiskApprovalMs: number;
  /** After which somebody's own approval counts where nobody else could decide; undefined: never. */
  readonly selfApprovalMs?: number | undefined;
  /** How long an approval counts after the deadline it was given under. */
  readonly approvalValidMs: number;
  /** The write activity's whole time; longer than the call's own deadline. */
  readonly callMs: number;
  /** A silent worker is taken for dead after this. */
  readonly heartbeatMs: number;
  /** Pause between two looks at HubSpot for a lost write. */
  readonly reconcileEveryMs: number;
  /** How long HubSpot could still be working on a lost write: no resend before. */
  readonly quietMs: number;
}

export interface ActivityDependencies {
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly crm: Crm;
  readonly attester: Attester;
  readonly policy: () => Policy;
  readonly auditLog: AuditLog;
  /** Who is told of what waits, beside those who look by themselves. */
  readonly noticePlaces: readonly NoticePlace[];
  readonly timing: Timing;
  /** Writes of one agent that may wait for people at once. */
  readonly waitingMax: number;
  /** The one that the radar watches. */
  readonly connection: string;
  readonly clock: () => Date;
  readonly quietWatch: QuietWatch;
}

/** What the steps of an incident have beside the rest. */
export interface IncidentDependencies extends ActivityDependencies {
  readonly probe: CrmProbe;
  /** The radar over the incident's window; `unread`: what could not be looked at, never silently clean. */
  readonly findRogue: (incident: IncidentRecord, to: Date) => Promise<IncidentSweep>;
  /** Asks for these to be taken back; `leftAlone`: what is not, in whole sentences. */
  readonly takeBack: (
    incident: IncidentRecord,
    rogue: readonly RogueChange[],
  ) => Promise<{ readonly requests: readonly string[]; readonly leftAlone: readonly string[] }>;
}
