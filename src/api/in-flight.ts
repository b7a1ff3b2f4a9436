import { GatewayError } from '../core/gateway-error.ts';

/** Counts requests between start and answer: beyond the worker's slots eager starts starve the rest. */
export interface InFlight {
  /** Runs `work` within the cap. Throws `gateway.busy` at the cap, `gateway.stopping` after `drain`. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Aborted by `drain`: whoever waits outside the cap answers with what there is. */
  readonly stopping: AbortSignal;
  /** Refuses new work and resolves when what is in flight has ended, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

const RETRY_AFTER_SECONDS = 1;

export function createInFlight(max: number): InFlight {
  let count = 0;
  const stop = new AbortController();
  let onIdle: (() => void) | undefined;
  return {
    stopping: stop.signal,
    run: async (work) => {
      if (stop.signal.aborted)
        throw new GatewayError('gateway.stopping', { retryAfterSeconds: RETRY_AFTER_SECONDS });
      if (count >= max)
        throw new GatewayError('gateway.busy', { retryAfterSeconds: RETRY_AFTER_SECONDS });
      count += 1;
      try {
        return await work();
      } finally {
        count -= 1;
        if (count === 0) onIdle?.();
      }
    },
    drain: (timeoutMs) => {
      stop.abort();
      if (count === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
