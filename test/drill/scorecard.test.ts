import { describe, expect, it } from 'vitest';
import type { IncidentView } from '../../src/contracts/incident.ts';
import { CHECKS } from '../../src/core/incident.ts';
import type { Played } from '../../src/drill/play.ts';
import { linesOf } from '../../src/drill/scorecard.ts';
import type { Answer } from '../../src/prove/http.ts';

const START = Date.parse('2026-11-26T10:00:00.000Z');
const at = (ms: number): string => new Date(START + ms).toISOString();

const answer = (status: number, code: string): Answer => ({
  ...{ status, code, text: '', body: {}, state: undefined },
});

const rogueOf = (kind: 'changed' | 'created' | 'archived', id: string) => ({
  ...{ kind, object_type: 'contacts', object_id: id, record_name: id },
  ...{ at: at(0), properties: {} },
});

const incident: IncidentView = {
  ...{ id: 'inc_0123456789abcdef', connection: 'main', portal_id: 1, stage: 'closed' },
  ...{
    reason: 'radar',
    opened_by: 'gateway',
    not_by: null,
    opened_at: at(20_000),
    rule: 'radar_found',
  },
  ...{ since: at(0), freeze: 'frz_0123456789', is_false_alarm: false, steps: [], evidence: null },
  is_new_key_stored: true,
  checks: CHECKS.map((name) => ({ name, title: name, state: 'passed', detail: '', at: at(0) })),
  findings: {
    ...{ from: at(0), to: at(0), exposures: [], unread: [], left_alone: [] },
    rogue: [
      rogueOf('changed', '1'),
      rogueOf('changed', '2'),
      rogueOf('created', '3'),
      rogueOf('archived', '4'),
    ],
  },
  take_backs: [],
  clocks_ms: { contained: 0, supplied: 1_000, old_key_dead: 5_000, closed: 60_000 },
  ...{ resumed_by: 'person:per_0123456789', updated_at: at(60_000) },
  checklist: 'f'.repeat(64),
};

const GOOD: Played = {
  firstRogueAt: new Date(START),
  rogue: [
    { kind: 'changed', id: '1', former: 'Buyer' },
    { kind: 'changed', id: '2', former: 'Buyer', later: 'By a person' },
    { kind: 'created', id: '3' },
    { kind: 'archived', id: '4' },
  ],
  isThiefStillIn: true,
  keyDeadAt: new Date(START + 22_000),
  incident,
  lastWriteAt: new Date(START + 20_400),
  writes: 40,
  waiting: [answer(200, 'incident.contained'), answer(200, 'incident.contained')],
  oldKeyAgain: answer(409, 'incident.same_key'),
  strangerResumes: answer(403, 'person.forbidden'),
  held: new Map([
    ['1', 'Buyer'],
    ['2', 'By a person'],
    ['3', undefined],
    ['4', undefined],
  ]),
  postMortem: `# ${incident.id}`,
  isLogWhole: true,
  after: 'awaiting_approval',
};

const withFindings = (findings: Partial<NonNullable<IncidentView['findings']>>): IncidentView => ({
  ...incident,
  findings: { ...incident.findings!, ...findings },
});
const withHeld = (id: string, value: string | undefined): Played['held'] =>
  new Map([...GOOD.held, [id, value]]);

const failing = (change: Partial<Played>): string[] =>
  linesOf({ ...GOOD, ...change })
    .filter(({ verdict }) => verdict !== 'passed')
    .map(({ name, verdict }) => `${name} ${verdict}`);

describe('the scorecard of a drill', () => {
  it('passes every line of a drill that went well', () => {
    expect(failing({})).toEqual([]);
  });

  it.each<readonly [string, Partial<Played>, readonly string[]]>([
    [
      'the theft was noticed after more than two minutes',
      { firstRogueAt: new Date(START - 101_000) },
      ['detected failed'],
    ],
    [
      'a write reached HubSpot more than a second after the freeze',
      { lastWriteAt: new Date(START + 21_001) },
      ['contained failed'],
    ],
    [
      'what waited was not told why',
      { waiting: [answer(200, 'incident.contained'), answer(200, 'approval.expired')] },
      ['waiting_ended failed'],
    ],
    ['the old key was taken', { oldKeyAgain: answer(202, '') }, ['old_key_refused failed']],
    [
      'its death was seen more than ten seconds late',
      { keyDeadAt: new Date(START + 14_000) },
      ['old_key_dead failed'],
    ],
    [
      'its death was never seen',
      { incident: { ...incident, clocks_ms: { closed: 60_000 } } },
      ['old_key_dead failed'],
    ],
    [
      'a check of the new key was left out',
      { incident: { ...incident, checks: incident.checks.slice(1) } },
      ['verified failed'],
    ],
    [
      'a rogue write was not found',
      { incident: withFindings({ rogue: incident.findings!.rogue.slice(1) }) },
      ['rogue_found failed'],
    ],
    [
      'something else was taken for one',
      {
        incident: withFindings({
          rogue: [...incident.findings!.rogue, rogueOf('changed', '9')],
        }),
      },
      ['nobody_blamed failed'],
    ],
    ['a rogue value stands', { held: withHeld('1', 'Rogue') }, ['set_back failed']],
    ['a rogue record stands', { held: withHeld('3', 'Rogue') }, ['set_back failed']],
    ['a later edit was overwritten', { held: withHeld('2', 'Buyer') }, ['later_edits_kept failed']],
    [
      'an archived record is named nowhere',
      { incident: withFindings({ rogue: incident.findings!.rogue.slice(0, 3) }) },
      ['rogue_found failed', 'rest_listed failed'],
    ],
    [
      'somebody without the role resumed',
      { strangerResumes: answer(200, '') },
      ['resumed_by_operator failed'],
    ],
    ['writes are still refused', { after: 'refused' }, ['goes_on failed']],
    [
      'a clock of the post-mortem did not stop',
      { postMortem: `# ${incident.id}\nnot reached` },
      ['post_mortem failed'],
    ],
    ['the log does not verify', { isLogWhole: false }, ['log_whole failed']],
    [
      'it took more than ten minutes',
      {
        incident: { ...incident, clocks_ms: { ...incident.clocks_ms, closed: 590_000 } },
      },
      ['in_time failed'],
    ],
    [
      'the policy lets nobody write',
      { lastWriteAt: undefined, waiting: [], after: undefined },
      ['contained not_shown', 'waiting_ended not_shown', 'goes_on not_shown'],
    ],
  ])('says so when %s', (_, change, lines) => {
    expect(failing(change)).toEqual(lines);
  });
});
