import fc from 'fast-check';
import { expect } from 'vitest';
import { type Proof, PROOFS } from '../../src/core/proofs.ts';
import type { RequestRecord } from '../../src/core/records.ts';
import {
  absenceNow,
  assertSame,
  enrol,
  isQuorate,
  maySpeak,
  mayVote,
  type Model,
  type Name,
  NAMES,
  type Real,
  vote,
} from './approvals-model.ts';
import { APPROVAL_VALID_MS, ASKED, type AskedFor } from './approvals-world.ts';

type Command = fc.AsyncCommand<Model, Real>;

/** A command that is always possible, and compares record and model afterwards. */
const command = (
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
  canRun: (model: Model) => boolean = () => true,
): Command => ({
  check: canRun,
  run: async (model, real) => {
    real.counts.commands += 1;
    await run(model, real);
    await assertSame(model, real);
  },
  toString: () => name,
});

interface Voting {
  readonly who: Name;
  readonly asked: AskedFor;
  readonly proof: Proof;
  readonly decision: 'approve' | 'reject';
  /** The door read the person before, perhaps before they were revoked. */
  readonly isStale: boolean;
  readonly isOfAnother: boolean;
}

async function tryVote(model: Model, real: Real, of: Voting): Promise<void> {
  const { world, records, counts } = real;
  const held = of.isStale ? records[of.who][0] : records[of.who].at(-1);
  if (held === undefined) return;
  const made = { person: held, proof: of.proof, decision: of.decision } as const;
  const on = world.requests[of.asked];
  const now = world.now();
  const decided = of.isOfAnother
    ? await world.decideWrongly(made, on)
    : await world.decide(made, on);
  const cast = { personId: held.id, proof: of.proof, decision: of.decision };
  const isGood = !of.isOfAnother && mayVote(model, of.asked, cast, now);
  expect({ of, decided: decided.kind }).toEqual({ of, decided: isGood ? 'decided' : 'refused' });
  counts[isGood ? 'counted' : 'refused'] += 1;
  if (!isGood) return;
  const placeId = await placeOnRecord(real, cast, on);
  if (placeId !== held.id) counts.inPlaceOf += 1;
  vote(model, of.asked, { ...cast, placeId }, now);
}

async function placeOnRecord(
  { world }: Real,
  { personId }: { readonly personId: string },
  on: RequestRecord,
): Promise<string | undefined> {
  const made = (await world.decisions(on)).find((one) => one.personId === personId);
  return made && (made.inPlaceOf ?? made.personId);
}

const voting = (of: Voting): Command =>
  command(JSON.stringify(of), (model, real) => tryVote(model, real, of));

/** Everybody at once and several times each, in an order that the scheduler makes up. */
const clicking = (asked: AskedFor, clicks: number, proof: Proof): Command =>
  command(`${clicks} clicks on ${asked} by ${proof}`, async (model, real) => {
    const { world, records, counts, scheduler } = real;
    const now = world.now();
    const on = world.requests[asked];
    const people = NAMES.map((name) => records[name].at(-1)).filter((one) => one !== undefined);
    const order: string[] = [];
    const all = Array.from({ length: clicks }, async (_, i) => {
      const person = people[i % people.length]!;
      await scheduler.schedule(Promise.resolve(), person.id);
      const decided = await world.decide({ person, proof, decision: 'approve' }, on);
      if (decided.kind === 'decided') order.push(person.id);
    });
    await scheduler.waitFor(Promise.all(all));
    counts.clicks += clicks;
    for (const personId of order) {
      const cast = { personId, proof, decision: 'approve' };
      expect(mayVote(model, asked, cast, now)).toBe(true);
      vote(model, asked, { ...cast, placeId: await placeOnRecord(real, cast, on) }, now);
    }
    // Whoever may still vote was refused, though each clicked.
    const left = people.filter(({ id }) =>
      mayVote(model, asked, { personId: id, proof, decision: 'approve' }, now),
    );
    expect(left.slice(0, clicks >= people.length ? undefined : 0)).toEqual([]);
  });

/** Whoever may say yes may put other values in; then it has ended, and its successor is another request. */
const changing = (who: Name, asked: AskedFor, proof: Proof): Command =>
  command(`${who} changes ${asked} by ${proof}`, async (model, real) => {
    const person = real.records[who].at(-1);
    if (person === undefined) return;
    const cast = { personId: person.id, proof, decision: 'approve' } as const;
    const isGood = maySpeak(model, asked, cast, real.world.now());
    const on = real.world.requests[asked];
    const kind = await real.world.change({ person, proof, decision: 'approve' }, on);
    const standing = model.standing[asked];
    const isAgain = standing.changedBy === person.id;
    expect({ who, asked, kind }).toEqual({
      ...{ who, asked },
      kind: isGood || isAgain ? 'changed' : 'refused',
    });
    if (!isGood) return;
    standing.status = 'ended';
    standing.changedBy = person.id;
    real.counts.changed += 1;
  });

const passing = (minutes: number): Command =>
  command(`${minutes} minutes pass`, (_model, { world }) => {
    world.pass(minutes * 60_000);
    return Promise.resolve();
  });

const revoking = (who: Name): Command =>
  command(`${who} is revoked`, async (model, { world, records }) => {
    const person = records[who].at(-1);
    if (person === undefined) return;
    await world.revoke(person.id);
    for (const known of model.people) if (known.id === person.id) known.isRevoked = true;
  });

/** How a role is taken away or given: the person is revoked and enrolled anew, with two rows from then on. */
const reenrolling = (who: Name, roles: readonly string[]): Command =>
  command(`${who} is enrolled anew as ${roles.join()}`, async (model, real) => {
    const before = real.records[who].at(-1);
    if (before !== undefined) await real.world.revoke(before.id);
    for (const known of model.people) if (known.id === before?.id) known.isRevoked = true;
    await enrol(model, real, who, roles);
  });

/** Away from now on, with somebody in their place; refused for who is away already, or for who is not there. */
const leaving = (who: Name, delegate: Name, minutes: number): Command =>
  command(
    `${who} is away for ${minutes} minutes, ${delegate} decides`,
    async (model, { world, records, counts }) => {
      const [person, other] = [records[who].at(-1), records[delegate].at(-1)];
      if (person === undefined || other === undefined) return;
      const now = world.now();
      const isThere = ({ id }: { id: string }) =>
        model.people.some((known) => known.id === id && !known.isRevoked);
      const isGood =
        who !== delegate &&
        isThere(person) &&
        isThere(other) &&
        absenceNow(model, person.id, now) === undefined;
      const gone = await world.goAway(person.id, other.id, minutes * 60_000);
      expect({ who, delegate, is: 'id' in gone }).toEqual({ who, delegate, is: isGood });
      if (!('id' in gone)) return;
      counts.absences += 1;
      model.absences.push({
        ...{ id: gone.id, personId: person.id, delegateId: other.id, isEnded: false },
        until: now + minutes * 60_000,
      });
    },
  );

const comingBack = (who: Name): Command =>
  command(`${who} is back`, async (model, { world, records }) => {
    const person = records[who].at(-1);
    const absence = person && absenceNow(model, person.id, world.now());
    if (absence === undefined) return;
    expect(await world.comeBack(absence.id)).toBe(true);
    absence.isEnded = true;
  });

/** Several workers at once, as after a death: one of them begins. */
const beginning = (asked: AskedFor, times: number): Command =>
  command(`${asked} begins ${times} times`, async (model, { world, counts }) => {
    const standing = model.standing[asked];
    const wasApproved = standing.status === 'approved';
    const isDue = wasApproved && isQuorate(model, asked, world.now());
    const on = world.requests[asked];
    const begun = await Promise.all(Array.from({ length: times }, () => world.begin(on)));
    expect(begun.filter((kind) => kind === 'begun')).toHaveLength(isDue ? 1 : 0);
    if (isDue) {
      standing.status = 'begun';
      counts.begun += 1;
    } else if (wasApproved) standing.status = 'ended';
  });

const withdrawing = (asked: AskedFor): Command =>
  command(`${asked} is withdrawn`, async (model, { world }) => {
    await world.withdraw(world.requests[asked]);
    const standing = model.standing[asked];
    if (standing.status === 'awaiting_approval') standing.status = 'ended';
  });

const sweeping = (asked: AskedFor): Command =>
  command(`${asked} is swept`, async (model, { world }) => {
    await world.expire(world.requests[asked]);
    const standing = model.standing[asked];
    const valid = standing.status === 'approved' ? APPROVAL_VALID_MS : 0;
    const isOpen = standing.status === 'awaiting_approval' || standing.status === 'approved';
    if (isOpen && standing.expiresAt + valid <= world.now()) standing.status = 'ended';
  });

const who = fc.constantFrom(...NAMES);
const asked = fc.constantFrom(...ASKED);
/** What was allowed ahead is no proof that a person brings. */
const BROUGHT = PROOFS.filter((proof) => proof !== 'grant');
const proof = fc.constantFrom<Proof>(...BROUGHT, 'passkey', 'passkey', 'key', 'key');

const votes = fc
  .record({
    who,
    asked,
    proof,
    decision: fc.constantFrom<Voting['decision']>('approve', 'approve', 'approve', 'reject'),
    isStale: fc.boolean(),
    isOfAnother: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  })
  .map(voting);
const begins = fc.tuple(asked, fc.constantFrom(1, 2, 5)).map((of) => beginning(...of));

/** What happens most stands in it most often. */
export const COMMANDS: fc.Arbitrary<Command>[] = [
  ...[votes, votes, votes, votes, votes, votes],
  ...[begins, begins],
  fc.tuple(asked, fc.constantFrom(3, 5, 5, 8, 8, 100), proof).map((of) => clicking(...of)),
  fc.constantFrom(1, 30, 61, 80).map(passing),
  who.map(revoking),
  fc.tuple(who, fc.constantFrom(['approver'], ['viewer'])).map((of) => reenrolling(...of)),
  fc.tuple(who, who, fc.constantFrom(20, 70)).map((of) => leaving(...of)),
  fc.tuple(who, who, fc.constantFrom(20, 70)).map((of) => leaving(...of)),
  who.map(comingBack),
  fc.tuple(who, asked, proof).map((of) => changing(...of)),
  asked.map(withdrawing),
  asked.map(sweeping),
];
