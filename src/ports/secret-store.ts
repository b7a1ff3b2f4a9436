/** One version of one secret. `value` is text; binary keys are stored as base64url. */
export interface Secret {
  readonly name: string;
  /** Counts from 1. */
  readonly version: number;
  readonly value: string;
  readonly createdAt: Date;
}

/**
 * What a store that marks its versions (AWS's staging labels) is told of one: in use as soon as it is
 * there, or stored beside the one in use, to be tried first.
 */
export type SecretStage = 'current' | 'pending';

/**
 * Where HubSpot credentials, the log signing key, payload keys and channel secrets live.
 *
 * Names are slash paths of lower-case words (`hubspot/main`, `log/signing-key`). Versions are never
 * overwritten, so a reader that holds `{name, version}` always gets the same value.
 *
 * Concurrency: `put` is check-and-set; of two writers with the same `expectedVersion` one wins and
 * the other gets `secret.conflict`. Readers never see half a write, also across processes.
 * Errors: `secret.unavailable` when the store cannot be reached, opened or decrypted, refuses us, or does
 * not answer within its deadline: no call waits without end.
 * Values never appear in an error, a log line or `toString`.
 */
export interface SecretStore {
  /**
   * The newest version, pending or not, or the given one. `undefined` when the name or the version does
   * not exist or was destroyed; an older one never takes its place.
   */
  get(name: string, version?: number): Promise<Secret | undefined>;
  /**
   * Appends version `expectedVersion + 1` durably (on disk when this returns) and returns its number.
   * `expectedVersion` 0 means the name must not exist yet. `stage` is `current` where nothing is said.
   */
  put(name: string, value: string, expectedVersion: number, stage?: SecretStage): Promise<number>;
  /**
   * Marks the version as the one in use, for those who look at the store itself: which credential is
   * called on is decided by the gateway's own records. Idempotent; unknown ones are ignored.
   */
  promote(name: string, version: number): Promise<void>;
  /** Removes one version's value for good; unknown names and versions are ignored. */
  destroy(name: string, version: number): Promise<void>;
  /** All names that have at least one version, sorted. */
  names(): Promise<readonly string[]>;
  /** Returns when the store can be read now. */
  probe(): Promise<void>;
}
