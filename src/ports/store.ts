import type { AbsenceReads, AbsenceWrites } from './absence-store.ts';
import type { GrantReads, GrantWrites } from './grant-store.ts';
import type { IncidentReads, IncidentWrites } from './incident-store.ts';
import type { Listed } from './listed.ts';
import type {
  AgentRecord,
  AuditEvent,
  AuditRecord,
  ConnectionRecord,
  CredentialRecord,
  DecisionRecord,
  ExecutedStep,
  FreezeRecord,
  FreezeTarget,
  LedgerRecord,
  PersonRecord,
  RadarRecord,
  RequestRecord,
} from '../core/records.ts';
import type { RequestStatus } from '../core/request-state.ts';
import type { TotpGuess } from '../core/totp-guesses.ts';
import type {
  NoticeReads,
  NoticeWrites,
  SlackUserReads,
  SlackUserWrites,
  WebhookSignerReads,
  WebhookSignerWrites,
  HeardOnceWrites,
} from './channel-store.ts';
import type {
  PasskeyReads,
  PasskeyWrites,
  SessionReads,
  SessionWrites,
  InvitationReads,
  InvitationWrites,
  ChallengeWrites,
} from './sign-in-store.ts';

/**
 * The record: everything that was promised, decided or done, with its log entries, in one SQL database.
 *
 * Reading outside a transaction sees the last commit; inside of one, its own writes too. Transactions come
 * one after the other, whichever process runs them: what one has read stays so until it ends.
 *
 * `get` is `undefined` and a list empty where there is nothing. What was not written by this gateway
 * throws `plan.tampered`, in a list also for one row of many: whoever reads on without it would decide on
 * less than there is. A `Listed` is for people to look at: there one row hides no other, and is named. Errors of every method: `store.unavailable` when the database cannot be read or
 * written (disk full, read-only, locked too long); nothing was changed then.
 */
export interface Store extends StoreReads {
  /**
   * Runs `work` in a transaction and returns once it is on disk (fsync). Concurrent calls share one
   * commit; each still stands alone: when `work` throws, its own changes are undone and the error is
   * thrown to its caller, while the others commit. `work` may be run on a transaction that later fails
   * to commit, so it must have no effects outside `tx`; it must not await anything but `tx`.
   */
  commit<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  /**
   * Resolves with the request as soon as `isDone` holds for it, or with its present state (or
   * `undefined` if it does not exist) after `timeoutMs`. Wakes on commits of this process at once and
   * of others within 100 ms. Rejects with `store.unavailable` when commits fail meanwhile.
   */
  waitForRequest(
    id: string,
    isDone: (request: RequestRecord) => boolean,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<RequestRecord | undefined>;
  /** Throws `store.unavailable` unless a write can be committed now. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreReads {
  readonly requests: RequestReads;
  readonly decisions: DecisionReads;
  readonly agents: AgentReads;
  readonly people: PersonReads;
  readonly absences: AbsenceReads;
  readonly passkeys: PasskeyReads;
  readonly sessions: SessionReads;
  readonly invitations: InvitationReads;
  readonly freezes: FreezeReads;
  readonly grants: GrantReads;
  readonly credentials: CredentialReads;
  readonly connections: ConnectionReads;
  readonly incidents: IncidentReads;
  readonly ledger: LedgerReads;
  readonly radar: RadarReads;
  readonly log: LogReads;
  readonly notices: NoticeReads;
  readonly slackUsers: SlackUserReads;
  readonly webhookSigners: WebhookSignerReads;
}

export interface StoreTransaction extends StoreReads {
  readonly requests: RequestWrites;
  readonly decisions: DecisionWrites;
  readonly agents: AgentWrites;
  readonly people: PersonWrites;
  readonly absences: AbsenceWrites;
  readonly passkeys: PasskeyWrites;
  readonly sessions: SessionWrites;
  readonly invitations: InvitationWrites;
  readonly challenges: ChallengeWrites;
  readonly freezes: FreezeWrites;
  readonly grants: GrantWrites;
  readonly credentials: CredentialWrites;
  readonly connections: ConnectionWrites;
  readonly incidents: IncidentWrites;
  readonly ledger: LedgerWrites;
  readonly radar: RadarWrites;
  readonly log: LogWrites;
  readonly notices: NoticeWrites;
  readonly slackUsers: SlackUserWrites;
  readonly webhookSigners: WebhookSignerWrites;
  readonly heardOnce: HeardOnceWrites;
  /** The transaction's own time, from the store's clock. */
  readonly now: Date;
}

export interface RequestReads {
  get(id: string): Promise<RequestRecord | undefined>;
  /** Only the status, also of a row whose sealed content does not open. */
  status(id: string): Promise<RequestStatus | undefined>;
  /** Newest first. `before` is a request id to continue after; fewer than `limit` rows are the last. */
  list(filter: {
    agentId?: string;
    statuses?: readonly RequestStatus[];
    /** Writes with a card alone: what people were asked about, or had allowed ahead. */
    isAsked?: true;
    limit: number;
    before?: string;
  }): Promise<Listed<RequestRecord>>;
  /** What waits for people, the first to expire first. `after` is a request id to continue after. */
  waiting(page: { limit: number; after?: string }): Promise<Listed<RequestRecord>>;
  /** How many writes of this agent wait for people or are about to. */
  countWaiting(agentId: string): Promise<number>;
  /** Ids of requests in these states, oldest first, without decrypting them. */
  idsIn(
    statuses: readonly RequestStatus[],
    page: { limit: number; after?: string },
  ): Promise<readonly string[]>;
  /** Ids whose workflow should have moved on by `before` and did not (see `setWake`). */
  overdue(before: Date, limit: number): Promise<readonly string[]>;
  /** Whether a message is owed (see `setWake`), due or not. */
  isWakeOwed(id: string): Promise<boolean>;
  /** Ids of requests in these states whose `expiresAt` is not later than `before`, earliest first. */
  expired(
    statuses: readonly RequestStatus[],
    before: Date,
    limit: number,
  ): Promise<readonly string[]>;
  /** How many requests this agent made since then: refills rate limits after a restart. */
  countSince(agentId: string, since: Date): Promise<number>;
  /** When this agent made its newest request, as its row says: for people to look at. */
  lastMadeAt(agentId: string): Promise<Date | undefined>;
  /** How many requests were made since then, by what became of them, as their rows say: for people to look at. */
  tallySince(since: Date): Promise<readonly RequestTally[]>;
}

/** So many requests of one kind that stand alike. */
export interface RequestTally extends Pick<RequestRecord, 'risk' | 'status' | 'code'> {
  readonly count: number;
}

export interface RequestWrites extends RequestReads {
  /** Throws `idempotency.mismatch` when the id exists: of two concurrent inserts one wins. */
  insert(request: RequestRecord): Promise<void>;
  /**
   * Changes the given fields; sets `updatedAt`. A move to another status forgets the `code` of the one
   * before. Throws `internal.unexpected` when the move from the present status is not in
   * `core/request-state.ts`, or when the request does not exist.
   */
  update(
    id: string,
    change: Partial<
      Pick<
        RequestRecord,
        | 'status'
        | 'card'
        | 'requirement'
        | 'seen'
        | 'credentialVersion'
        | 'result'
        | 'code'
        | 'detail'
        | 'retryAt'
        | 'expiresAt'
      >
    >,
  ): Promise<void>;
  /**
   * For a row that does not open: puts it where the log says it stands, without asking what the row
   * says. False when there is no such row.
   */
  settleTampered(
    id: string,
    change: Pick<RequestRecord, 'status' | 'code' | 'detail'>,
  ): Promise<boolean>;
  /** Notes that the workflow must look at the record (a signal is owed), or that it did (`null`). */
  setWake(id: string, at: Date | null): Promise<void>;
  /** Asks again at `at` for what is still owed; what was delivered meanwhile stays delivered. */
  postponeWake(id: string, at: Date): Promise<void>;
  /**
   * Marks the approval of this request as used for this digest. False when it was used before:
   * an approval executes at most once (unique constraint, also across processes).
   */
  consumeApproval(id: string, digest: string): Promise<boolean>;
}

export interface DecisionReads {
  /** In the order they were made. */
  of(requestId: string): Promise<readonly DecisionRecord[]>;
  /** What one person has decided, not what they had allowed ahead, the newest first; what does not open is named. */
  newest(of: {
    readonly personId: string;
    readonly since: Date;
    readonly limit: number;
  }): Promise<Listed<DecisionRecord>>;
}
export interface DecisionWrites extends DecisionReads {
  /** False when this person has already decided on this request; the first decision stands. */
  insert(decision: DecisionRecord): Promise<boolean>;
}

export interface AgentReads {
  /**
   * Revoked as the log says, whatever the row says. Outside a transaction throws `store.unavailable` in a process that
   * began after the log lost an order; lists and transactions go on with what is known.
   */
  get(id: string): Promise<AgentRecord | undefined>;
  /** Revoked ones too, oldest first. */
  list(): Promise<Listed<AgentRecord>>;
}
export interface AgentWrites extends AgentReads {
  /** Ids and keys are random: one that is there already is an error of the database. */
  insert(agent: AgentRecord): Promise<void>;
  /** Effective with the commit; false when unknown or already revoked. */
  revoke(id: string): Promise<boolean>;
}

export interface PersonReads {
  /**
   * Revoked, and with the roles, as the log says, whatever the row says. Outside a transaction throws
   * `store.unavailable` in a process that began after the log lost an order; lists and transactions go on with what is
   * known.
   */
  get(id: string): Promise<PersonRecord | undefined>;
  /**
   * Revoked ones too, oldest first. Throws `plan.tampered` for one that does not open: a requester left out
   * could approve what they asked for.
   */
  list(): Promise<readonly PersonRecord[]>;
  /** For people to look at, never to decide by. */
  legible(): Promise<Listed<PersonRecord>>;
}
export interface PersonWrites extends PersonReads {
  /** As for agents; the e-mail of a person who is not revoked cannot be there twice either. */
  insert(person: PersonRecord): Promise<void>;
  /** Effective with the commit; false when unknown or already revoked. */
  revoke(id: string): Promise<boolean>;
  /** Effective with the commit; false when unknown or revoked. The caller appends the entry, which is what counts. */
  setRoles(id: string, roles: readonly string[]): Promise<boolean>;
  /** False when unknown, or when `step` is not newer than the last one used: a TOTP code works once. */
  useTotpStep(id: string, step: number): Promise<boolean>;
  /** Replaces the wrong codes that count against this person; does nothing for an unknown one. */
  setTotpGuesses(id: string, guesses: readonly TotpGuess[]): Promise<void>;
}

/** As their rows or the log say. Throws `freeze.active` when an entry of the log is gone that may be one. */
export interface FreezeReads {
  /** The oldest freeze that stands on any of these targets, but for the one of this id. */
  standing(targets: readonly FreezeTarget[], except?: string): Promise<FreezeRecord | undefined>;
  get(id: string): Promise<FreezeRecord | undefined>;
  /** Lifted ones too, oldest first. */
  list(): Promise<readonly FreezeRecord[]>;
}
/** The caller appends the entry, which is what makes a freeze stand whatever becomes of its row. */
export interface FreezeWrites extends FreezeReads {
  insert(freeze: FreezeRecord): Promise<void>;
  /** Effective with the commit; false when unknown or already lifted. */
  lift(id: string): Promise<boolean>;
}

export interface CredentialReads {
  /** None, too, when its row is not of the version that the log says was put in use last. */
  active(connection: string): Promise<CredentialRecord | undefined>;
  get(connection: string, version: number): Promise<CredentialRecord | undefined>;
}
export interface CredentialWrites extends CredentialReads {
  /** Makes this version, a retired one too, the active one and retires the one before. Safe to repeat. */
  activate(credential: Omit<CredentialRecord, 'state' | 'createdAt'>): Promise<void>;
}

export interface ConnectionReads {
  /** `undefined` until it was connected. */
  get(name: string): Promise<ConnectionRecord | undefined>;
}
export interface ConnectionWrites extends ConnectionReads {
  /** Replaces what was known of it. */
  put(connection: ConnectionRecord): Promise<void>;
}

export interface LedgerReads {
  /** In the order they were executed. */
  of(requestId: string): Promise<readonly LedgerRecord[]>;
  /**
   * What was executed on the connection from `from` to `to`, both included, oldest first. By the time when
   * its outcome was on disk: what HubSpot did earlier and was settled later is of the later time. A row that does not open is
   * named and left out: a change that it would have accounted for is then one that nobody made.
   */
  between(connection: string, from: Date, to: Date): Promise<Listed<ExecutedStep>>;
}
export interface LedgerWrites extends LedgerReads {
  insert(entry: LedgerRecord): Promise<void>;
}

export interface RadarReads {
  /** `undefined` before the first sweep. */
  get(connection: string): Promise<RadarRecord | undefined>;
}
export interface RadarWrites extends RadarReads {
  /** Replaces what was known. */
  put(record: RadarRecord): Promise<void>;
}

export interface LogReads {
  /** How many entries the log has. */
  size(): Promise<number>;
  /** Leaf bytes of `[from, to)`, in order. One that is missing between others throws `plan.tampered` too. */
  leaves(from: number, to: number): Promise<readonly Uint8Array[]>;
  /** All entries of one request, in order. Throws `plan.tampered` when any since its first one is missing. */
  ofRequest(requestId: string): Promise<readonly AuditRecord[]>;
  /**
   * The request's own entries, in order, whatever became of the entries of others: for what must be known
   * of this request alone. Each entry since its first one is opened once in the life of a process.
   */
  trace(requestId: string): Promise<LogTrace>;
  /**
   * The entries of `[from, to)`, `to` being `size` at most, one by one, for who must go on whatever was
   * done to some of them: `null` for one that is gone or does not open. `withWords`: of which events the sealed words are opened too.
   */
  each(
    from: number,
    to: number,
    withWords: (event: string) => boolean,
  ): Promise<readonly (AuditRecord | null)[]>;
  /**
   * The newest entries of a kind of which there are few (`core/audit-events.ts`), newest first, below
   * index `before` where it is given. What does not open is left out.
   */
  newest(
    event: RareEvent,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<readonly AuditRecord[]>;
}
/** Those that an index of their own finds, of no request. */
export type RareEvent =
  | 'alert.raised'
  | 'detection.marked'
  | 'notice.sent'
  | 'notice.dead'
  | 'notice.resent'
  | 'store.tampered';

export interface LogTrace {
  readonly records: readonly AuditRecord[];
  /**
   * The first entry that is gone or does not open, and is the request's or may hide that it was begun or
   * had ended; undefined when there is none, and the records are all.
   */
  readonly damaged: string | undefined;
}
export interface LogWrites extends LogReads {
  /**
   * Sequences the entry at the end of the log, in this transaction. Returns its index. Throws RangeError
   * for one that is too large to be published.
   */
  append(event: AuditEvent): Promise<number>;
}
