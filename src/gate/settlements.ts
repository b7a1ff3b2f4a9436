import type { AuditRecord } from '../core/records.ts';
import { entryOf } from './logged.ts';

/** What a person said became of a write whose answer was lost. */
export interface SaidSettlement {
  /** Of its entry in the log. */
  readonly index: number;
  readonly personId: string;
  readonly outcome: 'executed' | 'not_executed';
  readonly settledAt: string;
  /** What they saw in HubSpot; null where it was erased. */
  readonly reason: string | null;
}

const reasonIn = ({ personal }: AuditRecord): string | null => {
  const { reason } = (personal?.value ?? {}) as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : null;
};

/** Of the request's own entries, those by which a person ended the not knowing, in order. */
export function settlementsIn(records: readonly AuditRecord[]): readonly SaidSettlement[] {
  return records.flatMap((record) => {
    const { event, actor, timestamp, facts } = entryOf(record.leaf);
    if (event !== 'hubspot.settled' || facts['by'] !== 'person') return [];
    return [
      {
        index: record.index,
        personId: actor.replace(/^person:/, ''),
        outcome: facts['settled'] === 'executed' ? 'executed' : 'not_executed',
        settledAt: timestamp,
        reason: reasonIn(record),
      },
    ];
  });
}
