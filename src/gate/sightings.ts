import type { Proof } from '../core/proofs.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import type { Logger } from '../ports/logger.ts';
import type { LogReads, Store } from '../ports/store.ts';
import { entryOf } from './logged.ts';
import { requestEntry } from './request-entry.ts';

interface Sighting {
  readonly request: RequestRecord;
  readonly person: PersonRecord;
  readonly proof: Proof;
}

async function hasSeen(
  { log }: { readonly log: Pick<LogReads, 'trace'> },
  { request, person }: Sighting,
): Promise<boolean> {
  const { records } = await log.trace(request.id);
  return records.some(({ leaf }) => {
    const { event, actor } = entryOf(leaf);
    return event === 'approval.seen' && actor === `person:${person.id}`;
  });
}

/**
 * Writes into the log that this person has opened the card of a request that waits, the first time. Whoever looks
 * again costs no commit, and of two looks at once one is written down. Never throws: a card can be read, and what it
 * asks for be stopped, also while the log cannot be written. Nothing rests on the entry.
 */
export async function noteSeen(
  { store, logger }: { readonly store: Store; readonly logger: Logger },
  of: Sighting,
): Promise<void> {
  const { request, person, proof } = of;
  if (request.status !== 'awaiting_approval') return;
  try {
    if (await hasSeen(store, of)) return;
    await store.commit(async (tx) => {
      if (await hasSeen(tx, of)) return;
      const entry = { ...requestEntry(request, `person:${person.id}`), facts: { proof } };
      await tx.log.append({ event: 'approval.seen', ...entry });
    });
  } catch (error) {
    logger.warn('it could not be written down who saw a card', { requestId: request.id, error });
  }
}
