export { agentAction } from './agent-action.ts';
export { gateDesk } from './gate-desk.ts';
export { incidentResponse } from './incident-response.ts';
export { rogueWriteSweep } from './rogue-write-sweep.ts';
