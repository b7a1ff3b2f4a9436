import { z } from 'zod';
import { GatewayError } from './core/gateway-error.ts';

/** Until when people may decide, as settings have it. */

const MONTH_SECONDS = 86_400 * 30;
const HIGH_RISK = 'SALLYPORT_APPROVAL_HIGH_RISK_SECONDS';

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
} as const;

export interface DecidingTimes {
  /** How long a write waits for people. */
  readonly approvalMs: number;
  /** The same for one of high risk; never longer. */
  readonly highRiskApprovalMs: number;
}

/**
 * `isGiven`: whether somebody has set it. A default that is longer than the ordinary time becomes that; one
 * that was set and is longer throws `config.invalid`, for it would not do what it says.
 */
export function decidingTimes(
  settings: Readonly<Record<keyof typeof DECIDING_SETTINGS, number>>,
  isGiven: (name: string) => boolean,
): DecidingTimes {
  const approvalMs = settings.SALLYPORT_APPROVAL_SECONDS;
  const highRiskMs = settings.SALLYPORT_APPROVAL_HIGH_RISK_SECONDS;
  if (highRiskMs > approvalMs && isGiven(HIGH_RISK))
    throw new GatewayError('config.invalid', {
      detail: `${HIGH_RISK} must be at most SALLYPORT_APPROVAL_SECONDS (${approvalMs / 1000})`,
    });
  return { approvalMs, highRiskApprovalMs: Math.min(highRiskMs, approvalMs) };
}
