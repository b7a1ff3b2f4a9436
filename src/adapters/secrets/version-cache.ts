import type { Secret } from '../../ports/secret-store.ts';

/** A version never changes, it can only be destroyed: so long may another process's destroying take to show. */
export const VERSION_CACHE = { ageMs: 30_000, entriesMax: 1_000 } as const;

export interface VersionCache {
  get(name: string, version: number): Secret | undefined;
  /** To be taken before a read whose answer is kept. */
  mark(): number;
  /** Nothing is kept that was read before something was forgotten: it may have been just that. */
  keep(secret: Secret, mark: number): void;
  forget(name: string, version: number): void;
}

/** Values read by name and number, for half a minute. The newest of a name is never asked of it. */
export function createVersionCache(): VersionCache {
  const kept = new Map<string, { readonly secret: Secret; readonly until: number }>();
  let forgotten = 0;
  const keyOf = (name: string, version: number): string => `${name}@${version}`;

  const makeRoom = (): void => {
    const [oldest] = kept.keys();
    if (kept.size >= VERSION_CACHE.entriesMax && oldest !== undefined) kept.delete(oldest);
  };

  return {
    get(name, version) {
      const entry = kept.get(keyOf(name, version));
      return entry !== undefined && performance.now() < entry.until ? entry.secret : undefined;
    },
    mark: () => forgotten,
    keep(secret, mark) {
      if (mark !== forgotten) return;
      const key = keyOf(secret.name, secret.version);
      const entry = { secret, until: performance.now() + VERSION_CACHE.ageMs };
      makeRoom();
      kept.set(key, entry);
      // No value stays in memory for want of somebody who asks for it.
      setTimeout(() => {
        if (kept.get(key) === entry) kept.delete(key);
      }, VERSION_CACHE.ageMs).unref();
    },
    forget(name, version) {
      forgotten += 1;
      kept.delete(keyOf(name, version));
    },
  };
}
