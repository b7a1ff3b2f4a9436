import { type AuditEntry, AuditEntrySchema } from '../contracts/audit-entry.ts';
import { type ErrorCode, isErrorCode } from '../core/errors.ts';
import { isTerminal, REQUEST_STATUSES, type RequestStatus } from '../core/request-state.ts';
import type { LogReads } from '../ports/store.ts';

/** What the log has of a request. */
export interface Logged {
  /** Of the entry that accepted the request. */
  readonly digest: string | null;
  /** When the write may last have been sent: its newest `execute` intent. */
  readonly begunAt: Date | undefined;
  /** How it ended, and as what. An ended request never moves again. */
  readonly end: { readonly status: RequestStatus; readonly code: ErrorCode | null } | undefined;
  /** There is an alert already that its row was changed. */
  readonly isAlerted: boolean;
}

/** `store.tampered` and what is still open have a status too, which is no end. */
function endOf({ code, facts }: AuditEntry): NonNullable<Logged['end']>[] {
  const status = REQUEST_STATUSES.find((name) => name === facts['status']);
  if (status === undefined || !isTerminal(status)) return [];
  return [{ status, code: code !== null && isErrorCode(code) ? code : null }];
}

/**
 * Reads from the leaves themselves: whoever edits a request's row, its plan and digest, or takes the
 * mark of a used approval away, has still not edited the log. Throws `plan.tampered` when somebody
 * tried that too.
 */
export async function readLogged(
  { log }: { readonly log: Pick<LogReads, 'ofRequest'> },
  requestId: string,
): Promise<Logged> {
  const decoder = new TextDecoder();
  const entries = (await log.ofRequest(requestId)).map(({ leaf }) =>
    AuditEntrySchema.parse(JSON.parse(decoder.decode(leaf))),
  );
  const begins = entries.filter(
    ({ event, facts }) => event === 'hubspot.intended' && facts['purpose'] === 'execute',
  );
  const lastBegin = begins.at(-1);
  return {
    digest: entries.find(({ event }) => event === 'request.accepted')?.digest ?? null,
    begunAt: lastBegin === undefined ? undefined : new Date(lastBegin.timestamp),
    end: entries.flatMap(endOf)[0],
    isAlerted: entries.some(({ event }) => event === 'store.tampered'),
  };
}
