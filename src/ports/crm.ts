import type { ErrorCode } from '../core/errors.ts';
import type { Operation } from '../contracts/plan.ts';

/** Which credential a call is made on. The value itself never leaves the adapter. */
export interface CredentialRef {
  readonly connection: string;
  readonly version: number;
}

/**
 * What became of one call.
 * - `answered`: 2xx; `json` is the parsed body (null when there is none).
 * - `refused`: a definite answer that nothing was done (4xx); `code` is ours.
 * - `unsent`: it is certain that HubSpot never got the request (no connection, no turn).
 * - `lost`: HubSpot may or may not have done it (time-out, reset, 5xx, 429, unreadable answer).
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
  | { readonly kind: 'lost'; readonly code: ErrorCode; readonly status?: number | undefined };

/**
 * The one way to HubSpot. One call is one HTTP request: no retries, no redirects, a deadline.
 * Only operations of the closed table (`adapters/hubspot/operations.ts`) are sent; anything else is an
 * internal error. Never throws for what HubSpot does; throws `secret.unavailable` or
 * `credential.missing` when the credential cannot be read (nothing was sent then).
 * Safe for concurrent use. Callers append the intent entry before they call.
 */
export interface Crm {
  /**
   * Waits until the rate plan lets these operations go. Seconds to wait when there is no turn in time,
   * `undefined` when they may go now. Taken before the intent is committed, so that nothing lies between
   * begin and wire that a freeze could fall into.
   */
  takeTurns(
    operations: readonly Operation[],
    credential: CredentialRef,
  ): Promise<number | undefined>;
  call(operation: Operation, credential: CredentialRef): Promise<CrmAnswer>;
}
