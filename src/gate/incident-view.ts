import { createHash } from 'node:crypto';
import { isRevertible, LABELS } from '../actions/taken-back.ts';
import type { IncidentView } from '../contracts/incident.ts';
import { type Clock, firstPersonOf, type IncidentRecord } from '../core/incident.ts';
import { CHECK_TITLES, rotateSteps } from '../core/incident-text.ts';

const labelOf = (type: string, property: string): string =>
  (isRevertible(type) ? LABELS[type].get(property) : undefined) ?? property;

type Findings = NonNullable<IncidentRecord['findings']>;

const findingsView = (findings: Findings): NonNullable<IncidentView['findings']> => ({
  from: findings.from.toISOString(),
  to: findings.to.toISOString(),
  rogue: findings.rogue.map(({ kind, objectType, objectId, recordName, at, properties }) => ({
    kind,
    object_type: objectType,
    object_id: objectId,
    record_name: recordName,
    at: at.toISOString(),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [
        name,
        { label: labelOf(objectType, name), before: value.before, after: value.after },
      ]),
    ),
  })),
  exposures: findings.exposures.map(
    ({ agentId, action, reads, fields, records, recordsTotal }) => ({
      ...{ agent_id: agentId, action, reads },
      fields: [...fields],
      records: [...records],
      records_total: recordsTotal,
    }),
  ),
  unread: [...findings.unread],
  left_alone: [...findings.leftAlone],
});

const evidenceView = ({
  log,
  counters,
  begun,
  cancelled,
}: NonNullable<IncidentRecord['evidence']>): NonNullable<IncidentView['evidence']> => ({
  log_size: log.size,
  log_root_prefix: log.rootPrefix,
  counters: {
    agents: counters.agents.map(({ id, lastHour, lastDay }) => ({
      ...{ agent_id: id, last_hour: lastHour, last_day: lastDay },
    })),
    alerts_last_day: counters.alertsLastDay,
  },
  begun: [...begun],
  cancelled: [...cancelled],
});

/** Each clock in ms since the opening. */
export const clocksOf = ({
  openedAt,
  reached,
}: Pick<IncidentRecord, 'openedAt' | 'reached'>): Partial<Record<Clock, number>> =>
  Object.fromEntries(
    Object.entries(reached).map(([clock, at]) => [clock, at.getTime() - openedAt.getTime()]),
  );

/** All of it that its own row says. */
function shownOf(incident: IncidentRecord) {
  const { id, connection, stage, reason, openedBy, evidence, checks, findings } = incident;
  return {
    ...{ id, connection, stage, reason },
    opened_by: openedBy,
    not_by: firstPersonOf(incident) ?? null,
    opened_at: incident.openedAt.toISOString(),
    rule: incident.cause?.rule ?? null,
    since: incident.since.toISOString(),
    freeze: incident.freezeId,
    is_false_alarm: incident.isFalseAlarm,
    evidence: evidence && evidenceView(evidence),
    is_new_key_stored: incident.newVersion !== null,
    checks: checks.map(({ name, state, detail, at }) => ({
      ...{ name, title: CHECK_TITLES[name], state, detail },
      at: at.toISOString(),
    })),
    findings: findings && findingsView(findings),
    take_backs: [...incident.takeBacks],
    clocks_ms: clocksOf(incident),
    resumed_by: incident.resumedBy,
  };
}

const nameOf = (shown: ReturnType<typeof shownOf>): string =>
  createHash('sha256').update(JSON.stringify(shown)).digest('hex');

/** Names what a person sees of it: who opens again has looked at this and at nothing else. */
export const checklistOf = (incident: IncidentRecord): string => nameOf(shownOf(incident));

/** An incident as the API, the console and the command line show it. */
export function incidentView(incident: IncidentRecord, portalId: number | undefined): IncidentView {
  const shown = shownOf(incident);
  return {
    ...shown,
    portal_id: portalId ?? null,
    steps: shown.stage === 'rotating' ? [...rotateSteps(portalId)] : [],
    checklist: nameOf(shown),
    updated_at: incident.updatedAt.toISOString(),
  };
}
