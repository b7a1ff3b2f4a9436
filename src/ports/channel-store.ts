import type { Cargo, Channel, NoticeRecord, NoticeState } from '../core/notices.ts';
import type { SlackUserRecord, WebhookSignerRecord } from '../core/records.ts';
import type { Listed } from './listed.ts';

export interface ForgedNotice {
  readonly id: string;
  readonly subject: string;
}

/** The outbox: who is still to be told what. */
export interface NoticeReads {
  get(id: string): Promise<NoticeRecord | undefined>;
  /** In the order in which they came to be owed; one that was not written here is left out: it tells nobody. */
  of(subject: string): Promise<readonly NoticeRecord[]>;
  /** Of one subject, or of all, those that were not written here: as many at most. */
  forged(of: {
    readonly subject?: string;
    readonly limit: number;
  }): Promise<readonly ForgedNotice[]>;
  /** Newest first. */
  list(filter: {
    readonly states: readonly NoticeState[];
    readonly limit: number;
  }): Promise<readonly NoticeRecord[]>;
  /**
   * Of one place, what asks it: all that is due, and what was taken or sent since then, oldest first. Nothing that
   * was dropped.
   */
  prompts(
    place: Pick<NoticeRecord, 'channel' | 'recipient'>,
    since: Date,
  ): Promise<readonly NoticeRecord[]>;
  /**
   * Ids of waiting requests of whose time more than `share` is over at `at`, with no reminder on any of
   * these occasions: candidates, since the rows are not opened.
   */
  unreminded(of: {
    readonly share: number;
    readonly occasions: readonly string[];
    readonly at: Date;
    readonly limit: number;
  }): Promise<readonly string[]>;
  /** The same of those that were not escalated yet. */
  unescalated(of: {
    readonly share: number;
    readonly at: Date;
    readonly limit: number;
  }): Promise<readonly string[]>;
}
export interface NoticeWrites extends NoticeReads {
  /**
   * Puts what is due of this cargo and was not written here among the dead, so that it holds up nothing; returns
   * ids as their rows have them, which are nobody's word.
   */
  setAside(of: { readonly cargo: Cargo; readonly limit: number }): Promise<readonly ForgedNotice[]>;
  /** False when it is owed or was sent already: of one subject, place, kind and occasion there is one. */
  insert(notice: NoticeRecord): Promise<boolean>;
  /**
   * Takes what is due of this cargo for `leaseMs`, the oldest first, incidents before alerts; of one subject and
   * place only the oldest, so that nobody hears the end before the beginning. Of two couriers one gets it. A row
   * that was not written here is left out.
   */
  take(of: {
    readonly cargo: Cargo;
    /** Of these channels alone; of all by default. */
    readonly channels?: readonly Channel[] | undefined;
    readonly leaseMs: number;
    readonly limit: number;
  }): Promise<readonly NoticeRecord[]>;
  /** What became of a notice that was taken at this attempt; false when the lease had run out and another has it. */
  settle(
    taken: Pick<NoticeRecord, 'id' | 'attempts'>,
    change: Partial<Pick<NoticeRecord, 'state' | 'reference' | 'error' | 'dueAt' | 'prompting'>>,
  ): Promise<boolean>;
  /** Due at once, as if it were new; false unless it is dead. */
  resend(id: string): Promise<boolean>;
}

export interface SlackUserReads {
  /**
   * `undefined` for who is not on the map. Throws `plan.tampered` for a row that was not written here, and
   * for one that is not what the log says: an older one that was put back, or one taken out.
   */
  get(slackUser: string): Promise<SlackUserRecord | undefined>;
  /** For people to look at, never to decide by. */
  legible(): Promise<Listed<SlackUserRecord>>;
}
export interface SlackUserWrites extends SlackUserReads {
  /** Replaces whom this Slack user stood for. The caller appends the entry, without which it is not believed. */
  put(user: SlackUserRecord): Promise<void>;
  /** False when neither its row nor the log had it. */
  remove(slackUser: string): Promise<boolean>;
}

export interface WebhookSignerReads {
  /**
   * Revoked ones too, as the log says, whatever the row says. Throws `plan.tampered` for a row that was not written
   * here. Outside a transaction throws `store.unavailable` in a process that began after the log lost an order; lists
   * and transactions go on with what is known.
   */
  get(id: string): Promise<WebhookSignerRecord | undefined>;
  /** The oldest first. */
  list(): Promise<Listed<WebhookSignerRecord>>;
}
export interface WebhookSignerWrites extends WebhookSignerReads {
  insert(signer: Omit<WebhookSignerRecord, 'revokedAt'>): Promise<void>;
  /** False when there was none, or it was revoked already. */
  revoke(id: string): Promise<boolean>;
}

/** Signed messages that were heard: each counts once, on any process, across restarts. */
export interface HeardOnceWrites {
  /** True the first time; remembered until then. */
  hear(door: string, name: string, until: Date): Promise<boolean>;
  /** Undoes `hear`; does nothing for what was not heard. */
  forget(door: string, name: string): Promise<void>;
}
