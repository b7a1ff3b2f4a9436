import type { NoticeRecord } from '../core/notices.ts';
import type { PersonRecord } from '../core/records.ts';
import type { Store } from '../ports/store.ts';

export interface TellingDependencies {
  readonly store: Store;
  /** Of the console: `https://gate.acme.test`. */
  readonly origin: string;
}

/** What the channel called the first of these that it was told. */
export const threadOf = (told: readonly NoticeRecord[]): string | null =>
  told.find(({ reference }) => reference !== null)?.reference ?? null;

/** Where a person is reached; null for who is on the roster no longer, and for places that are nobody's alone. */
export function addressOf(
  people: readonly PersonRecord[],
  { recipient }: NoticeRecord,
): string | null {
  const person = people.find(({ id }) => id === recipient);
  return person?.revokedAt === null ? person.email : null;
}
