import type { Approval } from '../../src/contracts/approval.ts';
import type { Card } from '../../src/contracts/card.ts';
import type { AuditPage } from '../../src/contracts/audit-page.ts';
import type { AlertView } from '../../src/contracts/alert.ts';
import type { Scorecard } from '../../src/contracts/drill.ts';
import type { StandingGrant } from '../../src/contracts/grant.ts';
import type { IncidentView } from '../../src/contracts/incident.ts';
import type { RequestSummary } from '../../src/contracts/request-history.ts';
import type { Frame } from '../../src/console/frame.ts';
import type { Quiet } from '../../src/console/pages/queue.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';

/** A reader's frame as a page gets it; each text of people in it is `text` where one is given. */
export const frameWith = (text?: string): Frame => ({
  assets: { url: (name) => `/console/assets/0/${name}`, send: () => undefined },
  reader: {
    id: 'per_00000000001',
    name: text ?? 'Robin Vale',
    email: text ?? 'robin@sallyport.test',
    roles: ['approver', 'operator'],
    created_at: '2026-11-01T08:00:00.000Z',
    revoked_at: null,
  },
  status: {
    connection: text ?? 'main',
    portal_id: 4_471_902,
    freezes: [],
    incident: null,
    log: { size: 18_204, root_prefix: '9f2c41d8a07e' },
    waiting_for_you: 1,
    alerts_last_day: 0,
    waiting_for_others: 0,
  },
  people: [],
  formToken: 'form-token',
  now: new Date('2026-11-01T10:30:00.000Z'),
  zone: 'UTC',
  note: undefined,
});

/** What an empty queue shows. */
export const quietWith = (lastAsked: readonly RequestSummary[]): Quiet => ({
  lastAsked,
  today: {
    since: '2026-11-01T00:00:00.000Z',
    ...{ read: 1_214, approved: 9, rejected: 1, refused: 3 },
  },
});

export const approvalOf = (card: Card, more: Partial<Approval> = {}): Approval => ({
  id: requestId(1),
  status: 'awaiting_approval',
  asked_at: '2026-11-01T10:00:00.000Z',
  updated_at: '2026-11-01T10:00:00.000Z',
  card,
  can_change: true,
  can_renew: false,
  decisions: [],
  you: { can_decide: true },
  ...more,
});

/** Cards with `text` in one of their fields each, and the last with it in all of them. */
export function cardsWith(text: string): Card[] {
  const base = cardFor(requestId(1));
  const change = { label: 'Label', property: 'p', before: 'before', after: 'after' };
  const parts: Partial<Card>[] = [
    { sentence: text },
    { agent: { ...base.agent, name: text } },
    { connection: text },
    { records: [{ object_type: 'deals', id: '1', name: text }] },
    { records: [{ object_type: text, id: '1', name: 'Acme Corp' }] },
    { changes: [{ ...change, label: text }] },
    { changes: [{ ...change, before: text }] },
    { changes: [{ ...change, after: text }] },
    { changes: [{ ...change, before: null, after: text }] },
    { changes: [{ ...change, before_name: text || 'Name', after_name: 'Name' }] },
    { changes: [{ ...change, after_name: text || 'Name', remark: text }] },
    { changes: [{ ...change, before: `${'long '.repeat(30)}${text}`, after: `${text} new` }] },
    { claimed: { user_id: text, prompt: 'prompt' } },
    { claimed: { user_id: 'dana@acme.test', prompt: text } },
    { requires: { ...base.requires, reasons: [text] } },
    { requires: { ...base.requires, roles: [text] } },
    { signals: [text] },
    { changed: { from: requestId(2), by: { id: 'per_00000000002', name: text }, fields: [text] } },
    { effects: { undo: text, remains: text } },
    { log: { size: 3, root_prefix: text } },
  ];
  const all = Object.assign({}, ...parts, {
    requires: { ...base.requires, reasons: [text], roles: [text] },
    claimed: { user_id: text, prompt: text },
    changes: [{ label: text, property: text, before: text, after: `${text} new` }],
  }) as Partial<Card>;
  return [...parts, all].map((part) => ({ ...base, ...part }));
}

/** One incident at each stage, with `text` in every field that holds words of people or records. */
export function incidentsWith(text: string): IncidentView[] {
  const at = '2026-11-01T10:00:00.000Z';
  const value = { label: text, before: text, after: text };
  const rogue = { object_id: text, record_name: text, at, properties: { [text]: value } };
  const stages = ['rotating', 'verifying', 'reverting', 'resuming', 'closed'] as const;
  return stages.map((stage) => ({
    ...{ id: 'inc_00000000001', connection: text, portal_id: 4_471_902, stage, reason: text },
    ...{
      opened_by: text,
      not_by: text,
      opened_at: at,
      rule: text,
      since: at,
      freeze: 'frz_00000000001',
    },
    ...{ is_false_alarm: false, steps: [text], is_new_key_stored: true, take_backs: [] },
    ...{ clocks_ms: { contained: 600 }, resumed_by: text, updated_at: at },
    checklist: 'f'.repeat(64),
    evidence: {
      ...{ log_size: 1, log_root_prefix: text, begun: [requestId(1)], cancelled: [] },
      counters: { agents: [{ agent_id: text, last_hour: 1, last_day: 2 }], alerts_last_day: 1 },
    },
    checks: [{ name: 'same_account', title: text, state: 'failed', detail: text, at }],
    findings: {
      ...{ from: at, to: at, unread: [text], left_alone: [text] },
      rogue: [
        { ...rogue, kind: 'changed', object_type: text },
        { ...rogue, kind: 'created', object_type: 'notes' },
        { ...rogue, kind: 'archived', object_type: 'companies' },
      ],
      exposures: [
        {
          ...{ agent_id: text, action: text, reads: 1, fields: [text] },
          ...{ records: [text], records_total: 1 },
        },
      ],
    },
  }));
}

/** A drill in whose words `text` stands. */
export const scorecardWith = (text: string): Scorecard => ({
  ...{ id: '20261101T090000Z', started_at: '2026-11-01T09:00:00.000Z', ms: 67_400, seed: 7 },
  ...{ passed: false, policy_digest: 'd1'.repeat(32), detected_ms: 14_700 },
  clocks_ms: { contained: 20, closed: 52_700 },
  lines: [
    { name: 'detected', title: text, verdict: 'passed', detail: text },
    { name: 'contained', title: text, verdict: 'not_shown', detail: text },
    { name: 'set_back', title: text, verdict: 'failed', detail: text },
  ],
});
/** One that stands and one that has ended, every text of people in them `text`. */
export const grantsWith = (text: string): StandingGrant[] => {
  const named = { id: 'x', name: text };
  const standing = {
    ...{ id: 'gra_0000000000000001', agent: named, person: named, action: 'create_note' },
    ...{ given_at: '2026-11-01T10:00:00.000Z', ends_at: '2026-11-01T12:00:00.000Z' },
    ...{ max_uses: 20, uses: 3, ended_at: null, ended_by: null },
  };
  const ended = { ended_at: '2026-11-01T11:00:00.000Z', ended_by: 'freeze' as const };
  return [standing, { ...standing, ...ended, id: 'gra_0000000000000002' }];
};

/** Alerts of an agent and of a person, in whose words `text` stands. */
export const alertsWith = (text: string): AlertView[] => {
  const at = '2026-11-01T10:00:00.000Z';
  const base: AlertView = {
    ...{ index: 7, raised_at: at, at, title: text, rule: 'refusals', count: 21, window_ms: 60_000 },
    ...{ agent_id: 'agt_00000000001', person: null, entries: [3, 4], requests: [requestId(1)] },
    ...{ response: 'slow', freeze: null, incident: null, late: false, failed_with: null },
  };
  return [
    base,
    { ...base, ...{ index: 6, agent_id: null, person: text, requests: [], failed_with: text } },
    {
      ...base,
      ...({ index: 5, agent_id: null, response: 'open_incident' } as const),
      incident: 'inc_00000000001',
    },
  ];
};

/** A page of the log with an entry of each kind of line, in whose texts `text` stands. */
export const auditPageWith = (text: string): AuditPage => {
  const entry: AuditPage['entries'][number] = {
    ...{ v: 1, index: 7, timestamp: '2026-11-01T10:00:00.000Z', event: 'request.accepted' },
    ...{ actor: text, request_id: requestId(1), agent_id: text, code: text, digest: null },
    ...{ hubspot_endpoint: text, response_status: 200, facts: { person: text }, personal: null },
  };
  const seen = { ...entry, index: 8, event: 'approval.seen', facts: { proof: text } } as const;
  const granted = { ...entry, index: 9, event: 'approval.granted' } as const;
  return {
    ...{ signed: { size: 9, root_prefix: text }, size: 10, looked_through: 3 },
    entries: [
      { ...granted, facts: { proof: text, in_place_of: text } },
      { ...seen, request_id: requestId(2), timestamp: '2026-10-31T10:00:00.000Z' },
      { ...entry, request_id: null },
    ],
    actions: { [requestId(1)]: text },
    damaged: [text],
  };
};
