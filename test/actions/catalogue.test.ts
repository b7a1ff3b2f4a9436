import { describe, expect, it } from 'vitest';
import { ACTIONS, findAction } from '../../src/actions/catalogue.ts';
import { assertAllowed } from '../../src/adapters/hubspot/operations.ts';
import {
  type ObjectType,
  type Operation,
  type Plan,
  type Witness,
  PlanSchema,
} from '../../src/contracts/plan.ts';
import { actionNamed, planOf, problemsOf, SAMPLES } from './support.ts';

/** HubSpot's scopes per object type (developers.hubspot.com, scopes page); notes and tasks have none of their own. */
const SCOPES: Record<string, { read: string[]; write: string[] }> = {
  contacts: { read: ['crm.objects.contacts.read'], write: ['crm.objects.contacts.write'] },
  companies: { read: ['crm.objects.companies.read'], write: ['crm.objects.companies.write'] },
  deals: { read: ['crm.objects.deals.read'], write: ['crm.objects.deals.write'] },
  tickets: { read: ['tickets'], write: ['tickets'] },
  notes: { read: ['crm.objects.contacts.read'], write: ['crm.objects.contacts.write'] },
  tasks: { read: ['crm.objects.contacts.read'], write: ['crm.objects.contacts.write'] },
  calls: { read: ['crm.objects.contacts.read'], write: ['crm.objects.contacts.write'] },
  meetings: { read: ['crm.objects.contacts.read'], write: [] },
  emails: { read: ['crm.objects.contacts.read', 'sales-email-read'], write: [] },
};

const isWrite = ({ kind }: Operation): boolean =>
  kind === 'create' || kind === 'update' || kind === 'associate';

/** The records a plan reads beside its operations: for the card, and to settle a lost answer. */
const witnessTypes = (witness: Witness): ObjectType[] => {
  switch (witness.kind) {
    case 'association':
      return [witness.from.object_type, witness.to_type];
    case 'linked':
    case 'unlinked':
      return [witness.from.object_type, witness.to.object_type];
    case 'unique':
    case 'read_back':
    case 'archived':
      return [witness.object_type];
  }
};
const typesRead = ({ targets, steps }: Plan): ObjectType[] => [
  ...targets.map(({ object_type: type }) => type),
  ...steps.flatMap(({ witness }) => witnessTypes(witness)),
];

const scopesNeeded = (plans: readonly Plan[]): string[] => {
  const ofOperations = plans
    .flatMap(({ operations }) => operations)
    .flatMap((operation) => {
      const scopes = SCOPES[operation.object_type];
      // Any scope of an object is enough, and those of the records that are read are there.
      if (operation.kind === 'associate') return [];
      return (isWrite(operation) ? scopes?.write : scopes?.read) ?? ['unknown'];
    });
  const ofReading = plans.flatMap(typesRead).flatMap((type) => SCOPES[type]?.read ?? ['unknown']);
  return [...new Set([...ofOperations, ...ofReading])].toSorted();
};

describe('the catalogue', () => {
  it('holds exactly these abilities, reads first', () => {
    expect(ACTIONS.map(({ name, risk }) => `${risk} ${name}`)).toEqual([
      'read search_contact',
      'read get_contact',
      'read search_company',
      'read get_company',
      'read search_deal',
      'read get_deal',
      'read search_ticket',
      'read list_interactions',
      'write create_note',
      'write update_contact',
      'write update_company',
      'write create_contact',
      'write create_task',
      'write log_call',
      'write create_deal',
      'write update_deal',
      'write associate_records',
    ]);
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'SEARCH_CONTACT',
    'merge',
  ])('does not know %j', (name) => {
    expect(findAction(name)).toBeUndefined();
  });

  it.each(ACTIONS)('$name is sampled here, so that every check below covers it', ({ name }) => {
    expect(SAMPLES.some(({ action }) => action === name)).toBe(true);
  });

  it.each(ACTIONS)('$name has a card exactly when it writes', ({ card, risk }) => {
    expect(card !== undefined).toBe(risk !== 'read');
  });

  it.each(ACTIONS)('$name says how it is taken back exactly when it writes', ({ undo, risk }) => {
    expect(undo !== undefined).toBe(risk !== 'read');
  });

  it.each(SAMPLES)('$action refuses a field nobody declared', (sample) => {
    expect(problemsOf({ ...sample, archived: true })).toEqual([': Unrecognized key: "archived"']);
  });
});

describe.each(SAMPLES)('the plan of $action', (sample) => {
  it('is a valid plan of operations in the closed table only', () => {
    const plan = PlanSchema.parse(planOf(sample));
    for (const operation of plan.operations)
      expect(() => {
        assertAllowed(operation);
      }).not.toThrow();
  });

  it('writes exactly when the action is a write', () => {
    const { risk } = actionNamed(sample.action);
    expect(planOf(sample).operations.some(isWrite)).toBe(risk === 'write');
  });

  it('needs no scope but those the action declares', () => {
    const { scopes } = actionNamed(sample.action);
    const needed = scopesNeeded([planOf(sample)]);
    expect(scopes).toEqual(expect.arrayContaining(needed));
  });

  it('asks for and writes nothing that policy was not asked about', () => {
    const action = actionNamed(sample.action);
    const touched = action.touches(action.input.parse(sample));
    expect(action.fields).toEqual(expect.arrayContaining([...touched.answers, ...touched.needs]));
  });

  it('has a witness and no answer fields when it writes, neither targets nor witness when it reads', () => {
    const plan = planOf(sample);
    const isRead = actionNamed(sample.action).risk === 'read';
    expect(plan.steps).toHaveLength(isRead ? 0 : plan.operations.length);
    if (isRead) expect(plan.targets).toEqual([]);
    else expect(plan.fields).toEqual([]);
  });

  it('is the same plan when it is made again', () => {
    expect(planOf(sample)).toEqual(planOf(sample));
  });
});

describe('declared scopes', () => {
  it.each(ACTIONS)('$name declares no scope that none of its samples needs', ({ name, scopes }) => {
    const plans = SAMPLES.filter(({ action }) => action === name).map((sample) => planOf(sample));
    expect(scopesNeeded(plans)).toEqual([...scopes].toSorted());
  });
});
