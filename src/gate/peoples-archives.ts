import { AuditPageSchema } from '../actions/radar-shapes.ts';
import { MATCH_TOLERANCE_MS, type Span } from '../core/rogue-change.ts';
import { ask, listPeoplesActions, RADAR_LIMITS, type RadarCalls } from './radar-calls.ts';
import type { ArchivedRecord, Unread } from './radar-scan.ts';

interface Action {
  readonly objectId: string;
  readonly at: Date;
}

/** What people archived, or that HubSpot does not say: its log is for Enterprise accounts, and takes a scope. */
export type PeoplesArchives =
  | { readonly kind: 'known'; readonly actions: readonly Action[] }
  | { readonly kind: 'unknown'; readonly unread: readonly Unread[] };

const REMOVING = /ARCHIVE|DELETE/i;

const unknown = (reason: Unread['reason'], isPassing: boolean): PeoplesArchives => ({
  kind: 'unknown',
  unread: isPassing ? [{ objectType: null, objectId: null, reason, isPassing }] : [],
});

/**
 * HubSpot keeps no history of an archive; all there is is its log of what people did, in which apps are not. One
 * record of the window says for which object type the question is asked.
 */
export async function peoplesArchives(
  of: RadarCalls,
  { objectType }: ArchivedRecord,
  window: Span,
): Promise<PeoplesArchives> {
  const from = new Date(window.from.getTime() - MATCH_TOLERANCE_MS);
  const to = new Date(window.to.getTime() + MATCH_TOLERANCE_MS);
  const actions: Action[] = [];
  let after: string | undefined;
  for (let page = 0; page < RADAR_LIMITS.auditPagesMax; page += 1) {
    const found = await ask(
      of,
      listPeoplesActions(objectType, { from, to, after }),
      AuditPageSchema,
    );
    if (found.kind === 'none') return unknown(found.code, found.isPassing);
    for (const { action, targetObjectId, occurredAt } of found.data.results)
      if (targetObjectId != null && REMOVING.test(action))
        actions.push({ objectId: targetObjectId, at: occurredAt });
    after = found.data.paging?.next?.after;
    if (after === undefined) return { kind: 'known', actions };
  }
  return unknown('too_many', true);
}

export const isPersons = (actions: readonly Action[], record: ArchivedRecord): boolean =>
  actions.some(
    ({ objectId, at }) =>
      objectId === record.objectId &&
      Math.abs(at.getTime() - record.archivedAt.getTime()) <= MATCH_TOLERANCE_MS,
  );
