import type { ActivityDependencies } from './dependencies.ts';
import { createReadCall, type ReadCall } from './read-call.ts';
import { withHeartbeat } from './with-heartbeat.ts';
import type { WriteCall } from './compare-and-begin.ts';
import { createWriteCall, type WriteOutcome } from './write-call.ts';

/**
 * Step 4: begin (`gate/begin.ts`) → call → outcome, recorded. The only step that executes a plan.
 * Reads run as a local activity and may run again; a write is a regular activity with one attempt.
 */
export function createCallHubSpot(deps: ActivityDependencies) {
  const readCall = createReadCall(deps);
  const writeCall = createWriteCall(deps);

  return async function callHubSpot(call: ReadCall | WriteCall): Promise<WriteOutcome> {
    if (call.kind === 'write') return withHeartbeat(() => writeCall(call));
    await readCall(call);
    return { kind: 'ended' };
  };
}
