/** Where people are told. */
export const CHANNELS = ['slack', 'webhook', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What people are told of a request. */
export const REQUEST_KINDS = {
  asked: 'It waits for people.',
  reminded: 'It still waits, and its time runs out.',
  decided: 'A person approved or rejected.',
  expired: 'Nobody decided in time, or what was approved could not begin in time.',
  withdrawn: 'The agent took it back.',
  changed: 'A person changed it: another request takes its place.',
  stale: 'The record changed after it was shown.',
  settled: 'It was carried out, or ended without.',
} as const satisfies Record<string, string>;
export type RequestKind = keyof typeof REQUEST_KINDS;

/** What people are told of an alert or an incident: no budget holds it back, and it goes ahead of every request. */
export const ALARM_KINDS = {
  alerted: 'A rule of detection saw an episode begin.',
  incident_opened: 'An incident was opened: its connection is frozen.',
  incident_step: 'The incident waits for something that only a person can do.',
  incident_reminded: 'It still waits for it.',
  incident_closed: 'A second person let it go on.',
} as const satisfies Record<string, string>;
export type AlarmKind = keyof typeof ALARM_KINDS;

export const NOTICE_KINDS = { ...REQUEST_KINDS, ...ALARM_KINDS };
export type NoticeKind = RequestKind | AlarmKind;

/** A courier carries one of the two, so that a channel that hangs over requests holds up no alarm. */
export type Cargo = 'requests' | 'alarms';

export const ALARM_NAMES = Object.keys(ALARM_KINDS) as readonly AlarmKind[];

export const isAlarm = (notice: NoticeRecord): notice is AlarmNotice =>
  Object.hasOwn(ALARM_KINDS, notice.kind);

/** An alert is known by its entry in the log. */
export const alertSubject = (index: number): string => `alt_${index}`;

/** The entry of the log that an alert is; undefined for another subject. */
export function alertIndexOf(subject: string): number | undefined {
  const [, index] = /^alt_(\d{1,15})$/.exec(subject) ?? [];
  return index === undefined ? undefined : Number(index);
}

/** Due until it was sent, until nobody tries any longer, or until it would say what is no longer so. */
export const NOTICE_STATES = ['due', 'sent', 'dead', 'moot'] as const;
export type NoticeState = (typeof NOTICE_STATES)[number];

export const NOTICE_LIMITS = {
  /** A courier that has not said by then what became of a notice is taken for dead. */
  leaseMs: 60_000,
  retryFirstMs: 1_000,
  retryMaxMs: 600_000,
  /** Tried for so long, then kept for a person to send again. */
  triedMaxMs: 86_400_000,
  errorMaxChars: 200,
} as const;

/** When people are reminded, as shares of the time between being asked and the deadline; the last one first. */
export const REMINDERS = [
  { occasion: 'nine_tenths', share: 0.9 },
  { occasion: 'half', share: 0.5 },
] as const;
export type Reminder = (typeof REMINDERS)[number];

/** When others are asked as well, should nobody have decided: their first notice, in a place of theirs. */
export const ESCALATION = { occasion: 'escalated', share: 0.75 } as const;

/** From when on this reminder is owed, ms since 1970. */
export const reminderDueMs = (
  { share }: { readonly share: number },
  askedMs: number,
  deadlineMs: number,
): number => askedMs + (deadlineMs - askedMs) * share;

/**
 * How a prompt stands to its place's budget. `held`: it waits for a free slot. `alone`: it took a slot. `lead`: it
 * took one for itself and others, which `follow` it and are told within it.
 */
export interface Prompting {
  readonly kind: 'held' | 'alone' | 'lead' | 'follows';
  /** Since when. */
  readonly at: Date;
  /** Which notice it follows. */
  readonly lead: string | null;
}

/** What asks people to decide. Systems are told of each thing, and are nobody whom it tires. */
export const isPrompt = ({ kind, channel }: Pick<NoticeRecord, 'kind' | 'channel'>): boolean =>
  channel !== 'webhook' && (kind === 'asked' || kind === 'reminded');

export const PROMPT_HOUR_MS = 3_600_000;

/** So far back is counted how often somebody was asked lately: a night's rest begins it anew. */
export const PROMPT_BUSY_MS = 12 * PROMPT_HOUR_MS;

/** As shares of what an hour may bring: from how many lately on a place is busy, and what is left to its hours then. */
const BUSY = { from: 1.5, left: 0.25 } as const;

/** How many prompts an hour may bring to a place that has had so many lately: the more, the fewer. */
export const promptsInHour = (perHour: number, lately: number): number =>
  lately < BUSY.from * perHour ? perHour : Math.max(1, Math.floor(BUSY.left * perHour));

/** One telling: of one subject, one event, one place. */
interface NoticeOf<Kind extends NoticeKind> {
  /** `ntc_…`; the receivers' means to tell a repeat from a new one. */
  readonly id: string;
  /** What it is about: `act_…`, `inc_…`, or `alt_` and the index of the alert's entry in the log. */
  readonly subject: string;
  readonly channel: Channel;
  /** A Slack channel's id, a webhook's origin, or a person's id for e-mail. */
  readonly recipient: string;
  readonly kind: Kind;
  /** Tells two of a kind apart: who decided, which reminder. */
  readonly occasion: string;
  readonly createdAt: Date;
  /** When sending began, or began again by a person's wish: what is dead counts from here. */
  readonly sinceAt: Date;
  /** Not before then; moved on while a courier has it. */
  readonly dueAt: Date;
  readonly attempts: number;
  readonly state: NoticeState;
  /** The channel's own name of the message, once it is there. */
  readonly reference: string | null;
  /** Why the last try did not send it. */
  readonly error: string | null;
  /** Null for what no budget is about, and for a prompt that nobody has looked at yet. */
  readonly prompting: Prompting | null;
}

export type RequestNotice = NoticeOf<RequestKind>;
export type AlarmNotice = NoticeOf<AlarmKind>;
export type NoticeRecord = RequestNotice | AlarmNotice;

/** A place as the log names it, which anybody may read: a webhook's path or query may be its secret. */
export function loggedPlace({ channel, recipient }: Pick<NoticeRecord, 'channel' | 'recipient'>) {
  if (channel !== 'webhook') return recipient;
  return /^https?:\/\/[^/?#@\s]+(?=[/?#]|$)/.exec(recipient)?.[0] ?? 'webhook';
}

/** As the log names a place where people are told. */
export const placeText = (place: Pick<NoticeRecord, 'channel' | 'recipient'>): string =>
  `${place.channel} ${loggedPlace(place)}`;

/** How long to wait after this many tries: a second, doubled each time, ten minutes at most. */
export const retryAfterMs = (attempts: number): number =>
  Math.min(NOTICE_LIMITS.retryMaxMs, NOTICE_LIMITS.retryFirstMs * 2 ** Math.max(0, attempts - 1));
