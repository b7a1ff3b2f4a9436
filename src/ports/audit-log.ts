/** A signed statement of the log's size and root, as it was last published. */
export interface CheckpointSeen {
  /** Entries covered. */
  readonly size: number;
  /** First characters of the base64 root: enough for a person to compare. Empty before the first publication. */
  readonly rootPrefix: string;
}

/** That one entry is in the signed log, for anyone who has the public key. */
export interface EntryProven {
  /** The entry's own bytes. */
  readonly leaf: Uint8Array;
  /** C2SP tlog-proof, with the signed checkpoint it leads to. */
  readonly proof: string;
  /** The log's public key in the note format. */
  readonly vkey: string;
}

export interface LogVerified {
  readonly size: number;
  readonly findings: readonly string[];
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
  /**
   * Proves from what is published that entry `index` is in the log, O(log n) reads. Undefined for an entry
   * that is not published (yet). Throws `log.unavailable` for a log that does not hold together there.
   */
  prove(index: number): Promise<EntryProven | undefined>;
  /** The last published checkpoint as a signed note, for whoever holds this log against it later. */
  note(): Promise<string | undefined>;
  /**
   * Verifies the whole published log against its signature and against a checkpoint seen earlier. Linear
   * in the log. What is wrong is in the answer, in whole sentences.
   */
  verify(since: string | undefined): Promise<LogVerified>;
}
