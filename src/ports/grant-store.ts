import type { GrantEnd, GrantRecord } from '../core/grants.ts';
import type { Listed } from './listed.ts';

/** What people have allowed ahead: as row and log agree. Throws `freeze.active` like the freezes. */
export interface GrantReads {
  /**
   * `undefined` for none. Throws `plan.tampered` for a row that was not written here, and for one that stands
   * where the log has it ended, or the other way round.
   */
  get(id: string): Promise<GrantRecord | undefined>;
  /** What stands by the log, whatever became of its rows, oldest first: what there is to end. */
  standing(): Promise<readonly GrantRecord[]>;
  /** For people to look at, ended ones too, newest first. */
  list(limit: number): Promise<Listed<GrantRecord>>;
}
export interface GrantWrites extends GrantReads {
  /** The caller appends `grant.given`, without which it is not believed. */
  insert(grant: Omit<GrantRecord, 'uses' | 'endedAt' | 'endedBy'>): Promise<void>;
  /** The caller appends `grant.ended`, which is what ends it whatever becomes of its row. */
  end(grant: Pick<GrantRecord, 'id' | 'uses'>, by: GrantEnd): Promise<void>;
}
