import type { AbsenceRecord, PersonRecord } from '../core/records.ts';
import { isStanding } from './absences.ts';
import type { Requester } from './requester.ts';

/** What a vote is cast from: a person's own place, or that of somebody who is away and has named them. */
export interface Place {
  /** Whose roles count. */
  readonly holder: PersonRecord;
  /** Null for their own. */
  readonly absence: string | null;
}

export interface Seating {
  readonly people: readonly PersonRecord[];
  /** Who asked: decides in nobody's place, and nobody decides in theirs. */
  readonly requester: Requester;
  readonly absences: readonly AbsenceRecord[];
  /** Ids of those whose place holds an approval that counts. */
  readonly taken: ReadonlySet<string>;
  readonly now: Date;
}

/**
 * The places that are free for this person: their own first, then those of who is away and has named them, the
 * one that was noted first before the others. A delegate's own absence passes nothing on but their own place.
 */
export function placesOf(person: PersonRecord, of: Seating): Place[] {
  const { people, requester, absences, taken, now } = of;
  const mayBeTaken = ({ id, revokedAt }: PersonRecord): boolean =>
    revokedAt === null && !requester.has(id) && !taken.has(id);
  if (person.revokedAt !== null || requester.has(person.id)) return [];
  const others = absences
    .filter((one) => one.delegateId === person.id && isStanding(one, now))
    .flatMap(({ id: absence, personId }): Place[] => {
      const holder = people.find(({ id }) => id === personId);
      return holder === undefined ? [] : [{ holder, absence }];
    });
  return [{ holder: person, absence: null }, ...others].filter(({ holder }) => mayBeTaken(holder));
}

/**
 * Who is told what is meant for this person: they themselves, or while they are away whom they have named, if that
 * one is there. Nobody otherwise: a mailbox that nobody reads is asked nothing.
 */
export function whoLooks(personId: string, of: Omit<Seating, 'taken'>): string[] {
  const awayOf = (id: string) =>
    of.absences.find((one) => one.personId === id && isStanding(one, of.now));
  const absence = awayOf(personId);
  if (absence === undefined) return [personId];
  const { delegateId } = absence;
  const delegate = of.people.find(({ id }) => id === delegateId);
  const isThere =
    delegate?.revokedAt === null && !of.requester.has(delegate.id) && !awayOf(delegate.id);
  return isThere ? [delegate.id] : [];
}
