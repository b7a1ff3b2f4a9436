import type { ErrorCode } from '../core/errors.ts';
import { hasBegun, isTerminal } from '../core/request-state.ts';
import { isBetweenSteps } from '../gate/expiry.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * Notes on the request's row what keeps it from going on, for whoever asks how it stands. False when it
 * has ended meanwhile: withdrawn, or past its time. Of a step that is under way nothing is noted. Safe to run
 * any number of times. Errors: `plan.tampered`, `store.unavailable`.
 */
export function createNoteWaiting(deps: ActivityDependencies) {
  return async function noteWaiting(requestId: string, code: ErrorCode): Promise<boolean> {
    const known = await deps.store.requests.get(requestId);
    if (known === undefined || isTerminal(known.status)) return false;
    if (known.code === code) return true;
    return deps.store.commit(async (tx) => {
      const request = await tx.requests.get(requestId);
      if (request === undefined || isTerminal(request.status)) return false;
      if (!hasBegun(request.status) || (await isBetweenSteps(tx, request)))
        await tx.requests.update(requestId, { code });
      return true;
    });
  };
}
