import type { Engine } from '../ports/engine.ts';
import type { Logger } from '../ports/logger.ts';

/** Tells the workflow that the record has changed. The record says it all: a message that is lost is delivered by the sweep. */
export async function wakeLater(
  { engine, logger }: { readonly engine: Engine; readonly logger: Logger },
  requestId: string,
): Promise<void> {
  try {
    await engine.wake(requestId);
  } catch (error) {
    logger.warn('the workflow could not be woken; the sweep will', { requestId, error });
  }
}
