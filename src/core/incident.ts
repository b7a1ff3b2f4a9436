import type { RogueChange } from './rogue-change.ts';

/**
 * The life of an incident as data, in the order of the playbook. The store refuses every other move, so
 * a crash or a replay can repeat a step but never leave one out.
 */
export const INCIDENT_STAGES = [
  'containing',
  'rotating',
  'verifying',
  'assessing',
  'reverting',
  'resuming',
  'closed',
] as const;
export type IncidentStage = (typeof INCIDENT_STAGES)[number];

const MOVES: Readonly<Record<IncidentStage, readonly IncidentStage[]>> = {
  containing: ['rotating'],
  // Straight to the end when a person says that it was a false alarm: the key stays the one it was.
  rotating: ['verifying', 'resuming'],
  // Back when the key that was supplied is not the right one.
  verifying: ['assessing', 'rotating'],
  assessing: ['reverting'],
  reverting: ['resuming'],
  resuming: ['closed'],
  closed: [],
};

export const mayMove = (from: IncidentStage, to: IncidentStage): boolean =>
  MOVES[from].includes(to);

/** Where each of the steps that a person says may be taken. */
export const STEP_STAGES: Readonly<
  Record<'supply_key' | 'false_alarm' | 'resume', readonly IncidentStage[]>
> = {
  supply_key: ['rotating', 'verifying'],
  false_alarm: ['rotating'],
  resume: ['resuming'],
};

/** What a machine finds out before the new key counts, in this order. */
export const CHECKS = [
  'old_key_dead',
  'same_account',
  'exact_scopes',
  'rotation_seen',
  'canary',
  'log_whole',
] as const;
export type CheckName = (typeof CHECKS)[number];

/**
 * `waiting`: not yet so; it is looked at again. `failed`: a person has to do something about it.
 * `not_possible`: this account or key does not allow finding out; said so, and no obstacle.
 */
export type CheckState = 'waiting' | 'passed' | 'failed' | 'not_possible';

export interface Check {
  readonly name: CheckName;
  readonly state: CheckState;
  /** A whole sentence, without anything of the key. */
  readonly detail: string;
  readonly at: Date;
}

/** Nothing stands against the new key any more. */
export const isVerified = (checks: readonly Check[]): boolean =>
  CHECKS.every((name) =>
    checks.some(
      (check) =>
        check.name === name && (check.state === 'passed' || check.state === 'not_possible'),
    ),
  );

/** When each clock of the playbook stopped. */
export const CLOCKS = [
  'contained',
  'supplied',
  'old_key_dead',
  'verified',
  'assessed',
  'reverted',
  'closed',
] as const;
export type Clock = (typeof CLOCKS)[number];

export interface Counters {
  /** Those that had asked for anything within the day. */
  readonly agents: readonly {
    readonly id: string;
    readonly lastHour: number;
    readonly lastDay: number;
  }[];
  readonly alertsLastDay: number;
}

/** The state of affairs at containment, which nothing later can change. */
export interface Evidence {
  readonly log: {
    readonly size: number;
    readonly rootPrefix: string;
    /** The signed checkpoint; null when none was published yet. */
    readonly note: string | null;
  };
  /** How much each agent had asked for lately, and how often the rules had told. */
  readonly counters: Counters;
  /** Requests that had begun when it was contained, and those that were ended for it. */
  readonly begun: readonly string[];
  readonly cancelled: readonly string[];
}

/** Records that agents were shown in the window. */
export interface Exposure {
  readonly agentId: string;
  readonly action: string;
  readonly reads: number;
  readonly fields: readonly string[];
  /** `contacts 20001`, sorted; at most `EXPOSED_MAX`, and how many there were. */
  readonly records: readonly string[];
  readonly recordsTotal: number;
}

export const EXPOSED_MAX = 200;

export interface Findings {
  readonly from: Date;
  readonly to: Date;
  readonly rogue: readonly RogueChange[];
  readonly exposures: readonly Exposure[];
  /** What could not be read, in whole sentences: never silently clean. */
  readonly unread: readonly string[];
  /** What stands in the way of taking a change back: a later edit, or HubSpot itself. */
  readonly leftAlone: readonly string[];
}

export interface IncidentRecord {
  /** `inc_…` */
  readonly id: string;
  readonly connection: string;
  readonly stage: IncidentStage;
  /** `person:…`, `operator`, `gateway` (a rule). */
  readonly openedBy: string;
  readonly openedAt: Date;
  readonly reason: string;
  /** The rule that opened it and the entries of the log that caused it; null when a person did. */
  readonly cause: { readonly rule: string; readonly entries: readonly number[] } | null;
  /** Where its story begins in the log. */
  readonly firstEntry: number;
  /** From when on changes and reads are looked at. */
  readonly since: Date;
  /** The incident's own freeze of the connection. */
  readonly freezeId: string;
  /** The credential version that is to be dead; null when there was none. */
  readonly oldVersion: number | null;
  /** The one that was supplied; null until then. */
  readonly newVersion: number | null;
  /** HubSpot's numbers of the apps that the keys are of, where it says them: a key may come from another app. */
  readonly oldAppId: number | null;
  readonly newAppId: number | null;
  /** A person said that nothing is wrong with the key. */
  readonly isFalseAlarm: boolean;
  /** Who said so, or gave the new key, the last time; null until then, and of incidents from before it was kept. */
  readonly steppedBy: string | null;
  readonly evidence: Evidence | null;
  readonly checks: readonly Check[];
  /** The record that was made to try the new key, while HubSpot has it. */
  readonly canary: { readonly objectType: string; readonly id: string } | null;
  readonly findings: Findings | null;
  /** Requests that take back what was found. */
  readonly takeBacks: readonly string[];
  readonly reached: Readonly<Partial<Record<Clock, Date>>>;
  /** Who let it go on; never who contained it. */
  readonly resumedBy: string | null;
  readonly updatedAt: Date;
}

/**
 * The person who may not be the second: who contained it, or where no person did (a rule, the command line), who said
 * what becomes of the key. One stolen session must not do both.
 */
export function firstPersonOf({
  openedBy,
  steppedBy,
}: Pick<IncidentRecord, 'openedBy' | 'steppedBy'>): string | undefined {
  return [openedBy, steppedBy].find((actor) => actor?.startsWith('person:')) ?? undefined;
}

/** What the workflow does next, and when it looks again by itself. */
export interface IncidentProgress {
  readonly stage: IncidentStage;
  /** How it stands and who has to do what, in a few lines, for whoever looks at the workflow. */
  readonly note: string;
  /** 0: the next step is due at once. */
  readonly againInMs: number;
}

/** How often the old key is tried until HubSpot refuses it, ms. */
export const PROBE_EVERY_MS = 5_000;
/** After so long with a new key, an old one that is still alive is a person's to end, ms. */
export const OLD_KEY_WAIT_MS = 60_000;
/** The window that is looked at unless the opener says another, ms. */
export const WINDOW_DEFAULT_MS = 86_400_000;
