import type { ErrorCode } from '../core/errors.ts';
import type { Operation } from '../contracts/plan.ts';
import type { ProbeCall, SetupCall } from '../core/setup-calls.ts';

/** Which credential a call is made on. The value itself never leaves the adapter. */
export interface CredentialRef {
  readonly connection: string;
  readonly version: number;
}

/**
 * Why HubSpot is called. `reconcile` and `incident` have turns of their own, which ordinary calls
 * cannot use up: what became of a write must be found out on the busiest day too. `radar` has its own
 * too, and goes only while ordinary calls have turns left: no agent waits for it. Some reads are for `radar` and
 * `incident` alone.
 */
export type CallPurpose =
  'read' | 'card' | 'compare' | 'execute' | 'reconcile' | 'incident' | 'radar' | 'connect';

/** There is no turn in time; `code` says which limit. */
export interface NoTurn {
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number;
}

/**
 * What became of one call.
 * - `answered`: 2xx; `json` is the parsed body (null when there is none).
 * - `refused`: a definite answer that nothing was done (4xx); `code` is ours.
 * - `unsent`: it is certain that HubSpot never got the request (no connection, no turn).
 * - `lost`: HubSpot may or may not have done it (time-out, reset, 5xx, 429, unreadable answer);
 *   `retryAfterSeconds` when HubSpot said, or its limits say, when to come again.
 */
export type CrmAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly json: unknown }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: ErrorCode;
      readonly detail?: string | undefined;
    }
  | {
      readonly kind: 'unsent';
      readonly code: ErrorCode;
      readonly detail?: string | undefined;
      readonly retryAfterSeconds?: number | undefined;
    }
  | {
      readonly kind: 'lost';
      readonly code: ErrorCode;
      readonly status?: number | undefined;
      readonly retryAfterSeconds?: number | undefined;
    };

/**
 * The one way to HubSpot. One call is one HTTP request: no retries, no redirects, a deadline.
 * Only operations of the closed table (`adapters/hubspot/operations.ts`) are sent; anything else is an
 * internal error. Never throws for what HubSpot does; throws `secret.unavailable` or
 * `credential.missing` when the credential cannot be read (nothing was sent then).
 * Safe for concurrent use. Callers append the intent entry before they call.
 */
export interface Crm {
  /**
   * Waits until the rate plan lets all of these calls go; takes none of their turns when one has
   * to wait too long. `undefined` when they may go now. Taken before the intent is committed, so that
   * nothing lies between begin and wire that a freeze could fall into.
   */
  takeTurns(
    calls: readonly Pick<Operation | SetupCall, 'kind'>[],
    credential: CredentialRef,
    purpose?: CallPurpose,
  ): Promise<NoTurn | undefined>;
  /** `purpose` as for the turn: without one only what any call may ask is sent. */
  call(operation: Operation, credential: CredentialRef, purpose?: CallPurpose): Promise<CrmAnswer>;
}

/**
 * HubSpot as the setting up of a connection sees it; a port of its own, so that what holds a `Crm` (all
 * activities) cannot reach it. The same duties as `Crm.call`: one request, no retries, a deadline, and
 * the caller's turn (`Crm.takeTurns`) and intent entry before it.
 */
export interface CrmSetup {
  call(call: SetupCall, credential: CredentialRef): Promise<CrmAnswer>;
}

/** What may be asked about a credential itself, by an incident too; `CrmSetup` without what it writes. */
export interface CrmProbe {
  call(call: ProbeCall, credential: CredentialRef): Promise<CrmAnswer>;
}
