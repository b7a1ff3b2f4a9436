import { createStarter, type EngineOptions } from './engine.ts';

/** Installations that share a namespace have a task queue each, and so a desk each. */
export const gateDeskId = (taskQueue: string, connection: string): string =>
  `gate/${taskQueue}/${connection}`;

/**
 * Has the desk stand in the engine; safe to repeat, and from several processes. Whatever else runs under its id is
 * ended. Throws `engine.unavailable`.
 */
export function createGateDesk(options: EngineOptions, connection: string): () => Promise<void> {
  const startOnce = createStarter(options);
  const workflowId = gateDeskId(options.taskQueue, connection);
  return () => startOnce({ type: 'gateDesk', workflowId, args: [], attributes: [] });
}
