import type { GatewayError } from '../../../core/gateway-error.ts';
import type { RequestRecord } from '../../../core/records.ts';
import type { Store } from '../../../ports/store.ts';
import { isBusy, storeUnavailable } from './sqlite-errors.ts';

const LIMITS = {
  /** How often the database file is asked for other processes' commits, while someone waits. */
  pollMs: 50,
  /** Parameters of one statement; SQLite takes 32,766. */
  idsPerQueryMax: 1_000,
  /** The longest timer Node has; a longer one would fire at once. */
  timerMaxMs: 2 ** 31 - 1,
} as const;

export interface WatchDeps {
  readonly get: (id: string) => Promise<RequestRecord | undefined>;
  readonly revisions: (ids: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** A number that changes when another process has committed, and not when this one has. */
  readonly foreignVersion: () => number;
}

export interface RequestWatch {
  /** As `Store.waitForRequest`; rejects with the signal's reason when it aborts. */
  readonly wait: Store['waitForRequest'];
  /** These requests were changed by a commit of this process. */
  readonly committed: (ids: ReadonlySet<string>) => void;
  /** Rejects everyone who waits. */
  readonly failed: (error: GatewayError) => void;
}

interface Waiter {
  readonly isDone: (request: RequestRecord) => boolean;
  readonly resolve: (request: RequestRecord | undefined) => void;
  readonly reject: (error: unknown) => void;
}

type Waiting = ReadonlyMap<string, ReadonlySet<Waiter>>;

/** Waiters by request: a commit wakes only those of the requests it touched, with one read for each request. */
export function createRequestWatch(deps: WatchDeps): RequestWatch {
  const waiting = new Map<string, Set<Waiter>>();
  const poll = createPoll(deps, waiting, check);

  async function check(
    id: string,
    waiters: readonly Waiter[] = [...(waiting.get(id) ?? [])],
  ): Promise<void> {
    if (waiters.length === 0) return;
    try {
      const request = await deps.get(id);
      for (const waiter of waiters) offer(waiter, request);
    } catch (error) {
      for (const waiter of waiters) waiter.reject(error);
    }
  }

  function add(id: string, waiter: Waiter): void {
    const waiters = waiting.get(id) ?? new Set();
    waiting.set(id, waiters.add(waiter));
    poll.start();
  }

  function remove(id: string, waiter: Waiter): void {
    const waiters = waiting.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) waiting.delete(id);
    if (waiting.size === 0) poll.stop();
  }

  return {
    async wait(id, isDone, timeoutMs, signal) {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<RequestRecord | undefined>();
      const waiter = { isDone, resolve, reject };
      const abort = () => {
        reject(signal?.reason);
      };
      const giveUp = () => {
        deps.get(id).then(resolve, reject);
      };
      signal?.addEventListener('abort', abort, { once: true });
      const timer = setTimeout(giveUp, Math.min(timeoutMs, LIMITS.timerMaxMs));
      try {
        // Registered before the first look: a commit between the two would be missed otherwise.
        add(id, waiter);
        void check(id, [waiter]);
        return await promise;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        remove(id, waiter);
      }
    },
    committed(ids) {
      for (const id of ids) void check(id);
    },
    failed(error) {
      rejectAll(waiting, error);
    },
  };
}

function rejectAll(waiting: Waiting, error: unknown): void {
  for (const waiters of waiting.values()) for (const waiter of waiters) waiter.reject(error);
}

/** A caller's `isDone` that throws fails that caller alone. */
function offer(waiter: Waiter, request: RequestRecord | undefined): void {
  try {
    if (request !== undefined && waiter.isDone(request)) waiter.resolve(request);
  } catch (error) {
    waiter.reject(error);
  }
}

/**
 * Looks for other processes' commits while someone waits. Reads only the revisions of the requests
 * that are waited for, and the requests themselves where the revision is a new one.
 */
function createPoll(deps: WatchDeps, waiting: Waiting, check: (id: string) => Promise<void>) {
  let timer: NodeJS.Timeout | undefined;
  let version: number | undefined;
  let revisions: ReadonlyMap<string, number> = new Map();

  async function lookAtRevisions(): Promise<void> {
    const ids = [...waiting.keys()];
    const found = new Map<string, number>();
    for (let from = 0; from < ids.length; from += LIMITS.idsPerQueryMax) {
      const page = await deps.revisions(ids.slice(from, from + LIMITS.idsPerQueryMax));
      for (const [id, revision] of page) found.set(id, revision);
    }
    const changed = [...found].filter(([id, revision]) => revisions.get(id) !== revision);
    revisions = found;
    await Promise.all(changed.map(([id]) => check(id)));
  }

  function versionNow(): number | undefined {
    try {
      return deps.foreignVersion();
    } catch {
      return undefined;
    }
  }

  async function tick(): Promise<void> {
    try {
      const now = deps.foreignVersion();
      if (now === version) return;
      version = now;
      await lookAtRevisions();
    } catch (error) {
      if (isBusy(error)) return;
      rejectAll(waiting, storeUnavailable(error));
    }
  }

  return {
    start() {
      if (timer !== undefined) return;
      // Before the waiter's first look, so that no commit after that look goes unseen.
      version = versionNow();
      // The waiters' own timers keep the process alive, not this one.
      timer = setInterval(() => void tick(), LIMITS.pollMs).unref();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      revisions = new Map();
    },
  };
}
