import type { ToldIncident } from '../contracts/webhook.ts';
import { alertLines } from '../core/alert-text.ts';
import { alertTitle } from '../core/detection-rules.ts';
import type { IncidentRecord } from '../core/incident.ts';
import { personStepOf, type PersonStep } from '../core/incident-needs.ts';
import { STAGE_WORDS } from '../core/incident-text.ts';
import { type AlarmNotice, alertIndexOf } from '../core/notices.ts';
import type { PersonRecord } from '../core/records.ts';
import type { AlarmSubject, AlarmTelling, IncidentKind } from '../ports/notifier.ts';
import type { Store } from '../ports/store.ts';
import { alertAt, alertView } from './alerts.ts';
import { stageIn } from './incident-notices.ts';
import { clocksOf } from './incident-view.ts';
import { addressOf, type TellingDependencies, threadOf } from './telling.ts';
import { unlessTampered } from './unless-tampered.ts';

type People = readonly PersonRecord[];

const nameOf = (people: People, id: string): string =>
  people.find((person) => person.id === id)?.name ?? id;

const UNTOLD = {
  damaged: {
    title: 'An alert whose entry in the log does not open',
    lines: ['Somebody has changed the log in the store. Look with: npx sallyport audit verify'],
  },
  unknown: {
    title: 'An alert that this version of the gateway does not understand',
    lines: ['A later version wrote it. Look with: npx sallyport alerts, in that version.'],
  },
} as const;

async function alertOf(
  { store, origin }: TellingDependencies,
  subject: string,
  people: People,
): Promise<AlarmSubject> {
  const index = alertIndexOf(subject) ?? 0;
  // The list that begins with it. Nothing behind a `?` or `#`: that does not survive signing in.
  const link = `${origin}/console/alerts/${index}`;
  const alert = await alertAt(store, index);
  if (typeof alert === 'string')
    return {
      ...UNTOLD[alert],
      said: null,
      link,
      data: { kind: 'alert', index, alert: null },
    };
  const { agentId, person } = alert;
  const agent =
    agentId === null ? undefined : await unlessTampered(store.agents.get(agentId), undefined);
  const who = {
    agent: agent?.name ?? agentId,
    person: person === null ? null : nameOf(people, person),
  };
  return {
    title: `Alert: ${alertTitle(alert.rule)}`,
    lines: alertLines(alert, who),
    said: null,
    link,
    data: { kind: 'alert', index, alert: alertView(alert) },
  };
}

const byWhom = (people: People, actor: string): string => {
  if (actor === 'operator') return 'the command line';
  if (actor === 'gateway') return 'the gateway';
  return nameOf(people, actor.replace(/^person:/, ''));
};

const toldIncident = (
  incident: IncidentRecord,
  people: People,
  step: PersonStep | undefined,
): ToldIncident => ({
  id: incident.id,
  stage: incident.stage,
  connection: incident.connection,
  opened_by: byWhom(people, incident.openedBy),
  opened_at: incident.openedAt.toISOString(),
  rule: incident.cause?.rule ?? null,
  reason: incident.reason,
  needs: [...(step?.lines ?? [])],
  is_false_alarm: incident.isFalseAlarm,
  resumed_by: incident.resumedBy && byWhom(people, incident.resumedBy),
  clocks_ms: clocksOf(incident),
});

const UNREAD: Omit<ToldIncident, 'id'> = {
  ...{ stage: null, connection: null, opened_by: null, opened_at: null, rule: null, reason: null },
  ...{ needs: [], is_false_alarm: false, resumed_by: null, clocks_ms: {} },
};

function titleOf(event: IncidentKind, incident: IncidentRecord, step?: PersonStep): string {
  if (event === 'incident_opened') return `Incident: ${incident.connection} is frozen`;
  if (event === 'incident_closed')
    return incident.isFalseAlarm
      ? 'Incident closed, a false alarm: calls start again'
      : 'Incident closed: calls start again';
  const title = `Incident: ${step?.title ?? 'it goes on by itself'}`;
  return event === 'incident_reminded' ? `Reminder: ${title}` : title;
}

function linesOf(event: IncidentKind, told: ToldIncident, words: readonly string[]): string[] {
  if (event === 'incident_closed') return [`Resumed by ${told.resumed_by ?? 'nobody'}.`, ...words];
  const opened = `Opened by ${told.opened_by ?? ''} at ${told.opened_at ?? ''} (UTC).`;
  const frozen = 'No call to HubSpot starts until a second person resumes.';
  const needs = told.needs.length > 0 ? told.needs : words;
  return event === 'incident_opened' ? [opened, frozen, ...needs] : [...needs];
}

async function incidentOf(
  { store, origin }: TellingDependencies,
  { subject: id, kind: event, createdAt }: AlarmNotice & { readonly kind: IncidentKind },
  people: People,
): Promise<AlarmSubject> {
  const link = `${origin}/console/incidents/${id}`;
  const incident = await unlessTampered(store.incidents.get(id), undefined);
  if (incident === undefined)
    return {
      title: 'An incident whose record does not open',
      lines: ['Somebody has changed the store by hand. Look with: npx sallyport doctor'],
      said: null,
      link,
      data: { kind: 'incident', event, incident: { id, ...UNREAD } },
    };
  const { portalId } =
    (await unlessTampered(store.connections.get(incident.connection), undefined)) ?? {};
  const step = personStepOf(incident, portalId, createdAt);
  const told = toldIncident(incident, people, step);
  return {
    title: titleOf(event, incident, step),
    lines: linesOf(event, told, STAGE_WORDS[incident.stage](incident, portalId)),
    said: incident.reason,
    link,
    data: { kind: 'incident', event, incident: told },
  };
}

const isOfIncident = (notice: AlarmNotice): notice is AlarmNotice & { kind: IncidentKind } =>
  notice.kind !== 'alerted';

/** What this place was told of the same before, in order. */
const toldHere = async (
  store: Store,
  { subject, channel, recipient }: AlarmNotice,
): ReturnType<Store['notices']['of']> =>
  (await store.notices.of(subject)).filter(
    (one) => one.channel === channel && one.recipient === recipient,
  );

/** What is told of an alert or an incident, as it stands now. */
export async function alarmTelling(
  deps: TellingDependencies,
  notice: AlarmNotice,
): Promise<AlarmTelling> {
  const { rows: people } = await deps.store.people.legible();
  const alarm = isOfIncident(notice)
    ? await incidentOf(deps, notice, people)
    : await alertOf(deps, notice.subject, people);
  const thread = threadOf(await toldHere(deps.store, notice));
  return { notice, alarm, thread, address: addressOf(people, notice) };
}

/**
 * What would say nothing any more: that one is open which is closed, its end to who was never told of it, and a step
 * that is done or of which a later reminder follows. An alert is always told.
 */
export async function isMootAlarm(store: Store, notice: AlarmNotice): Promise<boolean> {
  if (!isOfIncident(notice)) return false;
  const { kind, channel, subject, occasion } = notice;
  const here = await toldHere(store, notice);
  if (kind === 'incident_closed')
    return channel !== 'webhook' && !here.some(({ state }) => state === 'sent');
  const incident = await unlessTampered(store.incidents.get(subject), undefined);
  if (kind === 'incident_opened') return channel !== 'webhook' && incident?.stage === 'closed';
  const isLast = here.findLast((one) => one.kind === kind)?.id === notice.id;
  // By the stage and not by the very need: a check that could not be asked for a moment is no need that was met.
  return incident?.stage !== stageIn(occasion) || !isLast;
}
