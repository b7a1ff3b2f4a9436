import { type AuditEntry, AuditEntrySchema } from '../contracts/audit-entry.ts';
import { type ErrorCode, isErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { AuditRecord } from '../core/records.ts';
import { isTerminal, REQUEST_STATUSES, type RequestStatus } from '../core/request-state.ts';
import type { LogReads } from '../ports/store.ts';

/** What the log has of a request. */
export interface Logged {
  /** Of the entry that accepted the request. */
  readonly digest: string | null;
  /** When the write may last have been sent: its newest `execute` intent. */
  readonly begunAt: Date | undefined;
  /** Where that intent stands in the log. */
  readonly begunEntry: number | undefined;
  /** Which step that was, from 1; 0 before the first. */
  readonly begunStep: number;
  /** Up to which step HubSpot is known to have done it; less than `begunStep` while one is open or lost. */
  readonly doneStep: number;
  /** The looks since then, and since the last that was unclear, which did not find it. */
  readonly absences: readonly Absence[];
  /** What HubSpot has refused it with since then. */
  readonly refusedWith: ErrorCode | undefined;
  /** How it ended, and as what. An ended request never moves again. */
  readonly end: { readonly status: RequestStatus; readonly code: ErrorCode | null } | undefined;
  /** There is an alert already that its row was changed. */
  readonly isAlerted: boolean;
  /** What the entry that accepted it says it is. */
  readonly accepted: { readonly action: unknown; readonly risk: unknown } | undefined;
  /** What the agent asked for, in the entry that accepted it. */
  readonly asked: LoggedWords | undefined;
  /** The card, in the entry that asked people. */
  readonly shown: LoggedWords | undefined;
  /** That a person put it in the place of another, in the entry that accepted it. */
  readonly changedFrom: ChangedFrom | undefined;
  /** What people decided. */
  readonly decided: readonly AuditEntry[];
  /** What they decided was enough. */
  readonly isApproved: boolean;
}

/** A look for a lost write that did not find it. */
export interface Absence {
  /** How long the write had been left alone when it began, ms, by a clock that nobody sets (`QuietWatch`). */
  readonly quietMs: number;
}

export interface ChangedFrom {
  readonly requestId: string;
  /** The person's id. */
  readonly by: string;
  /** Of the action's input. */
  readonly fields: readonly string[];
}

/** Words of which the leaf holds only a salted commitment; without a salt they were erased. */
export interface LoggedWords {
  readonly commitment: string | null;
  readonly salt: Uint8Array | null;
}

function changedFromOf({ facts }: AuditEntry): ChangedFrom[] {
  const { changed_from: requestId, changed_by: by, changed_fields: fields } = facts;
  if (typeof requestId !== 'string' || typeof by !== 'string') return [];
  return [{ requestId, by, fields: fields as readonly string[] }];
}

/** `store.tampered` and what is still open have a status too, which is no end. */
function endOf({ code, facts }: AuditEntry): NonNullable<Logged['end']>[] {
  const status = REQUEST_STATUSES.find((name) => name === facts['status']);
  if (status === undefined || !isTerminal(status)) return [];
  return [{ status, code: code !== null && isErrorCode(code) ? code : null }];
}

/** Entries of a request of one write name no step. */
const stepOf = ({ facts }: AuditEntry): number =>
  typeof facts['step'] === 'number' ? facts['step'] : 1;

const isAccepted = ({ event }: AuditEntry): boolean => event === 'request.accepted';

const isBegin = ({ event, facts }: AuditEntry): boolean =>
  event === 'hubspot.intended' && facts['purpose'] === 'execute';

/** HubSpot said that it did it, or was found to have done it. */
const isDone = ({ event, facts }: AuditEntry): boolean =>
  (event === 'hubspot.answered' &&
    facts['purpose'] === 'execute' &&
    facts['answer'] === 'answered') ||
  (event === 'hubspot.settled' && facts['settled'] === 'executed');

/** Definitely, of an attempt to do it. */
function refusalOf({ event, code, facts }: AuditEntry): ErrorCode[] {
  const isRefusal = event === 'hubspot.answered' && facts['answer'] === 'refused';
  const isOfAttempt = isRefusal && facts['purpose'] === 'execute';
  return isOfAttempt && code !== null && isErrorCode(code) ? [code] : [];
}

interface LogOf {
  readonly log: Pick<LogReads, 'trace'>;
}

/** By the event that is written once, with the salt from beside the log. */
function wordsOf(
  entries: readonly AuditEntry[],
  records: readonly AuditRecord[],
  event: AuditEntry['event'],
): LoggedWords | undefined {
  const entry = entries.find((one) => one.event === event);
  if (entry === undefined) return undefined;
  const record = records.find(({ index }) => index === entry.index);
  return { commitment: entry.personal, salt: record?.personal?.salt ?? null };
}

/**
 * Looks for what was begun by this entry. Each names it, for its place in the log says nothing: what a look has read
 * may be old when it is written down, older even than the begin that it stands behind, and clocks can be set.
 */
function absencesSince(entries: readonly AuditEntry[], begin: AuditEntry | undefined): Absence[] {
  const unclear = entries.findLastIndex(({ event }) => event === 'hubspot.unclear');
  return entries
    .slice(unclear + 1)
    .filter(({ event, facts }) => event === 'hubspot.absent' && facts['begun'] === begin?.index)
    .map(({ facts }) => ({ quietMs: Number(facts['quiet_ms']) }));
}

/** A step of it was begun, and nobody has heard yet what became of it. */
export const isStepOpen = ({ end, begunStep, doneStep }: Logged): boolean =>
  end === undefined && begunStep > doneStep;

/** An entry from the very bytes of its leaf. */
export const entryOf = (leaf: Uint8Array): AuditEntry =>
  AuditEntrySchema.parse(JSON.parse(Buffer.from(leaf).toString('utf8')));

/**
 * When this step of a request was begun, each time, oldest first: HubSpot was told of it no earlier. Throws
 * `plan.tampered` when an entry is gone that may be one.
 */
export async function beginsOf(
  of: LogOf,
  requestId: string,
  step: number,
): Promise<readonly Date[]> {
  const { records, damaged } = await of.log.trace(requestId);
  if (damaged !== undefined) throw new GatewayError('plan.tampered', { detail: damaged });
  return records
    .map(({ leaf }) => entryOf(leaf))
    .filter((entry) => isBegin(entry) && stepOf(entry) === step)
    .map(({ timestamp }) => new Date(timestamp));
}

/**
 * Reads from the leaves themselves: whoever edits a request's row, its plan and digest, or takes the
 * mark of a used approval away, has still not edited the log. Throws `plan.tampered` when somebody
 * tried that too.
 */
export async function readLogged(of: LogOf, requestId: string): Promise<Logged> {
  const { records, damaged } = await of.log.trace(requestId);
  if (damaged !== undefined) throw new GatewayError('plan.tampered', { detail: damaged });
  const entries = records.map(({ leaf }) => entryOf(leaf));
  const begin = entries.findLastIndex(isBegin);
  const lastBegin = entries[begin];
  const accepted = entries.find(isAccepted);
  return {
    digest: accepted?.digest ?? null,
    accepted: accepted && { action: accepted.facts['action'], risk: accepted.facts['risk'] },
    begunAt: lastBegin === undefined ? undefined : new Date(lastBegin.timestamp),
    begunEntry: lastBegin?.index,
    begunStep: lastBegin === undefined ? 0 : stepOf(lastBegin),
    doneStep: Math.max(0, ...entries.filter(isDone).map(stepOf)),
    absences: absencesSince(entries.slice(begin), lastBegin),
    refusedWith: entries.slice(begin).flatMap(refusalOf)[0],
    end: entries.flatMap(endOf)[0],
    isAlerted: entries.some(isAlert),
    asked: wordsOf(entries, records, 'request.accepted'),
    shown: wordsOf(entries, records, 'approval.requested'),
    changedFrom: entries.filter(isAccepted).flatMap(changedFromOf)[0],
    decided: entries.filter(({ event }) => /^approval\.(?:granted|rejected)$/.test(event)),
    isApproved: entries.some(isEnough),
  };
}

const isEnough = ({ event, facts }: AuditEntry): boolean =>
  (event === 'approval.granted' && facts['enough'] === true) || event === 'approval.matured';

const isAlert = ({ event }: AuditEntry): boolean => event === 'store.tampered';

/** Whether there is an alert already for a request whose log cannot be believed as a whole. */
export async function hasAlert({ log }: LogOf, requestId: string): Promise<boolean> {
  const { records } = await log.trace(requestId);
  return records.some(({ leaf }) => isAlert(entryOf(leaf)));
}
