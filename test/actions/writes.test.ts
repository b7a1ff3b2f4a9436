import { describe, expect, it } from 'vitest';
import type { PresentRecord } from '../../src/actions/define-action.ts';
import { associationAnswer, linkProperty } from '../../src/actions/association.ts';
import { writtenValues } from '../../src/actions/written-record.ts';
import { type Plan, PlanSchema } from '../../src/contracts/plan.ts';
import {
  actionNamed,
  bodyOf,
  cardOf,
  dana,
  PAIRS,
  planOf,
  problemsOf,
  REQUEST_ID,
  SAMPLES,
} from './support.ts';

const WRITES = SAMPLES.filter(({ action }) => actionNamed(action).risk === 'write');
const UPDATE = { action: 'update_contact', contact_id: '20001' };
const DEAL = { action: 'update_deal', deal_id: '30001' };

/** The plan's targets with nothing in them, as HubSpot answers for an empty record. */
const emptyTargets = (plan: Plan): PresentRecord[] =>
  plan.targets.map(({ object_type, id, properties, linked_to: linked = [] }) => ({
    object_type,
    id,
    properties: {
      ...Object.fromEntries(properties.map((property) => [property, null])),
      ...Object.fromEntries(linked.map((to) => [linkProperty(to), ''])),
    },
  }));

const idIn = ({ operations: [operation] }: Plan): string =>
  operation?.kind === 'update' ? (operation.path.split('/').at(-1) ?? '') : '77';

/** HubSpot's answer to a write, with more in it than an agent may get. */
const answerTo = (plan: Plan) => ({ id: idIn(plan), properties: { salary: '1' } });

describe.each(WRITES)('$action', (sample) => {
  const plan = planOf(sample);
  it('is one operation that sends text values only', () => {
    expect(plan.operations).toHaveLength(1);
    for (const value of Object.values(writtenValues(plan))) expect(value).toBeTypeOf('string');
  });

  it('shows every property of its body on the card, once', () => {
    const { changes } = cardOf(plan, emptyTargets(plan));
    expect(changes.map(({ property }) => property)).toEqual(Object.keys(writtenValues(plan)));
    expect(changes.every(({ label, property }) => label !== property)).toBe(true);
  });

  it('reads for the card all that the card compares', () => {
    const { changes } = cardOf(plan, emptyTargets(plan));
    const compared = changes.filter(({ before }) => before !== null);
    const [target] = plan.targets;
    const link = (target?.linked_to ?? []).map(linkProperty);
    for (const { property } of compared)
      expect([...(target?.properties ?? []), ...link]).toContain(property);
  });
});

describe.each(WRITES.filter(({ action }) => action !== 'associate_records'))(
  '$action',
  (sample) => {
    const plan = planOf(sample);

    it('answers with the id of the record and nothing else of it', () => {
      const result = actionNamed(sample.action).toResult(plan, [answerTo(plan)]);
      expect(Object.values(result as Record<string, unknown>)).toEqual([{ id: idIn(plan) }]);
    });

    it.each(['', '0', 'x', '77/..'])('does not believe an answer about the record %j', (id) => {
      expect(() => actionNamed(sample.action).toResult(plan, [{ ...answerTo(plan), id }])).toThrow(
        'hubspot.bad_answer',
      );
    });
  },
);

describe('updating a contact', () => {
  it('sends only what changes, and clears by name', () => {
    const plan = planOf({
      ...UPDATE,
      phone: '+1 555 0100',
      email: 'D@Acme.Test',
      clear: ['jobtitle'],
    });
    expect(plan.operations[0]).toMatchObject({
      kind: 'update',
      method: 'PATCH',
      path: '/crm/objects/2026-09/contacts/20001',
    });
    expect(bodyOf(plan)).toEqual({
      properties: { phone: '+1 555 0100', email: 'd@acme.test', jobtitle: '' },
    });
  });

  it('needs every field granted that it changes or clears', () => {
    const action = actionNamed('update_contact');
    const input = action.input.parse({ ...UPDATE, phone: '1', clear: ['jobtitle'] });
    expect(action.touches(input)).toEqual({ answers: [], needs: ['phone', 'jobtitle'] });
  });

  it('shows old and new side by side', () => {
    const plan = planOf({ ...UPDATE, phone: '+1 555 0100', clear: ['jobtitle'] });
    expect(cardOf(plan, [dana])).toEqual({
      sentence: 'Change phone number, job title of Dana Fox.',
      records: [{ object_type: 'contacts', id: '20001', name: 'Dana Fox' }],
      changes: [
        {
          label: 'Phone number',
          property: 'phone',
          before: '+1 419 555 0142',
          after: '+1 555 0100',
        },
        { label: 'Job title', property: 'jobtitle', before: '', after: '' },
      ],
    });
  });

  it('is settled, after a lost answer, by reading the record back', () => {
    expect(planOf({ ...UPDATE, phone: '1' }).steps[0]?.witness).toEqual({
      kind: 'read_back',
      object_type: 'contacts',
      id: '20001',
      properties: { phone: '1' },
    });
  });

  it('makes one plan of one change, in whatever order its fields come', () => {
    const one = planOf({ ...UPDATE, phone: '1', firstname: 'D' });
    const other = planOf({ firstname: 'D', phone: '1', ...UPDATE });
    expect(one).toEqual(other);
    expect(one.operations[0]?.body).toBe(other.operations[0]?.body);
  });

  it.each([
    [{}, ': at least one field to change is needed'],
    [{ clear: [] }, 'clear: Too small: expected array to have >=1 items'],
    [{ phone: '1', clear: ['phone'] }, ': phone cannot be set and cleared at once'],
    [{ clear: ['email'] }, /^clear\.0: Invalid option/],
    [{ phone: '' }, /^phone: Too small/],
    [{ phone: null }, /^phone: Invalid input/],
    [{ firstname: 'Da\u200Bna' }, /^firstname: carries a character that people cannot see/],
    [{ hs_lead_status: 'OPEN' }, ': Unrecognized key: "hs_lead_status"'],
  ])('refuses %j', (change, problem) => {
    expect(problemsOf({ ...UPDATE, ...change })).toContainEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    );
  });
});

describe('an answer about another record', () => {
  it.each(WRITES.filter(({ action }) => action.startsWith('update_')))(
    'is no answer to $action: the write may have happened, so it counts as lost',
    (sample) => {
      const other = { ...answerTo(planOf(sample)), id: '666' };
      expect(() => actionNamed(sample.action).toResult(planOf(sample), [other])).toThrow(
        'hubspot.bad_answer',
      );
    },
  );

  it('is no answer to a create either, when its unique value is another', () => {
    const plan = planOf({ action: 'create_contact', email: 'new@acme.test' });
    const { toResult } = actionNamed('create_contact');
    const answer = (email: string | null) => [{ id: '77', properties: { email } }];
    expect(() => toResult(plan, answer('other@acme.test'))).toThrow('hubspot.bad_answer');
    expect(toResult(plan, answer('New@Acme.test'))).toEqual({ contact: { id: '77' } });
    expect(toResult(plan, answer(null))).toEqual({ contact: { id: '77' } });
  });
});

describe('updating a company', () => {
  const COMPANY = { action: 'update_company', company_id: '10001' };
  const acme: PresentRecord = {
    object_type: 'companies',
    id: '10001',
    properties: { name: 'Acme Corp', domain: 'acme.test', city: 'Toledo' },
  };

  it('changes and clears fields of that company, old and new on the card', () => {
    const plan = planOf({ ...COMPANY, city: 'Berlin', clear: ['domain'] });
    expect(plan.operations[0]).toMatchObject({
      method: 'PATCH',
      path: '/crm/objects/2026-09/companies/10001',
    });
    expect(bodyOf(plan)).toEqual({ properties: { city: 'Berlin', domain: '' } });
    expect(cardOf(plan, [acme])).toMatchObject({
      sentence: 'Change city, company domain name of Acme Corp.',
      changes: [
        { label: 'City', before: 'Toledo', after: 'Berlin' },
        { label: 'Company domain name', before: 'acme.test', after: '' },
      ],
    });
  });

  it.each([
    [{ clear: ['name'] }, /^clear\.0: Invalid option/],
    [{}, /at least one field/],
    [{ name: 'Ac\u200Bme' }, /cannot see/],
  ])('refuses %j', (change, problem) => {
    expect(problemsOf({ ...COMPANY, ...change })).toEqual([expect.stringMatching(problem)]);
  });
});

describe('updating a deal', () => {
  it('tells policy the money at stake', () => {
    const action = actionNamed('update_deal');
    const touched = action.touches(action.input.parse({ ...DEAL, amount: 12_000.5 }));
    expect(touched).toMatchObject({ answers: [], needs: ['amount'], amount: 12_000.5 });
    const renamed = action.input.parse({ ...DEAL, dealname: 'x' });
    expect(action.touches(renamed)).not.toHaveProperty('amount');
    const holding = (amount: string | null) =>
      action.touches(renamed, [{ object_type: 'deals', id: '30001', properties: { amount } }]);
    expect(holding('20000').amount).toBe(20_000);
    expect(holding(null).amount).toBe(0);
    expect(action.touches(renamed, []).amount).toBe(Infinity);
  });

  it('reads the amount that the deal holds for the card, whatever changes', () => {
    const plan = planOf({ ...DEAL, dealname: 'x' });
    expect(plan.targets).toEqual([
      { object_type: 'deals', id: '30001', properties: ['dealname', 'amount'] },
    ]);
  });

  it.each([
    [0, '0'],
    [0.07, '0.07'],
    [0.3, '0.3'],
    [12_000.5, '12000.5'],
    [999_999_999_999.99, '999999999999.99'],
    [1e12, '1000000000000'],
  ])('writes %d as %s', (amount, text) => {
    expect(bodyOf(planOf({ ...DEAL, amount }))).toEqual({ properties: { amount: text } });
  });

  it.each([-1, 0.001, 1e13, Infinity, Number.NaN, '5'])('refuses the amount %j', (amount) => {
    expect(problemsOf({ ...DEAL, amount })).not.toEqual([]);
  });

  it('writes the close date in UTC', () => {
    expect(bodyOf(planOf({ ...DEAL, closedate: '2026-12-31T23:00:00-05:00' }))).toEqual({
      properties: { closedate: '2027-01-01T04:00:00.000Z' },
    });
  });

  it.each(['tomorrow', '', '2026-13-01T00:00:00Z'])('refuses the close date %j', (closedate) => {
    expect(problemsOf({ ...DEAL, closedate }).join()).toContain('closedate');
  });
});

describe('creating a deal', () => {
  const NEW = { action: 'create_deal', company_id: '10001', dealname: 'Yard', dealstage: 'new' };
  const MARKER = `[sallyport ${REQUEST_ID}]`;
  const acme: PresentRecord = {
    object_type: 'companies',
    id: '10001',
    properties: { name: 'Acme Corp', domain: null },
  };

  it.each([
    [{}, 341],
    [{ company_id: undefined, contact_id: '20001' }, 3],
  ])('is one create, bound to its record (%j) by type id %d', (parent, typeId) => {
    const plan = planOf({ ...NEW, ...parent, amount: 5_000, description: 'a & <b>' });
    expect(bodyOf(plan)).toEqual({
      properties: {
        dealname: 'Yard',
        amount: '5000',
        dealstage: 'new',
        description: `a & <b>\n${MARKER}`,
      },
      associations: [
        {
          to: { id: typeId === 3 ? '20001' : '10001' },
          types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: typeId }],
        },
      ],
    });
  });

  it('tells policy the money at stake', () => {
    const { input, touches } = actionNamed('create_deal');
    expect(touches(input.parse({ ...NEW, amount: 20_000 }))).toEqual({
      answers: [],
      needs: ['dealname', 'amount', 'dealstage'],
      amount: 20_000,
    });
  });

  it('is settled, after a lost answer, by its marker among the deals of its record', () => {
    expect(planOf(NEW).steps[0]?.witness).toEqual({
      kind: 'association',
      from: { object_type: 'companies', id: '10001' },
      to_type: 'deals',
      property: 'description',
      marker: MARKER,
    });
  });

  it('or by its request’s id where a property with unique values was prepared', () => {
    const plan = planOf(NEW, [], { deals: 'sallyport_request' });
    expect(bodyOf(plan)).toMatchObject({ properties: { sallyport_request: REQUEST_ID } });
    expect(plan.steps[0]?.witness).toMatchObject({
      kind: 'unique',
      object_type: 'deals',
      value: REQUEST_ID,
    });
  });

  it('names deal and company on the card', () => {
    const card = cardOf(planOf({ ...NEW, amount: 5_000 }), [acme]);
    expect(card.sentence).toBe('Create the deal Yard for Acme Corp.');
    expect(card.changes).toContainEqual({
      label: 'Amount',
      property: 'amount',
      before: null,
      after: '5000',
    });
  });

  it.each([
    [{ company_id: undefined }, ': exactly one of contact_id or company_id is needed'],
    [{ contact_id: '1' }, ': exactly one of contact_id or company_id is needed'],
    [{ dealname: undefined }, 'dealname: Invalid input: expected string, received undefined'],
    [{ dealstage: undefined }, 'dealstage: Invalid input: expected string, received undefined'],
    [{ deal_id: '3' }, ': Unrecognized key: "deal_id"'],
  ])('refuses %j', (change, problem) => {
    expect(problemsOf({ ...NEW, ...change })).toContain(problem);
  });
});

describe('associating two records', () => {
  const PAIR = { action: 'associate_records', contact_id: '20001', company_id: '10001' };
  const acme: PresentRecord = {
    object_type: 'companies',
    id: '10001',
    properties: { name: 'Acme Corp', domain: null },
  };
  const danaWith = (link: string | null): PresentRecord => ({
    ...dana,
    properties: { ...dana.properties, 'associations.companies.10001': link },
  });

  it('is one PUT of the default association, without a body', () => {
    expect(planOf(PAIR).operations).toEqual([
      {
        kind: 'associate',
        object_type: 'contacts',
        method: 'PUT',
        path: '/crm/objects/2026-09/contacts/20001/associations/default/companies/10001',
        query: {},
        body: null,
      },
    ]);
  });

  it.each(PAIRS)('of %j starts from the record with the shorter list', (pair) => {
    const order = ['tickets', 'deals', 'contacts', 'companies'];
    const { targets, steps } = planOf({ action: 'associate_records', ...pair });
    const types = targets.map(({ object_type }) => object_type);
    expect(types).toEqual(types.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)));
    const [from, to] = targets.map(({ object_type, id }) => ({ object_type, id }));
    expect(steps[0]?.witness).toEqual({ kind: 'linked', from, to });
    expect(targets[0]?.linked_to).toEqual([to]);
  });

  it('is taken eight times in one request, of sixteen records', () => {
    const steps = Array.from({ length: 8 }, (_, i) => ({
      action: 'associate_records',
      contact_id: String(20001 + i),
      company_id: String(10001 + i),
    }));
    const plan = PlanSchema.parse(planOf({ action: 'write_several', steps }));
    expect(plan.targets).toHaveLength(16);
  });

  it('needs both kinds of records granted', () => {
    const { input, touches } = actionNamed('associate_records');
    expect(touches(input.parse(PAIR))).toEqual({ answers: [], needs: ['contact', 'company'] });
  });

  it.each([
    ['', ''],
    ['linked', 'linked'],
    [null, null],
  ])('names both records on the card, and what is between them now (%j)', (link, before) => {
    expect(cardOf(planOf(PAIR), [danaWith(link), acme])).toEqual({
      sentence: 'Associate Dana Fox with Acme Corp.',
      records: [
        { object_type: 'contacts', id: '20001', name: 'Dana Fox' },
        { object_type: 'companies', id: '10001', name: 'Acme Corp' },
      ],
      changes: [
        { label: 'Association', property: 'associations.companies.10001', before, after: 'linked' },
      ],
    });
  });

  it('is shown from the path that is called: a path to another record does not get this card', () => {
    const plan = planOf(PAIR);
    const other = planOf({ ...PAIR, company_id: '666' });
    expect(() => cardOf({ ...plan, operations: other.operations }, [danaWith(''), acme])).toThrow(
      'the plan associates no records',
    );
  });

  it('counts for the money of a deal in it, and for none without one', () => {
    const { input, touches } = actionNamed('associate_records');
    const money = (pair: object, present: readonly PresentRecord[]) =>
      touches(input.parse({ action: 'associate_records', company_id: '10001', ...pair }), present);
    const withDeal = { deal_id: '30001' };
    const deal = (amount: string | null): PresentRecord => ({
      object_type: 'deals',
      id: '30001',
      properties: { dealname: 'Yard', amount },
    });
    expect(money(withDeal, [deal('48000'), acme]).amount).toBe(48_000);
    expect(money(withDeal, [deal('much'), acme]).amount).toBe(Infinity);
    expect(money({ contact_id: '20001' }, [dana, acme]).amount).toBeUndefined();
    expect(money(withDeal, []).amount).toBe(Infinity);
    expect(planOf({ ...PAIR, deal_id: '30001', company_id: undefined }).targets).toContainEqual(
      expect.objectContaining({ object_type: 'deals', properties: ['dealname', 'amount'] }),
    );
  });

  it('believes no answer but one about these two records', () => {
    const { toResult } = actionNamed('associate_records');
    const [from, to] = [
      { object_type: 'contacts', id: '20001' },
      { object_type: 'companies', id: '10001' },
    ] as const;
    const answer = associationAnswer(from, to);
    expect(toResult(planOf(PAIR), [answer])).toEqual({ associated: [from, to] });
    for (const other of [
      associationAnswer(from, { ...to, id: '666' }),
      associationAnswer({ ...from, id: '666' }, to),
      { status: 'COMPLETE', results: [] },
      { id: '20001', properties: {} },
      null,
    ])
      expect(() => toResult(planOf(PAIR), [other])).toThrow('hubspot.bad_answer');
  });

  it.each([[{ company_id: undefined }], [{ deal_id: '3' }]])(
    'refuses %j: exactly two',
    (change) => {
      expect(problemsOf({ ...PAIR, ...change })).toEqual([
        ': exactly two of contact_id, company_id, deal_id and ticket_id are needed',
      ]);
    },
  );
});

describe('creating a contact', () => {
  it('is settled, after a lost answer, by its unique e-mail address', () => {
    const plan = planOf({ action: 'create_contact', email: 'New@Acme.Test', firstname: 'New' });
    expect(plan.steps[0]?.witness).toEqual({
      kind: 'unique',
      object_type: 'contacts',
      id_property: 'email',
      value: 'new@acme.test',
      properties: { email: 'new@acme.test', firstname: 'New' },
    });
  });

  it('names the new contact on the card, which has no record yet', () => {
    const plan = planOf({ action: 'create_contact', email: 'new@acme.test' });
    expect(cardOf(plan, [])).toEqual({
      sentence: 'Create the contact new@acme.test.',
      records: [],
      changes: [{ label: 'Email', property: 'email', before: null, after: 'new@acme.test' }],
    });
  });

  it('needs an e-mail address', () => {
    expect(problemsOf({ action: 'create_contact', firstname: 'New' })).toEqual([
      'email: Invalid input: expected string, received undefined',
    ]);
  });
});
