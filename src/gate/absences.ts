import { GatewayError } from '../core/gateway-error.ts';
import type { AbsenceRecord, DecisionRecord, PersonRecord } from '../core/records.ts';
import type { StoreReads, StoreTransaction } from '../ports/store.ts';
import { newId } from './ids.ts';

const DAY_MS = 86_400_000;

export const ABSENCE_LIMITS = {
  /** Longer than that somebody is not away but gone: their roles are given to another. */
  lengthMaxMs: 90 * DAY_MS,
  /** How far ahead it may be noted. */
  aheadMaxMs: 366 * DAY_MS,
} as const;

/** Whether the person is away at that moment. */
export const isStanding = ({ from, until, endedAt }: AbsenceRecord, at: Date): boolean =>
  endedAt === null && from <= at && at < until;

/**
 * Those that nobody has ended and that are not over, also those that have not begun. What was changed by hand is
 * left out: it gives nobody a place.
 */
export async function absencesAt(
  { absences }: Pick<StoreReads, 'absences'>,
  at: Date,
): Promise<readonly AbsenceRecord[]> {
  const { rows } = await absences.list();
  return rows.filter(({ endedAt, until }) => endedAt === null && at < until);
}

/** Cast by them, or in their place: they are asked no more. */
export const isVoteFor = ({ personId, inPlaceOf }: DecisionRecord, person: string): boolean =>
  personId === person || inPlaceOf === person;

/** Whether the absence that gave the place to this vote was not ended by hand since. */
const isFromStandingPlace = (
  { inPlaceOf, personId, decidedAt }: DecisionRecord,
  absences: readonly AbsenceRecord[],
): boolean =>
  inPlaceOf === null ||
  absences.some(
    (one) =>
      one.personId === inPlaceOf &&
      one.delegateId === personId &&
      one.from <= decidedAt &&
      decidedAt < one.until &&
      one.endedAt === null,
  );

/**
 * Votes without those that were cast in the place of somebody whose absence was then ended by hand: for pages and
 * notices. What counts is asked by the decision itself, with the absence that the log names. The absences are looked
 * up only where somebody has voted for another.
 */
export async function fromStandingPlaces(
  { absences }: Pick<StoreReads, 'absences'>,
  votes: readonly DecisionRecord[],
): Promise<readonly DecisionRecord[]> {
  if (votes.every(({ inPlaceOf }) => inPlaceOf === null)) return votes;
  const { rows } = await absences.list();
  return votes.filter((vote) => isFromStandingPlace(vote, rows));
}

export interface AbsenceOrder {
  readonly personId: string;
  /** From now on when it is not given. */
  readonly from?: Date | undefined;
  readonly until: Date;
  /** Who decides in their place; null for nobody. */
  readonly delegateId: string | null;
  /** As the log names actors: `operator`, `person:…`. */
  readonly by: string;
}

const invalid = (detail: string): GatewayError => new GatewayError('absence.invalid', { detail });

function assertSpan(from: Date, until: Date, now: Date): void {
  if (from < now) throw invalid('it begins in the past');
  if (from.getTime() - now.getTime() > ABSENCE_LIMITS.aheadMaxMs)
    throw invalid('it begins more than a year from now');
  if (until <= from) throw invalid('it ends before it begins');
  if (until.getTime() - from.getTime() > ABSENCE_LIMITS.lengthMaxMs)
    throw invalid('it is longer than 90 days');
}

const isOnRoster = (person: PersonRecord | undefined): boolean => person?.revokedAt === null;

/**
 * Notes that somebody is away, and who decides in their place meanwhile. Throws `absence.invalid` with what is
 * wrong, and `request.not_found` for somebody who is not on the roster.
 */
export async function noteAbsence(
  tx: StoreTransaction,
  { personId, from = tx.now, until, delegateId, by }: AbsenceOrder,
): Promise<AbsenceRecord> {
  if (!isOnRoster(await tx.people.get(personId)))
    throw new GatewayError('request.not_found', { detail: `no person ${personId}` });
  assertSpan(from, until, tx.now);
  if (delegateId === personId) throw invalid('nobody decides in their own place');
  if (delegateId !== null && !isOnRoster(await tx.people.get(delegateId)))
    throw invalid('the delegate is not on the roster');
  const other = (await absencesAt(tx, tx.now)).find(
    (one) => one.personId === personId && one.from < until && from < one.until,
  );
  if (other !== undefined)
    throw invalid(`it overlaps ${other.id}, until ${other.until.toISOString()}`);
  const absence = { id: newId('abs'), personId, delegateId, from, until, notedAt: tx.now };
  await tx.absences.insert(absence);
  await tx.log.append({
    event: 'absence.noted',
    actor: by,
    facts: {
      absence: absence.id,
      person: personId,
      delegate: delegateId,
      from: from.toISOString(),
      until: until.toISOString(),
    },
  });
  return { ...absence, endedAt: null };
}

/**
 * Ends an absence before its time: its delegate decides no more in that place, and what they have decided there
 * counts no more unless it was begun. Throws `absence.not_found` for one that is over, was ended, or is of
 * somebody else than `personId`.
 */
export async function endAbsence(
  tx: StoreTransaction,
  of: { readonly id: string; readonly personId?: string | undefined; readonly by: string },
): Promise<AbsenceRecord> {
  const absence = await tx.absences.end(of.id);
  const isTheirs = of.personId === undefined || of.personId === absence?.personId;
  if (absence === undefined || !isTheirs || absence.until <= tx.now)
    throw new GatewayError('absence.not_found');
  await tx.log.append({
    event: 'absence.ended',
    actor: of.by,
    facts: { absence: of.id, person: absence.personId },
  });
  return absence;
}
