import { GateStatusSchema } from '../../contracts/gate-status.ts';
import { errorCodeOf } from '../../core/gateway-error.ts';
import { countRecentAlerts } from '../../gate/alerts.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Store } from '../../ports/store.ts';
import { legibleApprovals } from '../approval-view.ts';
import { defineRoute } from '../define-route.ts';
import { freezeView } from './freezes.ts';
import { unlessTampered } from '../../gate/unless-tampered.ts';

const COUNTED_MAX = 100;

/** A log that cannot be read is part of the state, and no reason not to tell the rest. */
export async function logPosition(auditLog: AuditLog) {
  try {
    const { size, rootPrefix } = await auditLog.checkpoint();
    return { size, root_prefix: rootPrefix };
  } catch (error) {
    if (errorCodeOf(error) === 'log.unavailable') return null;
    throw error;
  }
}

/** A damaged incident is named by its own pages; the rest of the state is told all the same. */
async function openIncidentOf({ incidents }: Pick<Store, 'incidents'>, connection: string) {
  const open = await unlessTampered(incidents.open(connection), undefined);
  return open === undefined ? null : { id: open.id, freeze: open.freezeId };
}

export const gateStatus = defineRoute({
  method: 'get',
  path: '/v1/status',
  summary: 'The state of the gate: connection, freezes, log position, and how much waits.',
  door: 'person',
  replies: { 200: { is: 'The state.', body: GateStatusSchema } },
  errors: ['store.unavailable'],
  handler: async (context, { person }) => {
    const { store, settings, auditLog } = context;
    const { rows } = await store.requests.waiting({ limit: COUNTED_MAX });
    const { approvals } = await legibleApprovals(context, person, rows);
    const mine = approvals.filter(({ you }) => you.can_decide).length;
    const freezes = await store.freezes.list();
    return {
      status: 200,
      body: {
        connection: settings.connection,
        portal_id: (await store.connections.get(settings.connection))?.portalId ?? null,
        freezes: freezes.filter(({ liftedAt }) => liftedAt === null).map(freezeView),
        incident: await openIncidentOf(store, settings.connection),
        log: await logPosition(auditLog),
        waiting_for_you: mine,
        waiting_for_others: approvals.length - mine,
        alerts_last_day: await countRecentAlerts(store, context.clock()),
      },
    };
  },
});
