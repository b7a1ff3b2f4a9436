import type { IncidentProgress } from '../core/incident.ts';
import type { IncidentDependencies } from './dependencies.ts';
import { progressOf } from './incident-progress.ts';

const AGAIN = { stage: 'resuming', lookMs: 5_000 } as const;

/** Resume is a second person's step, recorded where they were proven: here it is only waited for. */
export function createAwaitResume({ store }: Pick<IncidentDependencies, 'store'>) {
  return (id: string): Promise<IncidentProgress> => progressOf(store, id, AGAIN);
}
