import type { ErrorCode } from './errors.ts';

export interface GatewayErrorOptions {
  /** Shown to whoever asked. Never carries secrets, other agents' data or vendor bodies. */
  readonly detail?: string | undefined;
  /** Kept for our own log; scrubbed before it is written. */
  readonly cause?: unknown;
  /** Seconds for a Retry-After header. */
  readonly retryAfterSeconds?: number | undefined;
}

/** The one error class that crosses rooms. `message` is internal, `detail` is public. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: GatewayErrorOptions = {}) {
    super(
      options.detail === undefined ? code : `${code}: ${options.detail}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'GatewayError';
    this.code = code;
    this.detail = options.detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The code of anything thrown: ours, or `internal.unexpected`. */
export function errorCodeOf(error: unknown): ErrorCode {
  return error instanceof GatewayError ? error.code : 'internal.unexpected';
}

/** What is on file is not what this gateway wrote: somebody has changed it, or it is damaged. `detail` names the place. */
export const isTampered = (
  error: unknown,
): error is GatewayError & { readonly code: 'plan.tampered' } =>
  error instanceof GatewayError && error.code === 'plan.tampered';
