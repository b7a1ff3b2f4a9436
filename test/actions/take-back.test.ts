import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { associatedIn } from '../../src/actions/association.ts';
import { sentId, writtenValues } from '../../src/actions/written-record.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import { type Undo, UndoSchema } from '../../src/contracts/undo.ts';
import { ASSOCIATION_TYPE_IDS } from '../../src/core/hubspot-paths.ts';
import type { LedgerRecord } from '../../src/core/records.ts';
import { isSameValue } from '../../src/core/same-value.ts';
import { actionNamed, PAIRS, planOf, SAMPLES } from './support.ts';

/** HubSpot as far as a write and its undo are concerned: values by record, and types by pair. */
interface World {
  readonly records: Record<string, Record<string, string>>;
  readonly links: Record<string, readonly number[]>;
}

const WRITES = SAMPLES.filter(({ action }) => actionNamed(action).risk === 'write');
const updates = WRITES.filter(({ action }) => action.startsWith('update_'));
const creates = WRITES.filter(({ action }) => /^(?:create|log)_/.test(action));
const NEW_ID = '777';

const withoutEmpty = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));

const pairOf = (plan: Plan): string => {
  const { from, to } = associatedIn(plan);
  return `${from.object_type}/${from.id}/${to.object_type}/${to.id}`;
};

const unlabelled = (plan: Plan): number => {
  const { from, to } = associatedIn(plan);
  const ids: Record<string, Record<string, number>> = ASSOCIATION_TYPE_IDS;
  return ids[from.object_type]?.[to.object_type] ?? 0;
};

/** The record a write lands on. */
function keyOf(plan: Plan): string {
  const [operation] = plan.operations;
  if (operation === undefined) throw new Error('the plan is empty');
  if (operation.kind === 'associate')
    return `${operation.object_type}/${associatedIn(plan).from.id}`;
  return `${operation.object_type}/${operation.kind === 'create' ? NEW_ID : sentId(operation)}`;
}

/** Does the write, and keeps what the ledger keeps. */
function apply(world: World, plan: Plan): { after: World; row: LedgerRecord } {
  const key = keyOf(plan);
  const values = writtenValues(plan);
  const isLink = plan.operations[0]?.kind === 'associate';
  const pair = isLink ? pairOf(plan) : '';
  const link = (world.links[pair] ?? []).length > 0 ? 'linked' : '';
  const held = isLink
    ? Object.fromEntries(Object.keys(values).map((name) => [name, link]))
    : world.records[key];
  const [objectType = '', objectId = ''] = key.split('/');
  const row: LedgerRecord = {
    requestId: 'act_1',
    objectType,
    objectId,
    before: Object.fromEntries(Object.keys(values).map((name) => [name, held?.[name] ?? null])),
    after: values,
    executedAt: new Date(0),
  };
  const after: World = isLink
    ? {
        ...world,
        links: {
          ...world.links,
          [pair]: [...new Set([...(world.links[pair] ?? []), unlabelled(plan)])],
        },
      }
    : {
        ...world,
        records: { ...world.records, [key]: withoutEmpty({ ...world.records[key], ...values }) },
      };
  return { after, row };
}

/** As the executor is told to: what was changed since wins. */
function takeBack(world: World, undo: Undo): World {
  if (undo.kind === 'dissociate') {
    const { from, to, type_ids: made } = undo;
    const pair = `${from.object_type}/${from.id}/${to.object_type}/${to.id}`;
    const isOurs = (world.links[pair] ?? []).every((type) => made.includes(type));
    return isOurs ? { ...world, links: { ...world.links, [pair]: [] } } : world;
  }
  const key = `${undo.object_type}/${undo.id}`;
  const held = world.records[key] ?? {};
  const isThere = (name: string): boolean => isSameValue(name, held[name], undo.expects[name]);
  if (undo.kind === 'archive') {
    if (!Object.keys(undo.expects).every(isThere)) return world;
    const { [key]: gone, ...records } = world.records;
    return gone === undefined ? world : { ...world, records };
  }
  const restored = Object.entries(undo.properties).filter(([name]) => isThere(name));
  return {
    ...world,
    records: {
      ...world.records,
      [key]: withoutEmpty({ ...held, ...Object.fromEntries(restored) }),
    },
  };
}

const undoOf = (plan: Plan, row: LedgerRecord): Undo[] =>
  (actionNamed(plan.action).undo?.(plan, [row]) ?? []).map((one) => UndoSchema.parse(one));

/** Some values of the record a plan changes, of those it changes and of others. */
const heldBy = (plan: Plan) =>
  fc.dictionary(
    fc.constantFrom(...Object.keys(writtenValues(plan)), 'firstname', 'hs_other'),
    fc.oneof(fc.constantFrom('a', '5000', '5000.00', '2026-12-31'), fc.string({ minLength: 1 })),
  );

describe('taking back', () => {
  it.each(updates)(
    '$action restores what the ledger says was there, and nothing else',
    (sample) => {
      const plan = planOf(sample);
      fc.assert(
        fc.property(heldBy(plan), (held) => {
          const world: World = { records: { [keyOf(plan)]: held }, links: {} };
          const { after, row } = apply(world, plan);
          const back = undoOf(plan, row).reduce(takeBack, after);
          const now = back.records[keyOf(plan)] ?? {};
          for (const name of [...Object.keys(held), ...Object.keys(now)])
            expect([name, isSameValue(name, now[name], held[name])]).toEqual([name, true]);
        }),
      );
    },
  );

  it.each(updates)(
    '$action leaves alone what a person changed since, and restores the rest',
    (sample) => {
      const plan = planOf(sample);
      const sent = Object.keys(writtenValues(plan));
      fc.assert(
        fc.property(heldBy(plan), fc.constantFrom(...sent), (held, edited) => {
          const { after, row } = apply({ records: { [keyOf(plan)]: held }, links: {} }, plan);
          const byPerson = { ...after.records[keyOf(plan)], [edited]: 'by a person' };
          const edit: World = { ...after, records: { [keyOf(plan)]: byPerson } };
          const now = undoOf(plan, row).reduce(takeBack, edit).records[keyOf(plan)] ?? {};
          expect(now[edited]).toBe('by a person');
          for (const name of sent.filter((one) => one !== edited))
            expect([name, isSameValue(name, now[name], held[name])]).toEqual([name, true]);
        }),
      );
    },
  );

  it.each(creates)(
    '$action archives the record it made, unless somebody worked on it',
    (sample) => {
      const plan = planOf(sample);
      const world: World = { records: { 'contacts/1': { firstname: 'Dana' } }, links: {} };
      const { after, row } = apply(world, plan);
      const [undo] = undoOf(plan, row);
      expect(undo).toMatchObject({ kind: 'archive', id: NEW_ID, expects: writtenValues(plan) });
      expect(undoOf(plan, row).reduce(takeBack, after)).toEqual(world);
      const [first = ''] = Object.keys(writtenValues(plan));
      const edited = { ...after.records[keyOf(plan)], [first]: 'by a person' };
      const edit: World = { ...after, records: { ...after.records, [keyOf(plan)]: edited } };
      expect(undoOf(plan, row).reduce(takeBack, edit)).toEqual(edit);
    },
  );

  it.each(PAIRS)('an association of %j is removed, and only one that this write made', (pair) => {
    const plan = planOf({ action: 'associate_records', ...pair });
    const world: World = { records: {}, links: { [pairOf(plan)]: [] } };
    const { after, row } = apply(world, plan);
    expect(undoOf(plan, row).reduce(takeBack, after)).toEqual(world);
    const labelled: World = { ...after, links: { [pairOf(plan)]: [unlabelled(plan), 31] } };
    expect(undoOf(plan, row).reduce(takeBack, labelled)).toEqual(labelled);
    const { row: again } = apply(after, plan);
    expect(undoOf(plan, again)).toEqual([]);
    const notTold = {
      ...row,
      before: Object.fromEntries(Object.keys(row.before).map((name) => [name, null])),
    };
    expect(undoOf(plan, notTold)).toEqual([]);
  });

  it('names the types that HubSpot makes of a default association, as it numbers them', () => {
    const typesOf = (pair: object) => {
      const plan = planOf({ action: 'associate_records', ...pair });
      const [undo] = undoOf(plan, apply({ records: {}, links: {} }, plan).row);
      return undo?.kind === 'dissociate' ? undo.type_ids : undefined;
    };
    expect(PAIRS.map(typesOf)).toEqual([[279, 1], [3], [16], [341, 5], [339, 26], [28]]);
  });

  it('has nothing to do where the write changed nothing', () => {
    const plan = planOf({ action: 'update_deal', deal_id: '30001', amount: 5_000 });
    const world: World = { records: { 'deals/30001': { amount: '5000.00' } }, links: {} };
    expect(undoOf(plan, apply(world, plan).row)).toEqual([]);
  });

  it('takes the newest row back first', () => {
    const plan = planOf({ action: 'update_deal', deal_id: '30001', amount: 2 });
    const row = (before: string, after: string): LedgerRecord => ({
      ...apply({ records: {}, links: {} }, plan).row,
      before: { amount: before },
      after: { amount: after },
    });
    const undo = actionNamed('update_deal').undo?.(plan, [row('0', '1'), row('1', '2')]);
    expect(undo).toMatchObject([{ properties: { amount: '1' } }, { properties: { amount: '0' } }]);
  });

  it.each(WRITES)('$action is taken back by no row of another plan', (sample) => {
    const plan = planOf(sample);
    const { row } = apply({ records: {}, links: {} }, plan);
    expect(() => undoOf(plan, { ...row, objectType: 'emails' })).toThrow('plan.tampered');
    if (sample.action.startsWith('update_'))
      expect(() => undoOf(plan, { ...row, objectId: '666' })).toThrow('plan.tampered');
  });
});
