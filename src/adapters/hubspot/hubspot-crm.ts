import { Client } from '@hubspot/api-client';
import type { Operation } from '../../contracts/plan.ts';
import type { Crm, CredentialRef, CrmAnswer } from '../../ports/crm.ts';
import { answerOf, answerOfFailure, readText } from './answers.ts';
import { assertAllowed } from './operations.ts';
import { createTurnstile, DEFAULT_RATE_PLAN, type RatePlan } from './rate-plan.ts';

export interface HubSpotOptions {
  /** `https://api.hubapi.com` for every region, or a simulator. */
  readonly baseUrl: string;
  /** The token of a credential version. Called for every call; the caller caches. */
  readonly readToken: (credential: CredentialRef) => Promise<string>;
  /** The whole exchange, body included, ms. After it the answer counts as lost. */
  readonly deadlineMs: number;
  readonly ratePlan?: RatePlan | undefined;
}

/** A clock beside undici's, whose timers are coarse. The exchange goes on unheard and ends by itself. */
async function withDeadline(exchange: Promise<CrmAnswer>, deadlineMs: number): Promise<CrmAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CrmAnswer>((resolve) => {
    timer = setTimeout(() => {
      resolve({ kind: 'lost', code: 'hubspot.timeout' });
    }, deadlineMs);
  });
  try {
    return await Promise.race([exchange, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * HubSpot through its own SDK's raw `apiRequest` (its typed methods know no dated paths). One client a
 * call: `setAccessToken` leaves earlier API objects on the old token, and retries are a process-wide
 * singleton that must never be configured, since they repeat POSTs.
 */
async function exchange(baseUrl: string, token: string, operation: Operation): Promise<CrmAnswer> {
  const client = new Client({ accessToken: token, basePath: baseUrl });
  try {
    const response = await client.apiRequest({
      method: operation.method,
      path: operation.path,
      headers: { 'Content-Type': 'application/json' },
      defaultJson: false,
      ...(Object.keys(operation.query).length === 0 ? {} : { qs: operation.query }),
      ...(operation.body === null ? {} : { body: operation.body }),
    });
    const text = await readText(response.body);
    return answerOf(response.status, response.headers.get('content-type') ?? '', text);
  } catch (error) {
    return answerOfFailure(error);
  }
}

export function createHubSpotCrm(options: HubSpotOptions): Crm {
  const turnstile = createTurnstile(options.ratePlan ?? DEFAULT_RATE_PLAN);
  return {
    takeTurns: async (operations, { connection }) => {
      const waits = await Promise.all(
        operations.map(({ kind }) => turnstile.take(connection, kind === 'search')),
      );
      return waits.find((seconds) => seconds !== undefined);
    },
    call: async (operation, credential) => {
      assertAllowed(operation);
      const token = await options.readToken(credential);
      return withDeadline(exchange(options.baseUrl, token, operation), options.deadlineMs);
    },
  };
}
