export { agentAction } from './agent-action.ts';
