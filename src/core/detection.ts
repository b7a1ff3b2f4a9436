import {
  type AlertResponse,
  isAllowedAhead,
  isOfGroupBefore,
  type Known,
  type Named,
  openedKey,
  RULE_NAMES,
  type RuleContext,
  type RuleName,
  ruleOf,
  type RuleSetting,
  type TakenAt,
  tookAtMost,
} from './detection-rules.ts';
import { isHasty } from './habits.ts';
import type { Observed } from './observed.ts';

export interface DetectionSettings {
  readonly rules: Readonly<Record<RuleName, RuleSetting>>;
  readonly decoys: ReadonlySet<string>;
  /** The gateway's own agent, which takes back what an incident found: no rule is about it. */
  readonly ownAgentId: string;
}

/** An episode begins: told once, whatever else the rule sees before it was quiet for a whole window. */
export interface Finding {
  readonly rule: RuleName;
  readonly agentId: string | null;
  readonly personId: string | null;
  /** What counted in the window, with the entry that made it too many. */
  readonly count: number;
  /** The newest of the entries that caused it, and their requests. */
  readonly entries: readonly number[];
  readonly requests: readonly string[];
  /** Time and place of the entry that made it too many. */
  readonly at: Date;
  readonly index: number;
  /** Where a person lifted, within this window, what the rule had done before: this is another episode. */
  readonly liftedAt: number | null;
}

export const FINDING_LIMITS = { entriesMax: 20 } as const;

interface Counted extends Named {
  readonly at: number;
  readonly weight: number;
  readonly what: string | undefined;
  readonly named: readonly Named[] | undefined;
}

/** What one rule has counted of one agent, of one person, or of all. */
interface Track {
  /** Oldest first; never more than make the rule hot. */
  readonly counted: readonly Counted[];
  /** When it was last hot. */
  readonly hotAt: number | undefined;
}

const NEW_TRACK: Track = { counted: [], hotAt: undefined };

/**
 * What the rules remember. It follows from the entries of the last two windows alone, so whoever reads
 * those knows as much as one who has read all.
 */
export interface DetectionState {
  readonly tracks: ReadonlyMap<string, Track>;
  readonly known: Known;
}

export const initialDetection = (): DetectionState => ({
  tracks: new Map(),
  known: {
    ...{ asked: new Map(), opened: new Map(), decided: new Map(), taken: new Map() },
    ...{ lifted: new Map(), version: 0 },
  },
});

/** A clock that was set back makes entries of the future: they are no nearer than those of the past. */
const isWithin = (a: number, b: number, windowMs: number): boolean => Math.abs(a - b) < windowMs;

/** The newest that are enough to be too many: what is older changes nothing any more. */
function newestOf(counted: readonly Counted[], moreThan: number): readonly Counted[] {
  let sum = 0;
  let from = counted.length;
  while (from > 0 && sum <= moreThan) {
    from -= 1;
    sum += counted[from]?.weight ?? 0;
  }
  return from === 0 ? counted : counted.slice(from);
}

function counting(track: Track, hit: Counted, { moreThan, windowMs }: RuleSetting): Track {
  const recent = track.counted.filter(
    ({ at, what }) =>
      isWithin(at, hit.at, windowMs) && (hit.what === undefined || what !== hit.what),
  );
  return { ...track, counted: newestOf([...recent, hit], moreThan) };
}

const sumOf = (counted: readonly Counted[]): number =>
  counted.reduce((sum, { weight }) => sum + weight, 0);

const AGENT = 'agent:';

/** What a rule does that lifting a freeze of this target undoes. */
const responseLifted = (target: string): AlertResponse =>
  target.startsWith(AGENT) ? 'freeze_agent' : 'open_incident';

interface Subject {
  readonly agentId: string | null;
  readonly personId: string | null;
}

const PERSON = 'person:';

/** Of whom the rule would tell by this entry; undefined: of nobody. */
function subjectOf(
  name: RuleName,
  { agent_id: agentId, actor }: Observed,
  { ownAgentId }: DetectionSettings,
): Subject | undefined {
  switch (ruleOf(name).per) {
    case 'all':
      return { agentId: null, personId: null };
    case 'person':
      return actor.startsWith(PERSON)
        ? { agentId: null, personId: actor.slice(PERSON.length) }
        : undefined;
    case 'agent':
      return agentId === null || agentId === ownAgentId ? undefined : { agentId, personId: null };
  }
}

/** Where a person lifted what the rule does, lately. */
function liftedAt(
  rule: RuleName,
  { agentId }: Subject,
  { context: { known, at }, settings }: Looked,
): number | null {
  const { response, windowMs } = settings.rules[rule];
  const lifts = [...known.lifted].flatMap(([target, lift]) =>
    responseLifted(target) === response &&
    (response === 'open_incident' || target === `${AGENT}${agentId ?? ''}`) &&
    isWithin(lift.at, at, windowMs)
      ? [lift.index]
      : [],
  );
  return lifts.length === 0 ? null : Math.max(...lifts);
}

function findingOf(
  rule: RuleName,
  subject: Subject,
  counted: readonly Counted[],
  looked: Looked,
): Finding {
  const { index, timestamp } = looked.seen;
  const all = counted.flatMap((one): readonly Named[] => one.named ?? [one]);
  const named = all.slice(-FINDING_LIMITS.entriesMax);
  const requests = named.flatMap(({ requestId }) => (requestId === null ? [] : [requestId]));
  return {
    ...{ rule, ...subject, count: sumOf(counted), index, at: new Date(timestamp) },
    entries: [...new Set(named.map((one) => one.index))],
    requests: [...new Set(requests)],
    liftedAt: liftedAt(rule, subject, looked),
  };
}

const trackKey = (name: RuleName, who: string | null): string => `${name} ${who ?? ''}`;

/** What one rule makes of one entry. */
interface Applied {
  readonly key: string;
  readonly track: Track;
  /** When an episode begins. */
  readonly finding: Finding | undefined;
}

function applyRule(
  name: RuleName,
  tracks: ReadonlyMap<string, Track>,
  { seen, context, settings }: Looked,
): Applied | undefined {
  const subject = subjectOf(name, seen, settings);
  if (subject === undefined) return undefined;
  const hits = ruleOf(name).hits(seen, context);
  if (hits.length === 0) return undefined;
  const setting = settings.rules[name];
  const key = trackKey(name, subject.agentId ?? subject.personId);
  let track = tracks.get(key) ?? NEW_TRACK;
  for (const { weight, what, named } of hits) {
    const { index, request_id: requestId } = seen;
    track = counting(track, { at: context.at, index, requestId, weight, what, named }, setting);
  }
  const { counted, hotAt } = track;
  if (sumOf(counted) <= setting.moreThan) return { key, track, finding: undefined };
  const goesOn = hotAt !== undefined && isWithin(hotAt, context.at, setting.windowMs);
  const looked = { seen, context, settings };
  const finding = goesOn ? undefined : findingOf(name, subject, counted, looked);
  return { key, track: { counted, hotAt: context.at }, finding };
}

interface Looked {
  readonly seen: Observed;
  readonly context: RuleContext;
  readonly settings: DetectionSettings;
}

/** A person's own, as it comes: the gateway approves what they have allowed ahead. */
const isDecision = ({ event, facts }: Observed): boolean =>
  (event === 'approval.granted' || event === 'approval.rejected') && !isAllowedAhead(facts);

/** What this person has decided within the window, this entry included; of a group the first counts. */
function takenBy(
  known: Known,
  seen: Observed,
  at: number,
  { rules }: DetectionSettings,
): readonly TakenAt[] {
  const { windowMs } = rules.rubber_stamping;
  const before = (known.taken.get(seen.actor) ?? []).filter((one) =>
    isWithin(one.at, at, windowMs),
  );
  if (!isDecision(seen) || isOfGroupBefore(seen, known)) return before;
  const isApproved = seen.event === 'approval.granted';
  const { index, request_id: requestId } = seen;
  return [...before, { at, index, requestId, isApproved, tookMs: tookAtMost(seen, known, at) }];
}

/** Those that something could still be hasty after. */
const lately = (known: ReadonlyMap<string, number>, at: number): Map<string, number> =>
  new Map([...known].filter(([, ms]) => isHasty(at - ms)));

/** What later entries are held against. `taken`: what whoever did this has decided by now. */
function knowing(known: Known, seen: Observed, at: number, taken: readonly TakenAt[]): Known {
  const { event, request_id: requestId, actor, facts } = seen;
  if (event === 'approval.requested' && requestId !== null)
    return { ...known, asked: lately(known.asked, at).set(requestId, at) };
  if (event === 'approval.seen')
    return { ...known, opened: lately(known.opened, at).set(openedKey(actor, requestId), at) };
  if (isDecision(seen)) {
    const decided = new Map(known.decided).set(actor, { at, group: facts['group'] });
    return { ...known, decided, taken: new Map(known.taken).set(actor, taken) };
  }
  const target = liftedIn(seen);
  if (target !== undefined)
    return { ...known, lifted: new Map(known.lifted).set(target, { at, index: seen.index }) };
  const { version } = facts;
  if (event === 'credential.activated' && typeof version === 'number')
    return { ...known, version: Math.max(known.version, version) };
  return known;
}

/** The target of a freeze that was lifted, if this entry says so. */
const liftedIn = ({ event, facts }: Observed): string | undefined =>
  event === 'freeze.lifted' && typeof facts['target'] === 'string' ? facts['target'] : undefined;

/**
 * A person has lifted what a rule had done. Whatever is seen from now on is new to them, and must stop
 * again what it stopped before: the rule begins anew.
 */
function withoutLifted(
  tracks: ReadonlyMap<string, Track>,
  target: string,
  { rules }: DetectionSettings,
): ReadonlyMap<string, Track> {
  const response = responseLifted(target);
  const agentId = target.slice(AGENT.length);
  const isLifted = (name: RuleName, key: string): boolean =>
    rules[name].response === response &&
    (response === 'open_incident' ? key.startsWith(`${name} `) : key === trackKey(name, agentId));
  return new Map([...tracks].filter(([key]) => !RULE_NAMES.some((name) => isLifted(name, key))));
}

/** Pure: the state after this entry, and the episodes that begin with it. */
export function detect(
  { tracks, known }: DetectionState,
  seen: Observed,
  settings: DetectionSettings,
): { readonly state: DetectionState; readonly findings: readonly Finding[] } {
  const at = Date.parse(seen.timestamp);
  const taken = takenBy(known, seen, at, settings);
  const context: RuleContext = { known, taken, at, decoys: settings.decoys };
  const applied = RULE_NAMES.flatMap(
    (name) => applyRule(name, tracks, { seen, context, settings }) ?? [],
  );
  const changed = applied.map(({ key, track }) => [key, track] as const);
  const counted = changed.length === 0 ? tracks : new Map([...tracks, ...changed]);
  const target = liftedIn(seen);
  return {
    state: {
      tracks: target === undefined ? counted : withoutLifted(counted, target, settings),
      known: knowing(known, seen, at, taken),
    },
    findings: applied.flatMap(({ finding }) => finding ?? []),
  };
}

/** Calls under way, and what was asked or decided right before the oldest entry that still counts. */
const REMEMBERED_MARGIN_MS = 60_000;

/** How far back entries must be read to know what one who has read all knows. */
export const rememberedMs = ({ rules }: DetectionSettings): number =>
  2 * Math.max(...RULE_NAMES.map((name) => rules[name].windowMs)) + REMEMBERED_MARGIN_MS;
