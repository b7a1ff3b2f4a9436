import { habitOf, isHasty, isRubberStamp, perCard, type Taken } from './habits.ts';
import type { Observed } from './observed.ts';

/**
 * What is looked for in the log, as data: when a rule tells, of whom, and what is done then. A rule is
 * hot while more than so many of its entries fall into its window; it tells once, when it becomes hot
 * after a whole window in which it was not.
 */
export const RESPONSES = {
  notify: 'People are told.',
  slow: 'People are told, and the agent is slowed down for as long as the window is.',
  freeze_agent: 'People are told, and the agent is frozen until a person lifts it.',
  open_incident: 'People are told, and an incident is opened: its connection is frozen.',
} as const satisfies Record<string, string>;
export type AlertResponse = keyof typeof RESPONSES;

export interface RuleSetting {
  readonly moreThan: number;
  readonly windowMs: number;
  readonly response: AlertResponse;
}

/** Of whom a rule tells: each agent or person alone, or all together. */
export type RuleScope = 'agent' | 'person' | 'all';

/** What the rules remember beside their counts. */
export interface Known {
  /** When requests came before people, lately, ms. */
  readonly asked: ReadonlyMap<string, number>;
  /** When a person opened a card, lately, ms: by `openedKey`. */
  readonly opened: ReadonlyMap<string, number>;
  /** When a person last decided, ms. */
  readonly decided: ReadonlyMap<string, { readonly at: number; readonly group: unknown }>;
  /** What each person has decided within the window of the rule that is about it. */
  readonly taken: ReadonlyMap<string, readonly TakenAt[]>;
  /** When and where a freeze of a target, as `agent:…` or `connection:…`, was lifted last. */
  readonly lifted: ReadonlyMap<string, { readonly at: number; readonly index: number }>;
  /** The newest credential version that was put in use; 0 while none was seen. */
  readonly version: number;
}

/** An entry of the log, and the request that it is about. */
export interface Named {
  readonly index: number;
  readonly requestId: string | null;
}

export interface TakenAt extends Taken, Named {
  readonly at: number;
}

export interface RuleContext {
  readonly known: Known;
  /** What whoever did this has decided lately, this included. */
  readonly taken: readonly TakenAt[];
  readonly at: number;
  /** Records that no honest agent reads, as `contacts/20001`. */
  readonly decoys: ReadonlySet<string>;
}

/** One entry counts as `weight`; of several with the same `what`, where that is said, one counts. */
export interface Hit {
  readonly weight: number;
  readonly what?: string;
  /** The entries that it counts, where they are others than the one that is looked at. */
  readonly named?: readonly Named[];
}

export interface Rule {
  /** What people read. */
  readonly title: string;
  readonly per: RuleScope;
  /** As in the setting: `100 in 60s: slow`. */
  readonly default: string;
  readonly hits: (seen: Observed, context: RuleContext) => readonly Hit[];
}

const ONE: readonly Hit[] = [{ weight: 1 }];
const NONE: readonly Hit[] = [];
const onceIf = (is: boolean): readonly Hit[] => (is ? ONE : NONE);

const isContactRead = ({ event, facts, hubspot_endpoint: path }: Observed): boolean =>
  event === 'hubspot.intended' &&
  facts['purpose'] === 'read' &&
  /^\/crm\/objects\/[^/]+\/contacts(?:\/|$)/.test(path ?? '');

/** An incident tries a dead key on purpose, and connecting tries a new one. */
const EXPECTS_401 = new Set<unknown>(['incident', 'connect']);

/** Refused for what was asked, and not for how the gateway or HubSpot is at the moment. */
const IS_ASKERS_FAULT = /^(?:policy|prompt|action|request|idempotency)\./;

/** At the edge the refusals of a minute are one entry, with how many went before it. */
const refusalsIn = ({ facts }: Observed): number =>
  1 + (typeof facts['suppressed_before'] === 'number' ? facts['suppressed_before'] : 0);

const isUnexpected401 = ({ event, code, facts }: Observed, { known }: RuleContext): boolean =>
  event === 'hubspot.answered' &&
  code === 'hubspot.unauthorized' &&
  !EXPECTS_401.has(facts['purpose']) &&
  // A call that was under way while its key was replaced.
  !(typeof facts['credential_version'] === 'number' && facts['credential_version'] < known.version);

/** The gateway approves what a person has allowed ahead: nobody's haste. */
export const isAllowedAhead = (facts: Observed['facts']): boolean => facts['proof'] === 'grant';

/** What was decided together is one decision, and comes in one moment. */
export const isOfGroupBefore = ({ actor, facts }: Observed, { decided }: Known): boolean =>
  facts['group'] !== undefined && decided.get(actor)?.group === facts['group'];

export const openedKey = (actor: string, requestId: string | null): string =>
  `${actor} ${requestId ?? ''}`;

/**
 * How long a decision took at most, ms: since it was asked for, its card was opened, or the decision before. Of a group
 * for each card that was to be looked at.
 */
export function tookAtMost(seen: Observed, known: Known, at: number): number {
  const { actor, request_id: requestId } = seen;
  const since = [
    known.asked.get(requestId ?? ''),
    known.opened.get(openedKey(actor, requestId)),
    isOfGroupBefore(seen, known) ? undefined : known.decided.get(actor)?.at,
  ];
  const took = Math.min(...since.map((ms) => (ms === undefined ? Infinity : Math.abs(at - ms))));
  return perCard(took, seen.facts['group_size']);
}

const isHastyApproval = (seen: Observed, { known, at }: RuleContext): boolean =>
  seen.event === 'approval.granted' &&
  !isAllowedAhead(seen.facts) &&
  isHasty(tookAtMost(seen, known, at));

/** As many as were hasty, once the whole is a habit; a newer count takes the place of an older one. */
function habitHits({ event, facts }: Observed, { taken }: RuleContext): readonly Hit[] {
  const isYes = event === 'approval.granted' && !isAllowedAhead(facts);
  const habit = isYes ? habitOf(taken) : undefined;
  // Of how many it is a habit says the setting.
  if (habit === undefined || !isRubberStamp(habit, 1)) return NONE;
  const hasty = taken.filter(({ tookMs }) => isHasty(tookMs));
  return [{ weight: hasty.length, what: 'habit', named: hasty }];
}

const hastyHits = (seen: Observed, context: RuleContext): readonly Hit[] => {
  if (!isHastyApproval(seen, context)) return NONE;
  const { group } = seen.facts;
  return typeof group === 'string' ? [{ weight: 1, what: group }] : ONE;
};

const namesDecoy = ({ records }: Observed, { decoys }: RuleContext): boolean =>
  decoys.size > 0 &&
  records.some(
    (record) =>
      decoys.has(record) ||
      // The kind is not said: rather one alert too many.
      (record.startsWith('?/') && [...decoys].some((decoy) => decoy.endsWith(record.slice(1)))),
  );

/** A freeze stops it on purpose. What stands under another app's name may be ours, or a thief's. */
const isBlindSweep = ({ event, code, facts }: Observed): boolean => {
  if (event === 'radar.failed') return code !== 'freeze.active';
  const unread = facts['unread'];
  return (
    event === 'radar.swept' &&
    typeof unread === 'object' &&
    unread !== null &&
    'not_attributed' in unread &&
    Number(unread.not_attributed) > 0
  );
};

/** Who it was nobody knows: these are refused before they are anybody's. */
const DOOR =
  /^(?:(?:agent|person)\.unauthenticated|channel\.(?:unproven|replayed|unknown_sender)|passkey\.refused|invitation\.refused|approval\.unproven)$/;

const isForcedDoor = ({ event, code }: Observed): boolean =>
  /^(?:request|approval|incident)\.refused$/.test(event) && DOOR.test(code ?? '');

const TAMPERED = new Set(['store.tampered', 'notice.tampered', 'entry.damaged']);

const isRead = ({ event, facts }: Observed): boolean =>
  event === 'request.completed' || (event === 'request.accepted' && facts['risk'] === 'read');

const isWriteRisk = (risk: unknown): boolean => risk === 'write' || risk === 'destructive';

export const RULES = {
  hubspot_error: {
    title: 'HubSpot answered with an error of its own (5xx)',
    per: 'all',
    default: '0 in 600s: notify',
    hits: ({ event, response_status: status }) =>
      onceIf(/^hubspot\.(?:answered|lost)$/.test(event) && status !== null && status >= 500),
  },
  contact_reads: {
    title: 'One agent reads contacts faster than people work',
    per: 'agent',
    default: '100 in 60s: slow',
    hits: (seen) => onceIf(isContactRead(seen)),
  },
  contact_reads_all: {
    title: 'All agents together read contacts faster than people work',
    per: 'all',
    default: '100 in 60s: notify',
    hits: (seen) => onceIf(isContactRead(seen)),
  },
  companies_read: {
    title: 'One agent goes through one company after the other',
    per: 'agent',
    default: '30 in 300s: slow',
    hits: (seen) =>
      isRead(seen) ? seen.companies.map((company) => ({ weight: 1, what: company })) : NONE,
  },
  hubspot_unauthorized: {
    title: 'HubSpot refuses our key (401), and nobody here has replaced it',
    per: 'all',
    default: '0 in 600s: open_incident',
    hits: (seen, context) => onceIf(isUnexpected401(seen, context)),
  },
  refusals: {
    title: 'One agent is refused again and again',
    per: 'agent',
    default: '20 in 60s: slow',
    hits: (seen) =>
      seen.event === 'request.refused' && IS_ASKERS_FAULT.test(seen.code ?? '')
        ? [{ weight: refusalsIn(seen) }]
        : NONE,
  },
  denied_writes: {
    title: 'One agent tries writes that it is not granted',
    per: 'agent',
    default: '4 in 600s: slow',
    hits: ({ event, code, facts }) =>
      onceIf(event === 'request.refused' && code === 'policy.denied' && isWriteRisk(facts['risk'])),
  },
  hasty_approvals: {
    title: 'One person approves faster than a card can be read',
    per: 'person',
    default: '4 in 600s: notify',
    hits: hastyHits,
  },
  rubber_stamping: {
    title: 'One person approves nearly everything, mostly faster than a card can be read',
    per: 'person',
    default: '10 in 3600s: notify',
    hits: habitHits,
  },
  decoy_touched: {
    title: 'An agent came upon a record that no honest agent reads',
    per: 'agent',
    default: '0 in 600s: freeze_agent',
    hits: (seen, context) => onceIf(namesDecoy(seen, context)),
  },
  log_behind: {
    title: 'The log is not published any more: nobody outside can see what is written in it',
    per: 'all',
    default: '1 in 60s: notify',
    hits: ({ event }) => onceIf(event === 'publication.late'),
  },
  store_tampered: {
    title: 'Something in the store is not what this gateway wrote',
    per: 'all',
    default: '0 in 600s: notify',
    hits: ({ event }) => onceIf(TAMPERED.has(event)),
  },
  radar_found: {
    title: 'HubSpot has a change under our key that this gateway did not make',
    per: 'all',
    default: '0 in 600s: open_incident',
    // What an incident has found itself is in its hands already.
    hits: ({ event, facts }) => onceIf(event === 'radar.found' && facts['incident'] === undefined),
  },
  radar_blind: {
    title: 'The radar cannot tell what is done with our key',
    per: 'all',
    default: '2 in 3600s: notify',
    hits: (seen) => onceIf(isBlindSweep(seen)),
  },
  doors_forced: {
    title: 'Somebody tries keys, codes, links or signatures that are not theirs',
    per: 'all',
    default: '20 in 300s: notify',
    hits: (seen) => (isForcedDoor(seen) ? [{ weight: refusalsIn(seen) }] : NONE),
  },
} as const satisfies Record<string, Rule>;
export type RuleName = keyof typeof RULES;

export const RULE_NAMES = Object.keys(RULES) as RuleName[];

export const ruleOf = (name: RuleName): Rule => RULES[name];

/** What an alert may be about: a rule, or that too many entries came while no worker ran to look at them all. */
export type AlertRule = RuleName | 'entries_unlooked';
export const ALERT_RULES: readonly AlertRule[] = [...RULE_NAMES, 'entries_unlooked'];

export const alertTitle = (rule: AlertRule): string =>
  rule === 'entries_unlooked'
    ? 'Entries of the log were passed over by the rules: too many had come while no worker ran'
    : RULES[rule].title;

const SETTING = /^(\d{1,7}) in (\d{1,4})s: ([a-z_]+)$/;

/** Of each rule's window: what is remembered over a restart is twice as long. */
export const WINDOW_MAX_MS = 3_600_000;

const isResponse = (text: string): text is AlertResponse => Object.hasOwn(RESPONSES, text);

/** What is done to an agent needs a rule that tells which. */
const isPossible = (response: AlertResponse, per: RuleScope): boolean =>
  per === 'agent' || response === 'notify' || response === 'open_incident';

/** `100 in 60s: slow` is: more than 100 in 60 seconds. Undefined for what cannot be. */
export function parseRuleSetting(name: RuleName, text: string): RuleSetting | undefined {
  const [, moreThan, seconds, response = ''] = SETTING.exec(text) ?? [];
  const windowMs = Number(seconds) * 1000;
  if (!(windowMs > 0 && windowMs <= WINDOW_MAX_MS) || !isResponse(response)) return undefined;
  if (!isPossible(response, RULES[name].per)) return undefined;
  return { moreThan: Number(moreThan), windowMs, response };
}
