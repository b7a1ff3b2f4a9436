import type { Scorecard } from '../contracts/drill.ts';
import type { Attester } from '../gate/attest.ts';
import type { ChatDesk } from '../gate/chat-desk.ts';
import type { IncidentRecord } from '../core/incident.ts';
import type { Habits } from '../gate/habits.ts';
import type { NewKey } from '../gate/new-key.ts';
import type { AskPolicy } from '../gate/eligible.ts';
import type { WebhookDesk } from '../gate/webhook-desk.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Logger } from '../ports/logger.ts';
import type { ChatDoor } from '../ports/chat-door.ts';
import type { Engine } from '../ports/engine.ts';
import type { PasskeyCeremonies } from '../ports/passkey-ceremonies.ts';
import type { Store } from '../ports/store.ts';
import type { QuietWatch } from '../gate/quiet-watch.ts';
import type { Policy } from '../policy/policy.ts';
import type { EdgeRefusals } from './edge-refusals.ts';
import type { InFlight } from './in-flight.ts';
import type { RateLimit } from './rate-limit.ts';

export interface ApiSettings {
  /** The connection new requests go to. */
  readonly connection: string;
  /** Where people reach the console. */
  readonly origin: string;
  /** How long `POST /v1/actions` holds its answer without `Prefer: wait`, ms. */
  readonly answerWaitMs: number;
  readonly approvalValidMs: number;
  /** How long a write waits for people, ms. */
  readonly approvalMs: number;
  /** `gate/self-approval.ts`; undefined: nobody's own approval counts. */
  readonly selfApprovalMs: number | undefined;
  /** How long HubSpot could still be working on a lost write, ms. */
  readonly quietMs: number;
}

/** One neighbour and how to ask whether it is there. */
export interface Probe {
  readonly name: string;
  readonly check: () => Promise<void>;
}

export interface ApiContext {
  readonly store: Store;
  readonly engine: Engine;
  readonly attester: Attester;
  readonly auditLog: AuditLog;
  /** `gate/new-key.ts` on the secret store, which nothing else here reaches. */
  readonly storeNewKey: (of: NewKey) => Promise<IncidentRecord>;
  /** Newest first; a file that is no scorecard is left out. */
  readonly pastDrills: (max: number) => readonly Scorecard[];
  readonly policy: () => Policy;
  /** `gate/habits.ts`, which keeps what it has traced. */
  readonly habitsAt: (now: Date) => Promise<Habits>;
  /** For what pages show, again and again; a decision asks policy itself. */
  readonly askPolicy: AskPolicy;
  readonly settings: ApiSettings;
  /** Submissions of an agent. */
  readonly submissionRate: RateLimit;
  /** Decisions of a person, also those that do not count: each is an entry in the log. */
  readonly decisionRate: RateLimit;
  readonly ceremonies: PasskeyCeremonies;
  readonly clock: () => Date;
  /** What those may ask who have shown nothing yet, per address. */
  readonly strangerRate: RateLimit;
  readonly inFlight: InFlight;
  readonly edgeRefusals: EdgeRefusals;
  /** Undefined: nobody is asked in Slack. */
  readonly slack: { readonly door: ChatDoor; readonly desk: ChatDesk } | undefined;
  /** Decisions that people's own systems sign. */
  readonly webhooks: WebhookDesk;
  readonly quietWatch: QuietWatch;
  readonly probes: readonly Probe[];
  readonly logger: Logger;
}
