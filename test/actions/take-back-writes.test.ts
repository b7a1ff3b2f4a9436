import { describe, expect, it } from 'vitest';
import { ACTION_NAMES, ACTIONS, findAction } from '../../src/actions/catalogue.ts';
import type { PresentRecord } from '../../src/actions/define-action.ts';
import { takeBackWrites } from '../../src/actions/take-back-writes.ts';
import { assertAllowed } from '../../src/adapters/hubspot/operations.ts';
import type { Undo } from '../../src/contracts/undo.ts';
import { PlanSchema } from '../../src/contracts/plan.ts';
import { stepPlan } from '../../src/core/steps.ts';

const restore: Undo = {
  kind: 'restore',
  object_type: 'contacts',
  id: '1',
  properties: { jobtitle: 'Buyer', phone: '' },
  expects: { jobtitle: 'Hacked', phone: '1' },
};
const archive: Undo = {
  kind: 'archive',
  object_type: 'notes',
  id: '7',
  expects: { hs_note_body: 'a &amp; b<br>[sallyport act_1]', hs_timestamp: '2026-01-01' },
};
const dissociate: Undo = {
  kind: 'dissociate',
  from: { object_type: 'contacts', id: '2' },
  to: { object_type: 'companies', id: '9' },
  type_ids: [279, 1],
};
const PRESENT: readonly PresentRecord[] = [
  {
    object_type: 'contacts',
    id: '1',
    properties: { firstname: 'Dana', lastname: 'Fox', jobtitle: 'Hacked', phone: '1' },
  },
  { object_type: 'notes', id: '7', properties: { ...archive.expects } },
  {
    object_type: 'contacts',
    id: '2',
    properties: { email: 'lee@acme.test', 'associations.companies.9': 'linked' },
  },
  { object_type: 'companies', id: '9', properties: { name: 'Acme' } },
];

const inputOf = (undo: readonly unknown[], of: string | null = null) => ({
  action: 'take_back',
  of,
  undo,
});
const parsed = (undo: readonly unknown[]) => takeBackWrites.input.safeParse(inputOf(undo));
const planOf = (undo: readonly unknown[]) =>
  PlanSchema.parse(
    takeBackWrites.toPlan(takeBackWrites.input.parse(inputOf(undo)), {
      requestId: 'act_1',
      now: new Date(0),
      fields: [],
      uniqueProperties: {},
    }),
  );

describe('the plan of a take-back', () => {
  const plan = planOf([restore, archive, dissociate]);

  it('has one operation for each, in the given order, all of the closed table', () => {
    expect(plan.operations.map(({ method, path, body }) => [method, path, body])).toEqual([
      [
        'PATCH',
        '/crm/objects/2026-09/contacts/1',
        '{"properties":{"jobtitle":"Buyer","phone":""}}',
      ],
      ['DELETE', '/crm/objects/2026-09/notes/7', null],
      ['DELETE', '/crm/objects/2026-09/contacts/2/associations/companies/9', null],
    ]);
    for (const operation of plan.operations)
      expect(() => {
        assertAllowed(operation);
      }).not.toThrow();
  });

  it('says of each step what must stand in its record', () => {
    expect(plan.steps.map(({ expects }) => expects?.properties)).toEqual([
      restore.expects,
      archive.expects,
      { 'associations.companies.9': 'linked' },
    ]);
  });

  it('reads exactly what is taken back, what names a record, and of one to be archived what people write', () => {
    expect(plan.targets[0]?.properties).toEqual([
      ...['firstname', 'lastname', 'email'],
      ...['jobtitle', 'phone'],
    ]);
    expect(plan.targets[1]?.properties).toEqual(['hs_note_body', 'hs_timestamp']);
    expect(plan.targets[2]?.linked_to).toEqual([dissociate.to]);
  });

  it('is told step by step on the card, with what stands there now', () => {
    const card = takeBackWrites.card?.(plan, PRESENT);
    expect(card?.sentence).toBe(
      '1. Set back job title, phone number of Dana Fox. ' +
        '2. Archive notes 7; it can be restored in HubSpot for 90 days. ' +
        '3. Take away the association of lee@acme.test with Acme.',
    );
    expect(card?.changes.map(({ label, before, after }) => [label, before, after])).toEqual([
      ['1. Job title', 'Hacked', 'Buyer'],
      ['1. Phone number', '1', ''],
      ['2. Record', 'in HubSpot', 'archived'],
      ['2. Note', 'a & b\n[sallyport act_1]', ''],
      ['2. Dated', '2026-01-01', ''],
      ['3. Association', 'linked', 'not linked'],
    ]);
  });

  it('takes a DELETE’s empty answer for done, and any other for none', () => {
    const step = stepPlan(plan, 2)!;
    expect(takeBackWrites.toResult(step, [null])).toEqual({
      taken_back: [{ kind: 'archive', object_type: 'notes', id: '7' }],
    });
    expect(() => takeBackWrites.toResult(step, [{ id: '8', properties: {} }])).toThrow();
    expect(() => takeBackWrites.toResult(step, ['<html>'])).toThrow();
  });

  it('can itself be taken back where values were set back', () => {
    const rows = [
      { objectType: 'contacts', objectId: '1', before: restore.expects, after: restore.properties },
      { objectType: 'notes', objectId: '7', before: {}, after: { archived: 'true' } },
    ].map((row) => ({ ...row, requestId: 'act_1', executedAt: new Date(0) }));
    expect(takeBackWrites.undo?.(plan, rows)).toEqual([
      { ...restore, properties: restore.expects, expects: restore.properties },
    ]);
  });
});

describe('the input of a take-back', () => {
  it.each<readonly [string, readonly unknown[]]>([
    ['nothing', []],
    ['nine', Array.from({ length: 9 }, (_, i) => ({ ...restore, id: String(i + 1) }))],
    ['values that nobody left behind', [{ ...restore, expects: { jobtitle: 'Hacked' } }]],
    ['no values', [{ ...restore, properties: {}, expects: {} }]],
    ['one value twice', [restore, restore]],
    [
      'a value of a record that is archived',
      [restore, { ...archive, object_type: 'contacts', id: '1' }],
    ],
    [
      'a record of which a value is set back',
      [{ ...archive, object_type: 'contacts', id: '1' }, restore],
    ],
    ['a ticket’s values', [{ ...restore, object_type: 'tickets' }]],
    ['a path in place of an id', [{ ...restore, id: '1/merge' }]],
    ['a list in place of a name', [{ ...archive, expects: { 'a,b': '1' } }]],
    ['a note’s association', [{ ...dissociate, to: { object_type: 'notes', id: '9' } }]],
  ])('does not take %s', (_what, undo) => {
    expect(parsed(undo).success).toBe(false);
  });

  it('is in no list of what agents may ask for', () => {
    expect(findAction('take_back')).toBe(takeBackWrites);
    expect(ACTION_NAMES).not.toContain('take_back');
    expect(ACTIONS).not.toContain(takeBackWrites);
    const steps = [inputOf([restore]), inputOf([restore])];
    const several = findAction('write_several')?.input;
    expect(several?.safeParse({ action: 'write_several', steps }).success).toBe(false);
  });

  it('names the kinds and the money that policy is asked about', () => {
    const deal: Undo = {
      kind: 'restore',
      object_type: 'deals',
      id: '5',
      properties: { amount: '40000' },
      expects: { amount: '9' },
    };
    const value = takeBackWrites.input.parse(inputOf([deal, archive]));
    expect(takeBackWrites.touches(value)).toEqual({
      answers: [],
      needs: ['restore', 'archive'],
      isAmountHeld: true,
      amount: 40_000,
    });
  });
});
