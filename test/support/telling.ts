import type { Card } from '../../src/contracts/card.ts';
import type { RequestKind, RequestNotice } from '../../src/core/notices.ts';
import type { NoticeSubject, RequestTelling } from '../../src/ports/notifier.ts';
import { cardFor, requestId, START } from '../adapters/store/fixtures.ts';

export interface TellingOptions {
  readonly card?: Card | null;
  readonly kind?: RequestKind;
  readonly notice?: Partial<RequestNotice>;
  readonly about?: Partial<NoticeSubject>;
  readonly thread?: string | null;
  readonly address?: string | null;
}

export const LINK = `https://gate.test/console/approvals/${requestId(1)}`;

/** What a channel is told, of a request that waits. */
export function telling(of: TellingOptions = {}): RequestTelling {
  const id = requestId(1);
  return {
    notice: {
      id: 'ntc_0000000000000001',
      subject: id,
      channel: 'webhook',
      recipient: 'https://hooks.acme.test',
      kind: of.kind ?? 'asked',
      occasion: '',
      createdAt: START,
      sinceAt: START,
      dueAt: START,
      attempts: 1,
      state: 'due',
      reference: null,
      error: null,
      prompting: null,
      ...of.notice,
    },
    about: {
      requestId: id,
      status: 'awaiting_approval',
      code: null,
      detail: null,
      card: of.card === undefined ? cardFor(id) : of.card,
      decisions: [],
      link: LINK,
      ...of.about,
    },
    thread: of.thread ?? null,
    address: of.address ?? null,
  };
}
