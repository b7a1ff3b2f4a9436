import { describe, expect, it } from 'vitest';
import {
  parseRuleSetting,
  RULE_NAMES,
  type RuleName,
  RULES,
  type RuleSetting,
} from '../../src/core/detection-rules.ts';
import {
  detect,
  type DetectionSettings,
  type DetectionState,
  type Finding,
  initialDetection,
  rememberedMs,
} from '../../src/core/detection.ts';
import { type Observed, observedOf } from '../../src/core/observed.ts';
import { createSeededRandom, type SeededRandom } from '../support/seeded-random.ts';

const START = Date.parse('2026-11-02T09:00:00.000Z');
const OWN = 'agt_0000000000';
const DECOY = 'contacts/66601';
const AGENTS = ['agt_1111111111', 'agt_2222222222'] as const;

const defaults = (): Record<RuleName, RuleSetting> =>
  Object.fromEntries(
    RULE_NAMES.map((name) => [name, parseRuleSetting(name, RULES[name].default)]),
  ) as Record<RuleName, RuleSetting>;

const settings = (rules: Partial<Record<RuleName, RuleSetting>> = {}): DetectionSettings => ({
  rules: { ...defaults(), ...rules },
  decoys: new Set([DECOY]),
  ownAgentId: OWN,
});

/** An entry of the log at this many ms after the start. */
type Seen = Partial<Observed> & { readonly event: string; readonly ms: number };

const observed = ({ ms, ...seen }: Seen, index: number): Observed => ({
  ...{ index, timestamp: new Date(START + ms).toISOString(), actor: 'gateway', facts: {} },
  ...{ request_id: null, agent_id: AGENTS[0], code: null, response_status: null },
  ...{ hubspot_endpoint: null, records: [], companies: [] },
  ...seen,
});

interface Run {
  readonly state: DetectionState;
  readonly findings: readonly Finding[];
}

function run(
  seen: readonly Observed[],
  of: DetectionSettings,
  state: DetectionState = initialDetection(),
): Run {
  const findings: Finding[] = [];
  let now = state;
  for (const one of seen) {
    const detected = detect(now, one, of);
    now = detected.state;
    findings.push(...detected.findings);
  }
  return { state: now, findings };
}

const found = (seen: readonly Seen[], name: RuleName, of = settings()): readonly Finding[] =>
  run(seen.map(observed), of).findings.filter(({ rule }) => rule === name);

const contactRead = (ms: number, agent: string = AGENTS[0]): Seen => ({
  ...{ ms, event: 'hubspot.intended', agent_id: agent, facts: { purpose: 'read' } },
  hubspot_endpoint: '/crm/objects/2026-09/contacts/search',
});

/** For each rule: what one hit is, apart from all others of its kind. */
const HITS: Record<RuleName, (ms: number, nth: number) => readonly Seen[]> = {
  hubspot_error: (ms) => [{ ms, event: 'hubspot.lost', response_status: 500 }],
  contact_reads: (ms) => [contactRead(ms)],
  contact_reads_all: (ms, nth) => [contactRead(ms, AGENTS[nth % 2])],
  companies_read: (ms, nth) => [{ ms, event: 'request.completed', companies: [`name c${nth}`] }],
  hubspot_unauthorized: (ms) => [
    { ms, event: 'hubspot.answered', code: 'hubspot.unauthorized', facts: { purpose: 'read' } },
  ],
  refusals: (ms) => [{ ms, event: 'request.refused', code: 'action.invalid' }],
  denied_writes: (ms) => [
    { ms, event: 'request.refused', code: 'policy.denied', facts: { risk: 'write' } },
  ],
  hasty_approvals: (ms, nth) => [
    { ms, event: 'approval.requested', request_id: `act_${nth}` },
    {
      ...{ ms: ms + 50, event: 'approval.granted', request_id: `act_${nth}` },
      actor: 'person:per_1',
    },
  ],
  rubber_stamping: (ms, nth) => HITS.hasty_approvals(ms, nth),
  decoy_touched: (ms) => [{ ms, event: 'request.completed', records: ['contacts/1', DECOY] }],
  log_behind: (ms) => [{ ms, event: 'publication.late', agent_id: null }],
  store_tampered: (ms) => [{ ms, event: 'store.tampered' }],
  radar_found: (ms) => [{ ms, event: 'radar.found', agent_id: null }],
  radar_blind: (ms, nth) =>
    nth % 2 === 0
      ? [{ ms, event: 'radar.failed', code: 'hubspot.timeout', agent_id: null }]
      : [{ ms, event: 'radar.swept', agent_id: null, facts: { unread: { not_attributed: 1 } } }],
  doors_forced: (ms, nth) => [
    nth % 2 === 0
      ? { ms, event: 'request.refused', code: 'channel.unproven', agent_id: null }
      : { ms, event: 'incident.refused', code: 'approval.unproven', agent_id: null },
  ],
};

const hits = (name: RuleName, count: number, startMs = 0, stepMs = 100): Seen[] =>
  Array.from({ length: count }, (_, nth) => HITS[name](startMs + nth * stepMs, nth)).flat();

describe.each(RULE_NAMES)('the rule %s', (name) => {
  const { moreThan, windowMs } = defaults()[name];

  it('fires at one more than its threshold and not below', () => {
    expect(found(hits(name, moreThan), name)).toEqual([]);
    const [finding, ...more] = found(hits(name, moreThan + 1), name);
    expect(more).toEqual([]);
    expect(finding?.count).toBe(moreThan + 1);
    expect(finding?.entries.length).toBeGreaterThan(0);
    expect(finding?.entries.length).toBeLessThanOrEqual(20);
  });

  it('does not add up what lies a window apart', () => {
    const step = windowMs / Math.max(1, moreThan);
    if (moreThan === 0) return;
    expect(found(hits(name, 3 * moreThan, 0, step), name)).toEqual([]);
  });

  it('fires once in an episode, and again in the next', () => {
    const long = hits(name, 5 * (moreThan + 1));
    expect(found(long, name)).toHaveLength(1);
    const last = long.at(-1)?.ms ?? 0;
    const again = hits(name, moreThan + 1, last + windowMs - 1);
    const next = hits(name, moreThan + 1, last + windowMs);
    expect(found([...long, ...next], name)).toHaveLength(2);
    // The one before was hot until its last entry: this begins within its window.
    if (moreThan === 0) expect(found([...long, ...again], name)).toHaveLength(1);
  });

  it('takes another threshold, and is about one agent where it says so', () => {
    const of = settings({ [name]: { moreThan: 2, windowMs: 60_000, response: 'notify' } });
    expect(found(hits(name, 2), name, of)).toEqual([]);
    const [finding] = found(hits(name, 3), name, of);
    expect(finding).toMatchObject({
      agentId: RULES[name].per === 'agent' ? AGENTS[0] : null,
      personId: RULES[name].per === 'person' ? 'per_1' : null,
    });
    if (RULES[name].per !== 'agent') return;
    const others = hits(name, 4).map((seen, nth) => ({ ...seen, agent_id: AGENTS[nth % 2]! }));
    expect(found(others, name, of)).toEqual([]);
    const own = hits(name, 9).map((seen) => ({ ...seen, agent_id: OWN }));
    expect(found(own, name, of)).toEqual([]);
  });
});

describe('an unexpected 401', () => {
  const unauthorized = (ms: number, facts: Record<string, unknown>): Seen => ({
    ...{ ms, event: 'hubspot.answered', code: 'hubspot.unauthorized', agent_id: null, facts },
  });

  it.each(['incident', 'connect'])('is none when its purpose is %s', (purpose) => {
    expect(found([unauthorized(0, { purpose })], 'hubspot_unauthorized')).toEqual([]);
  });

  it('is none of a call that was under way while its key was replaced', () => {
    const activated = { ms: 0, event: 'credential.activated', facts: { version: 3 } };
    const late = unauthorized(500, { purpose: 'read', credential_version: 2 });
    const now = unauthorized(500, { purpose: 'read', credential_version: 3 });
    expect(found([activated, late], 'hubspot_unauthorized')).toEqual([]);
    expect(found([activated, now], 'hubspot_unauthorized')).toHaveLength(1);
  });
});

describe('refusals', () => {
  it('count those that the edge only counted', () => {
    const counted = { event: 'request.refused', code: 'request.malformed' } as const;
    const seen = [{ ...counted, ms: 0, facts: { suppressed_before: 20 } }];
    expect(found(seen, 'refusals')).toMatchObject([{ count: 21 }]);
    expect(found([{ ...counted, ms: 0, facts: { suppressed_before: 19 } }], 'refusals')).toEqual(
      [],
    );
  });

  it.each(['freeze.active', 'rate.limited', 'hubspot.rate_limited', 'engine.unavailable'])(
    'are not about who meets with %s',
    (code) => {
      const seen = hits('refusals', 100).map((one) => ({ ...one, code }));
      expect(found(seen, 'refusals')).toEqual([]);
    },
  );
});

describe('approvals', () => {
  it('are hasty right after another one too, and not after the time it takes to read', () => {
    const granted = (ms: number, nth: number): Seen => ({
      ...{ ms, event: 'approval.granted', actor: 'person:per_1', request_id: `act_${nth}` },
    });
    const series = (stepMs: number) => [0, 1, 2, 3, 4, 5].map((nth) => granted(nth * stepMs, nth));
    expect(found(series(2_000), 'hasty_approvals')).toHaveLength(1);
    expect(found(series(3_000), 'hasty_approvals')).toEqual([]);
  });

  const decided = (ms: number, nth: number, tookMs: number, event: string): Seen[] => [
    { ms: ms - tookMs, event: 'approval.seen', actor: 'person:per_1', request_id: `act_${nth}` },
    { ms, event, actor: 'person:per_1', request_id: `act_${nth}` },
  ];
  /** Twenty decisions, two minutes apart: so many of them in two seconds, so many a no. */
  const habit = (hasty: number, rejected: number): Seen[] =>
    Array.from({ length: 20 }, (_, nth) => {
      const event = nth < rejected ? 'approval.rejected' : 'approval.granted';
      return decided(nth * 120_000 + 60_000, nth, 19 - nth < hasty ? 2_000 : 20_000, event);
    }).flat();

  it('are a habit when nearly all of them are a yes, and more than half of them were not read', () => {
    expect(found(habit(11, 0), 'rubber_stamping')).toMatchObject([
      { personId: 'per_1', count: 11 },
    ]);
    // It names each that was not read, and not the last alone.
    const [alert] = found(habit(11, 0), 'rubber_stamping');
    expect([alert?.entries.length, new Set(alert?.requests).size]).toEqual([11, 11]);
    expect(found(habit(11, 1), 'rubber_stamping')).toHaveLength(1);
    expect(found(habit(10, 0), 'rubber_stamping')).toEqual([]);
    expect(found(habit(18, 2), 'rubber_stamping')).toEqual([]);
    expect(found(habit(0, 0), 'rubber_stamping')).toEqual([]);
  });

  const together = (ms: number, group: string, size: number): Seen[] =>
    Array.from({ length: size }, (_, nth) => ({
      ...{ ms, event: 'approval.granted', actor: 'person:per_1' },
      request_id: `act_${group}_${nth}`,
      facts: { proof: 'passkey', group, group_size: size },
    }));

  it('of a group are one decision, however many it has', () => {
    expect(found(together(0, 'grp_1', 25), 'hasty_approvals')).toEqual([]);
    const groups = (count: number, stepMs: number): Seen[] =>
      Array.from({ length: count }, (_, nth) => together(nth * stepMs, `grp_${nth}`, 5)).flat();
    // Three of each are to be looked at one by one.
    expect(found(groups(6, 9_000), 'hasty_approvals')).toEqual([]);
    expect(found(groups(6, 8_000), 'hasty_approvals')).toHaveLength(1);
    expect(found(groups(3, 8_000), 'hasty_approvals')).toEqual([]);
    expect(found(groups(13, 8_000), 'rubber_stamping')).toHaveLength(1);
  });

  it('that were allowed ahead are nobody’s habit', () => {
    const ahead = habit(20, 0).map((one) => ({ ...one, facts: { proof: 'grant' } }));
    expect(found(ahead, 'rubber_stamping')).toEqual([]);
    const mixed = [...habit(11, 0), ...ahead];
    expect(found(mixed, 'rubber_stamping')).toHaveLength(1);
  });
});

describe('a decoy', () => {
  const entry = (over: object) => ({
    ...{ v: 1 as const, index: 4, timestamp: new Date(START).toISOString(), actor: 'gateway' },
    ...{ event: 'request.completed' as const, request_id: 'act_1', agent_id: AGENTS[0] },
    ...{ code: null, digest: null, hubspot_endpoint: null, response_status: null },
    ...{ facts: {}, personal: null, ...over },
  });
  const isFound = (over: object, clear: unknown) =>
    detect(initialDetection(), observedOf(entry(over), clear), settings()).findings.some(
      ({ rule }) => rule === 'decoy_touched',
    );

  it.each<[string, object, unknown]>([
    ['a path', { hubspot_endpoint: '/crm/objects/2026-09/contacts/66601' }, null],
    [
      'the far end of an association',
      {
        hubspot_endpoint: '/crm/objects/2026-09/deals/9/associations/default/contacts/66601',
      },
      null,
    ],
    ['what was asked', {}, { structured_action: { action: 'get_contact', contact_id: '66601' } }],
    ['a step', {}, { structured_action: { steps: [{ contact_id: '66601', note: 'x' }] } }],
    ['an answer', {}, { result: { contact: { id: '66601', email: 'a@b.test' } } }],
    ['a list', {}, { result: { contacts: [{ id: '1' }, { id: '66601' }], total: 2 } }],
    ['a card', {}, { card: { seen: [{ object_type: 'contacts', id: '66601' }] } }],
    ['a record of no said kind', {}, { result: { found: { id: '66601' } } }],
  ])('is found in %s', (_where, over, clear) => {
    expect(isFound(over, clear)).toBe(true);
  });

  it.each<[string, object, unknown]>([
    ['another kind', { hubspot_endpoint: '/crm/objects/2026-09/companies/66601' }, null],
    ['a longer id', { hubspot_endpoint: '/crm/objects/2026-09/contacts/666010' }, null],
    ['a text', {}, { agent_prompt: 'contacts/66601', structured_action: { note: '66601' } }],
    ['a deal of that id', {}, { result: { deals: [{ id: '66601' }] } }],
    ['nothing', {}, null],
  ])('is not found in %s', (_where, over, clear) => {
    expect(isFound(over, clear)).toBe(false);
  });
});

describe('a person who lifts what a rule has done', () => {
  const lifted = (ms: number, target: string): Seen => ({
    ...{ ms, event: 'freeze.lifted', agent_id: null, facts: { target } },
  });
  const again = (name: RuleName, target: string) =>
    found([...hits(name, 1), lifted(1_000, target), ...hits(name, 2, 2_000)], name);

  it('meets with the same again at its next sign', () => {
    expect(again('hubspot_unauthorized', 'connection:main')).toMatchObject([
      { index: 0, liftedAt: null },
      { index: 2, liftedAt: 1 },
    ]);
    expect(again('decoy_touched', `agent:${AGENTS[0]}`)).toHaveLength(2);
  });

  it('changes nothing of what is about others, or did nothing', () => {
    expect(again('decoy_touched', `agent:${AGENTS[1]}`)).toHaveLength(1);
    expect(again('decoy_touched', 'connection:main')).toHaveLength(1);
    expect(again('hubspot_unauthorized', `agent:${AGENTS[0]}`)).toHaveLength(1);
    expect(again('hubspot_error', 'connection:main')).toHaveLength(1);
  });
});

/** Something of everything, in bursts and with pauses, by a seed. */
function randomLog(random: SeededRandom, length: number): Observed[] {
  let ms = 0;
  let name: RuleName = 'refusals';
  const seen: Seen[] = [];
  while (seen.length < length) {
    ms += random.chance(0.03) ? random.below(90_000) : random.below(800);
    if (random.chance(0.1)) name = random.pick(RULE_NAMES);
    const of = HITS[name](ms, random.below(12));
    const agent = random.pick(AGENTS);
    seen.push(...of.map((one) => (one.agent_id === null ? one : { ...one, agent_id: agent })));
    if (random.chance(0.02)) {
      const target = random.pick(['connection:main', `agent:${agent}`]);
      seen.push({ ms, event: 'freeze.lifted', agent_id: null, facts: { target } });
    }
    ms = seen.at(-1)?.ms ?? ms;
  }
  return seen.map(observed);
}

describe('evaluation', () => {
  const quick = settings(
    Object.fromEntries(
      RULE_NAMES.map((name, nth): [RuleName, RuleSetting] => [
        name,
        {
          ...{ moreThan: nth % 4, windowMs: 2_000 + 3_000 * (nth % 5) },
          response: RULES[name].per === 'agent' ? 'freeze_agent' : 'open_incident',
        },
      ]),
    ),
  );

  it('gives the same episodes in pieces and over restarts anywhere as in one go', () => {
    let restarts = 0;
    let episodes = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = createSeededRandom(seed);
      const log = randomLog(random, 600);
      const whole = run(log, quick).findings;
      episodes += whole.length;
      const pieces: Finding[] = [];
      let state = initialDetection();
      for (let at = 0; at < log.length;) {
        const end = Math.min(log.length, at + 1 + random.below(60));
        const piece = run(log.slice(at, end), quick, state);
        pieces.push(...piece.findings);
        ({ state } = piece);
        at = end;
        if (!random.chance(0.3)) continue;
        restarts += 1;
        const since = Date.parse(log[at - 1]!.timestamp) - rememberedMs(quick);
        const recent = log.slice(0, at).filter(({ timestamp }) => Date.parse(timestamp) >= since);
        ({ state } = run(recent, quick));
      }
      expect(pieces, `seed ${seed}`).toEqual(whole);
    }
    console.info(`detection: ${episodes} episodes of 60 seeds, the same over ${restarts} restarts`);
    expect(restarts).toBeGreaterThan(300);
    expect(episodes).toBeGreaterThan(1_000);
  });

  it('remembers no more than makes each rule hot', () => {
    const { state } = run(hits('contact_reads', 5_000, 0, 10).map(observed), settings());
    const counted = [...state.tracks.values()].map((track) => track.counted.length);
    expect(Math.max(...counted)).toBe(101);
  });
});

describe('a setting of a rule', () => {
  it.each([
    ['contact_reads', '100 in 60s: slow'],
    ['contact_reads', '0 in 3600s: freeze_agent'],
    ['hubspot_error', '3 in 600s: open_incident'],
  ] as const)('%s may be %s', (name, text) => {
    expect(parseRuleSetting(name, text)).toBeDefined();
  });

  it.each([
    ['contact_reads', '100 in 60s'],
    ['contact_reads', '100 in 0s: slow'],
    ['contact_reads', '100 in 3601s: slow'],
    ['contact_reads', '-1 in 60s: slow'],
    ['contact_reads', '1 in 60s: shout'],
    // There is no agent to be slowed down or frozen.
    ['hubspot_error', '0 in 600s: slow'],
    ['hasty_approvals', '0 in 600s: freeze_agent'],
  ] as const)('%s may not be %s', (name, text) => {
    expect(parseRuleSetting(name, text)).toBeUndefined();
  });
});
