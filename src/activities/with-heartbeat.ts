import { Context } from '@temporalio/activity';

const HEARTBEAT_EVERY_MS = 1_000;

/** Temporal takes a silent worker for dead; the beat stops with the work. */
export async function withHeartbeat<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => {
    context.heartbeat();
  }, HEARTBEAT_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}
