import { setupRequest } from '../../core/setup-calls.ts';
import type { CrmSetup } from '../../ports/crm.ts';
import { type Allowance, createAllowance, heeded } from './allowance.ts';
import { exchange, withDeadline } from './exchange.ts';
import type { HubSpotOptions } from './hubspot-crm.ts';

/**
 * The narrow operations of `core/setup-calls.ts`. Apart from the closed table, which has no schema writes
 * on purpose: nothing that a plan holds comes here.
 */
export function createHubSpotSetup(
  options: HubSpotOptions,
  allowance: Allowance = createAllowance(options),
): CrmSetup {
  return {
    call: async (call, credential) => {
      const { method, path, query, body } = setupRequest(call);
      const token = await options.readToken(credential);
      const sent = call.kind === 'read_token' ? JSON.stringify({ tokenKey: token }) : body;
      const exchanging = exchange(options.baseUrl, token, { method, path, query, body: sent });
      return withDeadline(
        exchanging.then((exchanged) => heeded(allowance, credential.connection, exchanged)),
        options.deadlineMs,
      );
    },
  };
}
