import type { AbsenceRecord } from '../core/records.ts';
import type { Listed } from './listed.ts';

export interface AbsenceReads {
  /**
   * Ended ones too. Throws `plan.tampered` for a row that was not written here, and for one that is not what
   * the log says: an ended one that was put back, one taken out, or any while the log cannot be believed.
   */
  get(id: string): Promise<AbsenceRecord | undefined>;
  /** Ended ones too, the oldest first; a row that `get` would refuse is named, and gives nobody a place. */
  list(): Promise<Listed<AbsenceRecord>>;
}
/** The caller appends the entry, without which a row is not believed. */
export interface AbsenceWrites extends AbsenceReads {
  insert(absence: Omit<AbsenceRecord, 'endedAt'>): Promise<void>;
  /** What the log has of it, also where its row is lost or was changed; undefined when nothing stands by that id. */
  end(id: string): Promise<AbsenceRecord | undefined>;
}
