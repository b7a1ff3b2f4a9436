/** A signed statement of the log's size and root, as it was last published. */
export interface CheckpointSeen {
  /** Entries covered. */
  readonly size: number;
  /** First characters of the base64 root: enough for a person to compare. Empty before the first publication. */
  readonly rootPrefix: string;
}

/**
 * The published side of the audit log: tiles and signed checkpoints made from the store's entries.
 * Sequencing is the store's; this only publishes what is already durable there.
 */
export interface AuditLog {
  /**
   * The last published checkpoint; size 0 before the first. Throws `log.unavailable` for one that is
   * there and cannot be read, does not verify, or contradicts the store: that is never size 0.
   */
  checkpoint(): Promise<CheckpointSeen>;
}
