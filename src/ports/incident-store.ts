import type { IncidentRecord } from '../core/incident.ts';

export interface IncidentReads {
  get(id: string): Promise<IncidentRecord | undefined>;
  /** The one that is not closed; there is one at most. */
  open(connection: string): Promise<IncidentRecord | undefined>;
  /** Those that are not closed, on any connection, without opening their rows: what the engine has to run. */
  underWay(): Promise<readonly Pick<IncidentRecord, 'id' | 'connection'>[]>;
  /** Newest first. */
  list(limit: number): Promise<readonly IncidentRecord[]>;
}

export interface IncidentWrites extends IncidentReads {
  /** False when another one is open on this connection. */
  insert(incident: IncidentRecord): Promise<boolean>;
  /**
   * Changes the given fields and sets `updatedAt`. Throws `internal.unexpected` for a move that is not in
   * `core/incident.ts`, or when there is no such incident.
   */
  update(
    id: string,
    change: Partial<Omit<IncidentRecord, 'id' | 'connection' | 'openedAt' | 'updatedAt'>>,
  ): Promise<IncidentRecord>;
}
