import type { Operation } from '../../contracts/plan.ts';
import type { CallPurpose, Crm, CredentialRef, CrmAnswer } from '../../ports/crm.ts';
import { type Allowance, type AllowanceOptions, createAllowance, heeded } from './allowance.ts';
import { TO_WIRE_SHARE } from './egress.ts';
import { exchange, withDeadline } from './exchange.ts';
import { assertAllowed } from './operations.ts';
import { createPatience } from './patience.ts';

export interface HubSpotOptions extends AllowanceOptions {
  /** `https://api.hubapi.com` for every region, or a simulator. */
  readonly baseUrl: string;
  /** The token of a credential version. Called for every call; the caller caches. */
  readonly readToken: (credential: CredentialRef) => Promise<string>;
  /** The whole exchange, body included, ms; reads that agents wait for get less where HubSpot usually needs less (`patience.ts`). After it the answer counts as lost. */
  readonly deadlineMs: number;
}

const RESERVED: ReadonlySet<CallPurpose> = new Set(['reconcile', 'incident']);

export function createHubSpotCrm(
  options: HubSpotOptions,
  allowance: Allowance = createAllowance(options),
): Crm {
  const patience = createPatience(options.deadlineMs);

  async function callAndHeed(
    operation: Operation,
    token: string,
    connection: string,
  ): Promise<CrmAnswer> {
    const isSearch = operation.kind === 'search';
    const exchanged = await exchange(options.baseUrl, token, { ...operation, isSearch });
    return heeded(allowance, connection, exchanged);
  }

  return {
    takeTurns: (calls, { connection }, purpose = 'read') =>
      allowance.take(connection, {
        searches: calls.map(({ kind }) => kind === 'search'),
        isReserved: RESERVED.has(purpose),
        isSpare: purpose === 'radar',
      }),
    call: async (operation, credential, purpose) => {
      assertAllowed(operation, purpose);
      const since = performance.now();
      const token = await options.readToken(credential);
      // A write that leaves so late could arrive after another one was sent in its place.
      if (performance.now() - since > options.deadlineMs * TO_WIRE_SHARE)
        return { kind: 'unsent', code: 'secret.unavailable' };
      const { connection } = credential;
      const sentMs = performance.now();
      const answering = callAndHeed(operation, token, connection);
      const answer = await withDeadline(answering, patience.deadlineFor(connection, purpose));
      patience.heard({ connection, purpose, answer, tookMs: performance.now() - sentMs });
      return answer;
    },
  };
}
