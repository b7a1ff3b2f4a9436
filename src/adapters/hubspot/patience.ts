import type { CallPurpose, CrmAnswer } from '../../ports/crm.ts';

/** Of a HubSpot that hangs a read is given up so early that the agent is told within two seconds. */
const HANGING_MS = 1_500;
/** So often one is given its whole time all the same: what is slow and not hanging is found out by it. */
const WHOLE_TIME_EVERY_MS = 30_000;

/** How long to wait for HubSpot. Of one process; safe for concurrent use. */
export interface Patience {
  /** For this call, ms. */
  deadlineFor(connection: string, purpose: CallPurpose | undefined): number;
  /** What came of one. */
  heard(connection: string, answer: CrmAnswer): void;
}

const isTimeout = (answer: CrmAnswer): boolean =>
  answer.kind === 'lost' && answer.code === 'hubspot.timeout';

/**
 * Every agent that asks while HubSpot hangs would wait for the whole deadline. After one call that was not answered in
 * time the reads that agents wait for are short, until HubSpot answers anything. What nobody waits for, and
 * everything that writes, keeps its time: there a short one would only make more answers unknown.
 */
export function createPatience(deadlineMs: number, nowMs = () => performance.now()): Patience {
  /** By connection, while it hangs: when a call was last given its whole time. */
  const hanging = new Map<string, number>();
  return {
    deadlineFor: (connection, purpose) => {
      const since = hanging.get(connection);
      if (purpose !== 'read' || since === undefined) return deadlineMs;
      if (nowMs() - since < WHOLE_TIME_EVERY_MS) return Math.min(deadlineMs, HANGING_MS);
      hanging.set(connection, nowMs());
      return deadlineMs;
    },
    heard: (connection, answer) => {
      if ('status' in answer) hanging.delete(connection);
      else if (isTimeout(answer) && !hanging.has(connection)) hanging.set(connection, nowMs());
    },
  };
}
