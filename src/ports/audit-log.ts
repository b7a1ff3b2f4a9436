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
  /** The last published checkpoint; size 0 before the first. Never throws for an unpublished log. */
  checkpoint(): Promise<CheckpointSeen>;
}
