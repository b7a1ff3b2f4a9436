import type { CrmAnswer } from '../../ports/crm.ts';
import type { Exchanged } from './exchange.ts';
import type { Heard } from './rate-heard.ts';
import {
  createTurnstile,
  dayIn,
  DEFAULT_RATE_PLAN,
  type RatePlan,
  type Turnstile,
} from './rate-plan.ts';

export interface AllowanceOptions {
  readonly ratePlan?: RatePlan | undefined;
  /** The account's time zone, where it is known: when the day's allowance starts again. */
  readonly readTimeZone?: ((connection: string) => Promise<string | undefined>) | undefined;
}

/** What HubSpot lets one process do; what is to share a plan shares one of these. */
export interface Allowance {
  readonly take: Turnstile['take'];
  /** Obeys what an answer said; seconds until HubSpot may be asked again, where that is not now. */
  heed(connection: string, heard: Heard): Promise<number | undefined>;
}

export function createAllowance({ ratePlan, readTimeZone }: AllowanceOptions): Allowance {
  const turnstile = createTurnstile(ratePlan ?? DEFAULT_RATE_PLAN);
  return {
    take: (connection, turns) => turnstile.take(connection, turns),
    heed: async (connection, heard) => {
      const day = dayIn(heard);
      // A store that cannot be read now must not turn HubSpot's answer into an error.
      const zone =
        day === 'low' || day === 'spent'
          ? await readTimeZone?.(connection).catch(() => undefined)
          : undefined;
      return turnstile.heed(connection, heard, zone)?.retryAfterSeconds;
    },
  };
}

/** The answer, once its word on the limits is obeyed; with the pause, where it says nothing else. */
export async function heeded(
  allowance: Allowance,
  connection: string,
  { answer, heard }: Exchanged,
): Promise<CrmAnswer> {
  const retryAfterSeconds = await allowance.heed(connection, heard);
  return answer.kind === 'lost' && retryAfterSeconds !== undefined
    ? { ...answer, retryAfterSeconds }
    : answer;
}
