/** One version of one secret. `value` is text; binary keys are stored as base64url. */
export interface Secret {
  readonly name: string;
  /** Counts from 1. */
  readonly version: number;
  readonly value: string;
  readonly createdAt: Date;
}

/**
 * Where HubSpot credentials, the log signing key, payload keys and channel secrets live.
 *
 * Names are slash paths of lower-case words (`hubspot/main`, `log/signing-key`). Versions are never
 * overwritten, so a reader that holds `{name, version}` always gets the same value.
 *
 * Concurrency: `put` is check-and-set; of two writers with the same `expectedVersion` one wins and
 * the other gets `secret.conflict`. Readers never see half a write, also across processes.
 * Errors: `secret.unavailable` when the store cannot be reached, opened or decrypted.
 * Values never appear in an error, a log line or `toString`.
 */
export interface SecretStore {
  /** The newest version, or the given one. `undefined` when the name or the version does not exist. */
  get(name: string, version?: number): Promise<Secret | undefined>;
  /**
   * Appends version `expectedVersion + 1` durably (on disk when this returns) and returns its number.
   * `expectedVersion` 0 means the name must not exist yet.
   */
  put(name: string, value: string, expectedVersion: number): Promise<number>;
  /** Removes one version's value for good; unknown names and versions are ignored. */
  destroy(name: string, version: number): Promise<void>;
  /** All names that have at least one version, sorted. */
  names(): Promise<readonly string[]>;
}
