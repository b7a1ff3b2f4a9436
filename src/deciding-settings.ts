import { z } from 'zod';
import { GatewayError } from './core/gateway-error.ts';

/** Until when people may decide, as settings have it. */

const MONTH_SECONDS = 86_400 * 30;
const HIGH_RISK = 'SALLYPORT_APPROVAL_HIGH_RISK_SECONDS';

const SELF_APPROVAL = { minSeconds: 60, maxSeconds: 7 * 86_400 } as const;

const waiting = (fallback: number) =>
  z.coerce
    .number()
    .positive()
    .max(MONTH_SECONDS)
    .default(fallback)
    .transform((value) => Math.round(value * 1000));

export const DECIDING_SETTINGS = {
  SALLYPORT_APPROVAL_SECONDS: waiting(86_400),
  /** Of what removes something, or takes a passkey or several people. */
  SALLYPORT_APPROVAL_HIGH_RISK_SECONDS: waiting(14_400),
  /** For firms of one person; off by default. */
  SALLYPORT_SELF_APPROVAL_DELAY_SECONDS: z.coerce
    .number()
    .min(SELF_APPROVAL.minSeconds)
    .max(SELF_APPROVAL.maxSeconds)
    .transform((value) => Math.round(value * 1000))
    .optional(),
} as const;

export interface DecidingTimes {
  /** How long a write waits for people. */
  readonly approvalMs: number;
  /** The same for one of high risk; never longer. */
  readonly highRiskApprovalMs: number;
  /** After which somebody's own approval counts where nobody else could decide; undefined: never. */
  readonly selfApprovalMs: number | undefined;
}

/**
 * `isGiven`: whether somebody has set it. A default that is longer than the ordinary time becomes that; one
 * that was set and is longer throws `config.invalid`, for it would not do what it says.
 */
export function decidingTimes(
  settings: z.output<z.ZodObject<typeof DECIDING_SETTINGS>>,
  isGiven: (name: string) => boolean,
): DecidingTimes {
  const approvalMs = settings.SALLYPORT_APPROVAL_SECONDS;
  const highRiskMs = settings.SALLYPORT_APPROVAL_HIGH_RISK_SECONDS;
  if (highRiskMs > approvalMs && isGiven(HIGH_RISK))
    throw new GatewayError('config.invalid', {
      detail: `${HIGH_RISK} must be at most SALLYPORT_APPROVAL_SECONDS (${approvalMs / 1000})`,
    });
  return {
    approvalMs,
    highRiskApprovalMs: Math.min(highRiskMs, approvalMs),
    selfApprovalMs: settings.SALLYPORT_SELF_APPROVAL_DELAY_SECONDS,
  };
}
