import { setHandler, type SignalDefinition } from '@temporalio/workflow';
import { VOIDED_SIGNAL } from '../core/engine-details.ts';

const INBOX_MAX = 100;

export interface Inbox {
  /** Signals that arrived since the last call, and how many more there was no room for. */
  take(): { signals: unknown[]; unread: number };
  /** Whether anything woke us since then. */
  hasNews(): boolean;
}

/** Set first thing: signals may arrive before the main body runs. */
export function openInbox(signal: SignalDefinition<[signal?: unknown]>): Inbox {
  let signals: unknown[] = [];
  let unread = 0;
  let isWoken = false;
  setHandler(signal, (...given) => {
    isWoken = true;
    // Our own doors send none. What the codec has voided is there, without its content.
    if (given.length === 0) return;
    const [content = VOIDED_SIGNAL] = given;
    if (signals.length < INBOX_MAX) signals.push(content);
    else unread += 1;
  });
  return {
    take: () => {
      const taken = { signals, unread };
      signals = [];
      unread = 0;
      isWoken = false;
      return taken;
    },
    hasNews: () => isWoken,
  };
}
