import { createHash } from 'node:crypto';
import { canonicalBytes } from '../audit/leaf.ts';
import type { ActionRequest } from '../contracts/action-request.ts';
import type { Plan } from '../contracts/plan.ts';

const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * The one value that is shown, approved, audited and executed: SHA-256 over the RFC 8785 form of the
 * plan together with the request, the agent and the connection it is for.
 */
export function planDigest(of: {
  readonly requestId: string;
  readonly agentId: string;
  readonly connection: string;
  readonly plan: Plan;
}): string {
  return sha256Hex(
    canonicalBytes({
      v: 1,
      request_id: of.requestId,
      agent_id: of.agentId,
      connection: of.connection,
      plan: of.plan,
    }),
  );
}

/** Fingerprint of a request body: the same key with another body is refused. */
export function bodyHash(body: ActionRequest): string {
  return sha256Hex(canonicalBytes(body));
}
