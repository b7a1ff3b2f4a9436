export { agentAction } from './agent-action.ts';
export { rogueWriteSweep } from './rogue-write-sweep.ts';
