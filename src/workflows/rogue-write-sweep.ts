import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { SweepOutcome } from '../activities/sweep-rogue-writes.ts';

/** A sweep has eight minutes for its calls; a worker that died in it is noticed, and another one begins anew. */
const { sweepRogueWrites } = proxyActivities<Activities>({
  startToCloseTimeout: '12 min',
  heartbeatTimeout: '30 s',
  retry: { initialInterval: '5 s', backoffCoefficient: 2, maximumAttempts: 4 },
});

/**
 * One look of the radar, started by a Temporal Schedule. All it knows is in the record: where the last one
 * ended, and what was found already. A run that fails is followed by the next one, which looks at its time too.
 */
export function rogueWriteSweep(): Promise<SweepOutcome> {
  return sweepRogueWrites();
}
