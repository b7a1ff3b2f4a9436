export { agentAction } from './agent-action.ts';
export { incidentResponse } from './incident-response.ts';
export { rogueWriteSweep } from './rogue-write-sweep.ts';
