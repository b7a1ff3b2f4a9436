import type { Operation } from '../../contracts/plan.ts';
import type { CallPurpose, Crm, CredentialRef, CrmAnswer } from '../../ports/crm.ts';
import { exchange, withDeadline } from './exchange.ts';
import { assertAllowed } from './operations.ts';
import { createPatience } from './patience.ts';
import type { Heard } from './rate-heard.ts';
import { createTurnstile, dayIn, DEFAULT_RATE_PLAN, type RatePlan } from './rate-plan.ts';

export interface HubSpotOptions {
  /** `https://api.hubapi.com` for every region, or a simulator. */
  readonly baseUrl: string;
  /** The token of a credential version. Called for every call; the caller caches. */
  readonly readToken: (credential: CredentialRef) => Promise<string>;
  /** The whole exchange, body included, ms; of a HubSpot that hangs some get less (`patience.ts`). After it the answer counts as lost. */
  readonly deadlineMs: number;
  readonly ratePlan?: RatePlan | undefined;
  /** The account's time zone, where it is known: when the day's allowance starts again. */
  readonly readTimeZone?: ((connection: string) => Promise<string | undefined>) | undefined;
}

const RESERVED: ReadonlySet<CallPurpose> = new Set(['reconcile', 'incident']);

export function createHubSpotCrm(options: HubSpotOptions): Crm {
  const turnstile = createTurnstile(options.ratePlan ?? DEFAULT_RATE_PLAN);
  const patience = createPatience(options.deadlineMs);

  async function heed(connection: string, heard: Heard): Promise<number | undefined> {
    const day = dayIn(heard);
    // A store that cannot be read now must not turn HubSpot's answer into an error.
    const zone =
      day === 'low' || day === 'spent'
        ? await options.readTimeZone?.(connection).catch(() => undefined)
        : undefined;
    return turnstile.heed(connection, heard, zone)?.retryAfterSeconds;
  }

  async function callAndHeed(
    operation: Operation,
    token: string,
    connection: string,
  ): Promise<CrmAnswer> {
    const isSearch = operation.kind === 'search';
    const { answer, heard } = await exchange(options.baseUrl, token, { ...operation, isSearch });
    const retryAfterSeconds = await heed(connection, heard);
    return answer.kind === 'lost' && retryAfterSeconds !== undefined
      ? { ...answer, retryAfterSeconds }
      : answer;
  }

  return {
    takeTurns: (operations, { connection }, purpose = 'read') =>
      turnstile.take(connection, {
        searches: operations.map(({ kind }) => kind === 'search'),
        isReserved: RESERVED.has(purpose),
        isSpare: purpose === 'radar',
      }),
    call: async (operation, credential, purpose) => {
      assertAllowed(operation, purpose);
      const since = performance.now();
      const token = await options.readToken(credential);
      // A write that leaves so late could arrive after another one was sent in its place.
      if (performance.now() - since > options.deadlineMs)
        return { kind: 'unsent', code: 'secret.unavailable' };
      const { connection } = credential;
      const answering = callAndHeed(operation, token, connection);
      const answer = await withDeadline(answering, patience.deadlineFor(connection, purpose));
      patience.heard(connection, answer);
      return answer;
    },
  };
}
