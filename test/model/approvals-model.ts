import type fc from 'fast-check';
import { expect } from 'vitest';
import type { Proof } from '../../src/core/proofs.ts';
import type { PersonRecord } from '../../src/core/records.ts';
import {
  APPROVAL_VALID_MS,
  ASKED,
  type AskedFor,
  requesterEmail,
  type World,
  WAITS_MS,
} from './approvals-world.ts';

/** Who is there at the start, by role; `dana` is who asked, through her agent. */
export const NAMES = ['dana', 'lena', 'omar', 'ines', 'vera'] as const;
export type Name = (typeof NAMES)[number];
const ROLES: Readonly<Record<Name, readonly string[]>> = {
  dana: ['approver'],
  lena: ['approver'],
  omar: ['approver'],
  ines: ['approver'],
  vera: ['viewer'],
};

interface Vote {
  readonly personId: string;
  /** Whose place it was cast from, and by which absence; their own, and none. */
  readonly placeId: string;
  readonly absence: Absence | undefined;
  readonly proof: Proof;
  readonly validUntil: number;
}

interface Standing {
  status: 'awaiting_approval' | 'approved' | 'begun' | 'ended';
  readonly votes: Vote[];
  readonly expiresAt: number;
  /** Who put other values in: the same change by them again is that one change. */
  changedBy?: string;
}

interface Known {
  readonly id: string;
  readonly isRequester: boolean;
  readonly isApprover: boolean;
  isRevoked: boolean;
}

interface Absence {
  readonly id: string;
  readonly personId: string;
  readonly delegateId: string;
  readonly until: number;
  isEnded: boolean;
}

/** What should be, in the plainest words: the product's own rules are not asked. */
export interface Model {
  readonly absences: Absence[];
  readonly people: Known[];
  readonly standing: Record<AskedFor, Standing>;
}

export interface Real {
  readonly world: World;
  /** Present and former records of each, the newest last; a door may hold an old one. */
  readonly records: Record<Name, PersonRecord[]>;
  readonly counts: Counts;
  readonly scheduler: fc.Scheduler;
}

export interface Counts {
  commands: number;
  counted: number;
  refused: number;
  begun: number;
  clicks: number;
  absences: number;
  /** Of what was counted, for somebody who was away. */
  inPlaceOf: number;
  changed: number;
}

const emailOf = (name: Name, { run }: World): string =>
  name === 'dana' ? requesterEmail(run) : `${name}-${run}@acme.test`;

export async function setUp(
  world: World,
  counts: Counts,
  scheduler: fc.Scheduler,
): Promise<{ model: Model; real: Real }> {
  const model: Model = {
    absences: [],
    people: [],
    standing: Object.fromEntries(
      ASKED.map((asked) => [
        asked,
        { status: 'awaiting_approval', votes: [], expiresAt: world.now() + WAITS_MS },
      ]),
    ) as unknown as Model['standing'],
  };
  const records = Object.fromEntries(NAMES.map((name) => [name, []])) as unknown as Real['records'];
  const real = { world, records, counts, scheduler };
  for (const name of NAMES) await enrol(model, real, name, ROLES[name]);
  return { model, real };
}

async function enrol(
  model: Model,
  { world, records }: Pick<Real, 'world' | 'records'>,
  name: Name,
  roles: readonly string[],
): Promise<void> {
  const person = await world.add(emailOf(name, world), roles);
  records[name].push(person);
  const isApprover = roles.includes('approver');
  model.people.push({ id: person.id, isRequester: name === 'dana', isApprover, isRevoked: false });
}

const knownAs = (model: Model, id: string): Known | undefined =>
  model.people.find((person) => person.id === id);

const QUORUM = { note: 1, large_deal: 2, call: 1 } as const satisfies Record<AskedFor, number>;

/** Whether a yes from this place can count: its holder is on the roster, in the role, and has not asked for it. */
function isGoodPlace(model: Model, id: string): boolean {
  const holder = knownAs(model, id);
  return holder?.isRevoked === false && holder.isApprover && !holder.isRequester;
}

/** Votes that count now: by people on the roster, from good places that nobody was called back to, not too old. */
function countedVotes(model: Model, asked: AskedFor, now: number): Vote[] {
  return model.standing[asked].votes.filter(
    ({ personId, placeId, absence, validUntil, proof }) =>
      isGoodPlace(model, placeId) &&
      knownAs(model, personId)?.isRevoked === false &&
      absence?.isEnded !== true &&
      validUntil > now &&
      (asked !== 'call' || proof === 'passkey'),
  );
}

export const absenceNow = (model: Model, personId: string, now: number): Absence | undefined =>
  model.absences.find((one) => one.personId === personId && !one.isEnded && now < one.until);

/** The places from which a yes of theirs would count: their own, and those of who is away and has named them. */
export function placesOf(
  model: Model,
  asked: AskedFor,
  personId: string,
  now: number,
): { readonly placeId: string; readonly absence: Absence | undefined }[] {
  const person = knownAs(model, personId);
  const taken = countedVotes(model, asked, now).map(({ placeId }) => placeId);
  // Who comes back finds what was decided in their place done.
  if (person?.isRevoked !== false || person.isRequester || taken.includes(personId)) return [];
  const away = model.absences.filter(
    (one) => one.delegateId === personId && !one.isEnded && now < one.until,
  );
  const all = [
    { placeId: personId, absence: undefined },
    ...away.map((absence) => ({ placeId: absence.personId, absence })),
  ];
  return all.filter(({ placeId }) => !taken.includes(placeId) && isGoodPlace(model, placeId));
}

export const isQuorate = (model: Model, asked: AskedFor, now: number): boolean =>
  countedVotes(model, asked, now).length >= QUORUM[asked];

interface Cast {
  readonly personId: string;
  readonly proof: Proof;
  readonly decision: string;
}

/** What two people are asked for is of high risk: a yes takes the passkey, or the key of what has no browser. */
const STRONG: readonly Proof[] = ['passkey', 'key'];

/** Whether this vote has to be taken. */
export const mayVote = (model: Model, asked: AskedFor, of: Cast, now: number): boolean =>
  maySpeak(model, asked, of, now) &&
  (of.decision === 'reject' || QUORUM[asked] < 2 || STRONG.includes(of.proof));

/** Whether they have a say in it: to put other values in is no yes. */
export function maySpeak(model: Model, asked: AskedFor, of: Cast, now: number): boolean {
  const standing = model.standing[asked];
  if (standing.status !== 'awaiting_approval' || standing.expiresAt <= now) return false;
  if (standing.votes.some(({ personId }) => personId === of.personId)) return false;
  if (placesOf(model, asked, of.personId, now).length === 0) return false;
  return of.decision === 'reject' || asked !== 'call' || of.proof === 'passkey';
}

/** Takes the vote, from the place that is on record, which has to be one of those that were free. */
export function vote(
  model: Model,
  asked: AskedFor,
  of: {
    readonly personId: string;
    readonly proof: Proof;
    readonly decision: string;
    readonly placeId: string | undefined;
  },
  now: number,
): void {
  const standing = model.standing[asked];
  const places = placesOf(model, asked, of.personId, now);
  const place = places.find(({ placeId }) => placeId === of.placeId);
  expect({ of, places: place === undefined ? places : [] }).toEqual({ of, places: [] });
  if (of.decision === 'reject') {
    standing.status = 'ended';
    return;
  }
  const validUntil = Math.max(standing.expiresAt, now) + APPROVAL_VALID_MS;
  const { placeId, absence } = place!;
  standing.votes.push({ personId: of.personId, placeId, absence, proof: of.proof, validUntil });
  if (isQuorate(model, asked, now)) standing.status = 'approved';
}

/** That the record and the model tell the same of every request, and nobody was counted twice. */
export async function assertSame(model: Model, { world }: Real): Promise<void> {
  for (const asked of ASKED) {
    const on = world.requests[asked];
    const status = await world.statusOf(on);
    const shown = status === 'executing' ? 'begun' : status;
    const isOpen = shown === 'awaiting_approval' || shown === 'approved' || shown === 'begun';
    expect(isOpen ? shown : 'ended').toBe(model.standing[asked].status);
    const decisions = await world.decisions(on);
    expect(new Set(decisions.map(({ personId }) => personId)).size).toBe(decisions.length);
  }
}

export { enrol };
