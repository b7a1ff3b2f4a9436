import type { Secret } from '../../../ports/secret-store.ts';

export const CACHE_LIMITS = {
  /** How long a version that was destroyed elsewhere may still be read here. */
  ageMs: 30_000,
  secretsMax: 1_000,
} as const;

export interface VersionCache {
  get(name: string, version: number): Secret | undefined;
  keep(secret: Secret): void;
  forget(name: string, version: number): void;
}

/** Values by their exact version, which never change. The newest of a name is not for a cache to know. */
export function createVersionCache(now: () => number = () => performance.now()): VersionCache {
  const kept = new Map<string, { readonly secret: Secret; readonly until: number }>();
  const keyOf = (name: string, version: number): string => `${name}@${version}`;

  const dropEnded = (): void => {
    for (const [key, { until }] of kept) {
      // In the order in which they were kept: those that follow are younger.
      if (until > now() && kept.size < CACHE_LIMITS.secretsMax) return;
      kept.delete(key);
    }
  };

  return {
    get(name, version) {
      dropEnded();
      return kept.get(keyOf(name, version))?.secret;
    },
    keep(secret) {
      dropEnded();
      const key = keyOf(secret.name, secret.version);
      kept.delete(key);
      kept.set(key, { secret, until: now() + CACHE_LIMITS.ageMs });
    },
    forget: (name, version) => void kept.delete(keyOf(name, version)),
  };
}
