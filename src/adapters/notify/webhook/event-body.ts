import type { Card, CardChange } from '../../../contracts/card.ts';
import {
  ALARM_TYPES,
  type ApprovalEvent,
  WEBHOOK_TYPES,
  type WebhookEvent,
} from '../../../contracts/webhook.ts';
import { inOneLine, staleText, stateWords } from '../../../core/notice-text.ts';
import { spellOutUnseen } from '../../../core/unseen.ts';
import type {
  AlarmTelling,
  NamedDecision,
  RequestTelling,
  Telling,
} from '../../../ports/notifier.ts';

type ToldCard = NonNullable<ApprovalEvent['data']['card']>;

function toldChange(change: CardChange): CardChange {
  const { label, property, before, after, before_name: was, after_name: will, remark } = change;
  return {
    label: inOneLine(label),
    property: inOneLine(property),
    before: before === null ? null : spellOutUnseen(before),
    after: spellOutUnseen(after),
    ...(was === undefined ? {} : { before_name: spellOutUnseen(was) }),
    ...(will === undefined ? {} : { after_name: spellOutUnseen(will) }),
    ...(remark === undefined ? {} : { remark: inOneLine(remark) }),
  };
}

/**
 * The whole card as people are shown it, so that who receives it can show it as it is; without the
 * records as they were read, which no approver sees either.
 */
function toldCard(card: Card): ToldCard {
  const { agent, records, changes, claimed, requires, effects, signals, changed, log } = card;
  return {
    request_id: card.request_id,
    digest: card.digest,
    risk: card.risk,
    expires_at: card.expires_at,
    action: inOneLine(card.action),
    sentence: inOneLine(card.sentence),
    connection: inOneLine(card.connection),
    agent: { id: inOneLine(agent.id), name: inOneLine(agent.name) },
    records: records.map(({ object_type, id, name, url }) => ({
      ...(url === undefined ? {} : { url }),
      object_type: inOneLine(object_type),
      id: id === null ? null : inOneLine(id),
      name: inOneLine(name),
    })),
    changes: changes.map(toldChange),
    claimed: {
      user_id: spellOutUnseen(claimed.user_id),
      prompt: spellOutUnseen(claimed.prompt),
    },
    requires: {
      ...requires,
      roles: requires.roles.map(inOneLine),
      reasons: requires.reasons.map(inOneLine),
    },
    ...(effects === undefined
      ? {}
      : { effects: { undo: inOneLine(effects.undo), remains: inOneLine(effects.remains) } }),
    ...(changed === undefined
      ? {}
      : {
          changed: {
            from: changed.from,
            by: { id: inOneLine(changed.by.id), name: inOneLine(changed.by.name) },
            fields: changed.fields.map(inOneLine),
          },
        }),
    ...(signals === undefined ? {} : { signals: signals.map(inOneLine) }),
    log: { size: log.size, root_prefix: inOneLine(log.root_prefix) },
  };
}

const toldDecision = ({ name, decision, proof, at }: NamedDecision) => ({
  person: inOneLine(name),
  decision,
  proof,
  decided_at: at.toISOString(),
});

function approvalEvent({ notice, about }: RequestTelling): ApprovalEvent {
  const { requestId, status, code, card, decisions, changed, link } = about;
  const stale = staleText(about);
  return {
    type: WEBHOOK_TYPES[notice.kind],
    timestamp: notice.createdAt.toISOString(),
    data: {
      request_id: requestId,
      status,
      state: stateWords(status, code),
      ...(stale === undefined ? {} : { detail: stale }),
      code,
      link,
      card: card === null ? null : toldCard(card),
      ...(changed === undefined ? {} : { successor: changed.successor }),
      decisions: decisions.map(toldDecision),
    },
  };
}

function alarmEvent({ notice, alarm: { data, link } }: AlarmTelling): WebhookEvent {
  const timestamp = notice.createdAt.toISOString();
  if (data.kind === 'alert') {
    const { index, alert } = data;
    return { type: ALARM_TYPES.alerted, timestamp, data: { index, alert, link } };
  }
  const { incident, event } = data;
  const shown = (text: string | null): string | null => text && inOneLine(text);
  const told = {
    ...incident,
    connection: shown(incident.connection),
    opened_by: shown(incident.opened_by),
    resumed_by: shown(incident.resumed_by),
    needs: incident.needs.map(inOneLine),
    reason: incident.reason && spellOutUnseen(incident.reason),
  };
  return { type: ALARM_TYPES[event], timestamp, data: { incident: told, link } };
}

/** What is sent of a notice. The agent's words are in `card.claimed` and nowhere else. */
export const webhookEvent = (telling: Telling): WebhookEvent =>
  'alarm' in telling ? alarmEvent(telling) : approvalEvent(telling);
