import { type AuditEntry, AuditEntrySchema } from '../contracts/audit-entry.ts';
import { type ErrorCode, isErrorCode } from '../core/errors.ts';
import type { AuditRecord } from '../core/records.ts';
import { isTerminal, REQUEST_STATUSES, type RequestStatus } from '../core/request-state.ts';
import type { LogReads } from '../ports/store.ts';

/** What the log has of a request. */
export interface Logged {
  /** Of the entry that accepted the request. */
  readonly digest: string | null;
  /** When the write may last have been sent: its newest `execute` intent. */
  readonly begunAt: Date | undefined;
  /** Which step that was, from 1; 0 before the first. */
  readonly begunStep: number;
  /** Up to which step HubSpot is known to have done it; less than `begunStep` while one is open or lost. */
  readonly doneStep: number;
  /** How often since then it was looked for and was not there. */
  readonly absences: number;
  /** How it ended, and as what. An ended request never moves again. */
  readonly end: { readonly status: RequestStatus; readonly code: ErrorCode | null } | undefined;
  /** There is an alert already that its row was changed. */
  readonly isAlerted: boolean;
  /** What the agent asked for, in the entry that accepted it. */
  readonly asked: LoggedWords | undefined;
  /** The card, in the entry that asked people. */
  readonly shown: LoggedWords | undefined;
  /** What people decided. */
  readonly decided: readonly AuditEntry[];
}

/** Words of which the leaf holds only a salted commitment; without a salt they were erased. */
export interface LoggedWords {
  readonly commitment: string | null;
  readonly salt: Uint8Array | null;
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

const isBegin = ({ event, facts }: AuditEntry): boolean =>
  event === 'hubspot.intended' && facts['purpose'] === 'execute';

/** HubSpot said that it did it, or was found to have done it. */
const isDone = ({ event, facts }: AuditEntry): boolean =>
  (event === 'hubspot.answered' &&
    facts['purpose'] === 'execute' &&
    facts['answer'] === 'answered') ||
  (event === 'hubspot.settled' && facts['settled'] === 'executed');

const PAGE = 1_000;

/**
 * Every entry since the request's first one is opened, and those that name it in their own bytes are
 * its: a row that was labelled as another request's, or as nobody's, would otherwise hide that a write
 * was begun or had ended. Linear in the entries since then; asked only before a write may go out.
 */
async function entriesOf(
  { log }: LogOf,
  requestId: string,
  first: AuditRecord | undefined,
): Promise<AuditEntry[]> {
  const size = await log.size();
  const entries: AuditEntry[] = [];
  for (let from = first?.index ?? size; from < size; from += PAGE) {
    const leaves = await log.leaves(from, Math.min(from + PAGE, size));
    const named = leaves.filter((leaf) =>
      Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).includes(requestId),
    );
    entries.push(
      ...named.map((leaf) =>
        AuditEntrySchema.parse(JSON.parse(Buffer.from(leaf).toString('utf8'))),
      ),
    );
  }
  return entries.filter(({ request_id }) => request_id === requestId);
}

interface LogOf {
  readonly log: Pick<LogReads, 'ofRequest' | 'leaves' | 'size'>;
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
 * Reads from the leaves themselves: whoever edits a request's row, its plan and digest, or takes the
 * mark of a used approval away, has still not edited the log. Throws `plan.tampered` when somebody
 * tried that too.
 */
export async function readLogged(of: LogOf, requestId: string): Promise<Logged> {
  const records = await of.log.ofRequest(requestId);
  const entries = await entriesOf(of, requestId, records[0]);
  const begunAt = entries.findLastIndex(isBegin);
  const lastBegin = entries[begunAt];
  return {
    digest: entries.find(({ event }) => event === 'request.accepted')?.digest ?? null,
    begunAt: lastBegin === undefined ? undefined : new Date(lastBegin.timestamp),
    begunStep: lastBegin === undefined ? 0 : stepOf(lastBegin),
    doneStep: Math.max(0, ...entries.filter(isDone).map(stepOf)),
    absences: entries.slice(begunAt + 1).filter(({ event }) => event === 'hubspot.absent').length,
    end: entries.flatMap(endOf)[0],
    isAlerted: entries.some(({ event }) => event === 'store.tampered'),
    asked: wordsOf(entries, records, 'request.accepted'),
    shown: wordsOf(entries, records, 'approval.requested'),
    decided: entries.filter(({ event }) => /^approval\.(?:granted|rejected)$/.test(event)),
  };
}
