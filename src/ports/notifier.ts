import type { AlertView } from '../contracts/alert.ts';
import type { Card } from '../contracts/card.ts';
import type { ToldIncident } from '../contracts/webhook.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { AlarmKind, AlarmNotice, Channel, RequestNotice } from '../core/notices.ts';
import type { DecisionRecord } from '../core/records.ts';
import type { RequestStatus } from '../core/request-state.ts';

/** Somebody who has decided. */
export interface NamedDecision {
  readonly name: string;
  readonly decision: DecisionRecord['decision'];
  readonly proof: DecisionRecord['proof'];
  readonly at: Date;
}

/** How the request stands when it is told, not when it came to be owed. */
export interface NoticeSubject {
  readonly requestId: string;
  readonly status: RequestStatus;
  readonly code: ErrorCode | null;
  /** What exactly stood against it, such as the field that somebody else has changed. */
  readonly detail: string | null;
  /** Null when the stored request does not open: somebody changed it. */
  readonly card: Card | null;
  readonly decisions: readonly NamedDecision[];
  /** Who changed it, and the request that takes its place. */
  readonly changed?: { readonly name: string; readonly successor: string } | undefined;
  /** Of the HubSpot account, an IANA name; undefined where it is not known. */
  readonly timeZone?: string | undefined;
  /** Where the console shows it; the only link there is in a notice. */
  readonly link: string;
}

/** Writes of one kind that wait, in our own words but for the agent's name. */
export interface GroupLine {
  readonly count: number;
  readonly action: string;
  readonly agent: string;
}

/** What waits for one place, told as one. */
export interface GroupedPrompt {
  readonly count: number;
  readonly lines: readonly GroupLine[];
  /** To the console's queue, or to the group where all of them may be decided together. */
  readonly link: string;
}

export type IncidentKind = Exclude<AlarmKind, 'alerted'>;

/** An alert or an incident as it stands when it is told. */
export interface AlarmSubject {
  readonly title: string;
  /** Our own words, but for names; each is one line. */
  readonly lines: readonly string[];
  /** What a person gave as the reason. */
  readonly said: string | null;
  readonly link: string;
  /** The same for systems. */
  readonly data:
    | { readonly kind: 'alert'; readonly index: number; readonly alert: AlertView | null }
    | {
        readonly kind: 'incident';
        readonly event: IncidentKind;
        readonly incident: ToldIncident;
      };
}

interface Delivery {
  /** What the channel called the first message about this subject in this place. */
  readonly thread: string | null;
  /** The address, where the recipient is a person. */
  readonly address: string | null;
}

export interface RequestTelling extends Delivery {
  readonly notice: RequestNotice;
  readonly about: NoticeSubject;
  /** Told in the place of the one request: several that wait. */
  readonly group?: GroupedPrompt | undefined;
}

export interface AlarmTelling extends Delivery {
  readonly notice: AlarmNotice;
  readonly alarm: AlarmSubject;
}

export type Telling = RequestTelling | AlarmTelling;

export type Told =
  /** `reference`: the channel's name of the message; null where it gives none. */
  | { readonly kind: 'sent'; readonly reference: string | null }
  /** There is nothing to say there, such as the end of what was never begun: nobody was told. */
  | { readonly kind: 'nothing' }
  /** It may go better later; `afterMs` when the channel said when. */
  | { readonly kind: 'later'; readonly error: string; readonly afterMs?: number | undefined }
  /** It will never be taken: wrong token, no such channel. */
  | { readonly kind: 'refused'; readonly error: string };

/**
 * One way to tell people. `tell` may be called again for a notice that was sent (a crash between sending
 * and recording): the channel makes it one, by the notice's id. It holds no state, decides nothing, and
 * what it throws is taken for "later". `error` is said in the log: no personal content, no secrets.
 */
export interface Notifier {
  readonly channel: Channel;
  /** Ended within 30 seconds, well before the courier's lease. */
  tell(telling: Telling): Promise<Told>;
}
