import { describe, expect, it } from 'vitest';
import { DefinitionsSchema, PipelinesSchema } from '../../src/actions/definition-shapes.ts';
import { namesOfType, readDefinitions, typesToName } from '../../src/actions/definitions.ts';
import { shownFields, type ShownField } from '../../src/actions/shown-fields.ts';
import { findAction } from '../../src/actions/catalogue.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import { inHubSpotsWords, propertyKey } from '../../src/core/crm-names.ts';

const context = { requestId: 'act_1', now: new Date(0), fields: [], uniqueProperties: {} };

function planOf(action: Record<string, unknown> & { action: string }): Plan {
  const definition = findAction(action.action)!;
  return definition.toPlan(definition.input.parse(action), context);
}

const typesIn = (plan: Plan) => typesToName(shownFields(plan, []));

const field = (
  objectType: ShownField['objectType'],
  property: string,
  ...values: string[]
): ShownField => ({ objectType, property, values });

const told = <T>(data: T) => ({ kind: 'told', data }) as const;

const definition = (name: string, more: object = {}) => ({
  ...{ name, label: name, type: 'enumeration', fieldType: 'select', options: [] },
  ...more,
});

/** A change of this field, as HubSpot's answers have it read. */
function inWords(
  of: ShownField,
  answers: { readonly definitions?: readonly object[]; readonly pipelines?: readonly object[] },
) {
  const { definitions = [], pipelines } = answers;
  const names = namesOfType(
    { objectType: of.objectType, fields: [of] },
    {
      definitions: told(DefinitionsSchema.parse({ results: definitions })),
      pipelines: pipelines && told(PipelinesSchema.parse({ results: pipelines })),
    },
  );
  const [before = '', after = ''] = of.values;
  const change = { label: 'Ours', property: of.property, before, after };
  return inHubSpotsWords(change, names.get(propertyKey(of.objectType, of.property)));
}

describe('what HubSpot is asked for a card', () => {
  it.each([
    { action: 'create_note', contact_id: '1', note: 'Called.' },
    { action: 'update_contact', contact_id: '1', phone: '1', email: 'a@b.test' },
    {
      action: 'update_deal',
      deal_id: '1',
      amount: 5,
      dealname: 'A',
      closedate: '2027-01-01T00:00:00Z',
    },
    { action: 'associate_records', contact_id: '1', company_id: '2' },
  ])('is nothing for what people type: $action', (action) => {
    expect(typesIn(planOf(action))).toEqual([]);
  });

  it('is one list for each kind of record, of the fields on the card alone', () => {
    const plan = planOf({
      action: 'write_several',
      steps: [
        { action: 'update_deal', deal_id: '1', dealstage: 'x', amount: 5 },
        { action: 'update_deal', deal_id: '2', dealstage: 'y' },
        { action: 'update_contact', contact_id: '1', lifecyclestage: 'lead', phone: '1' },
        { action: 'create_note', contact_id: '1', note: 'Called.' },
      ],
    });
    expect(typesIn(plan).map((type) => readDefinitions(type))).toMatchObject([
      { path: '/crm/properties/2026-09/deals', query: { properties: 'amount,dealstage' } },
      { path: '/crm/properties/2026-09/contacts', query: { properties: 'phone,lifecyclestage' } },
    ]);
  });
});

describe('names of values', () => {
  const pipeline = (id: string, label: string, stages: readonly (readonly [string, string])[]) => ({
    ...{ id, label },
    stages: stages.map(([stage, name]) => ({ id: stage, label: name })),
  });

  it('are those of the stages of all pipelines, and none where an id stands for two', () => {
    const pipelines = [
      pipeline('p1', 'Sales', [
        ['s1', 'Offer'],
        ['s2', 'Won'],
      ]),
      pipeline('p2', 'Renewals', [
        ['s3', 'Due'],
        ['s2', 'Lost'],
      ]),
    ];
    expect(inWords(field('deals', 'dealstage', 's1', 's3'), { pipelines })).toMatchObject({
      ...{ before_name: 'Offer', after_name: 'Due' },
    });
    const other = inWords(field('deals', 'dealstage', 's1', 's2'), { pipelines });
    expect(other.after_name).toBeUndefined();
    expect(other.remark).toBe('HubSpot gives no name for the new value.');
    expect(inWords(field('tickets', 'hs_pipeline', 'p1', 'p2'), { pipelines })).toMatchObject({
      ...{ before_name: 'Sales', after_name: 'Renewals' },
    });
  });

  it('of several choices stand in their order; where only one may stand, the text is one value', () => {
    const options = [
      { value: 'a', label: 'Lathe' },
      { value: 'b', label: 'b' },
    ];
    const several = definition('m', { fieldType: 'checkbox', options });
    const one = definition('m', { options });
    const shown = (of: object, value: string) =>
      inWords(field('contacts', 'm', '', value), { definitions: [of] });
    expect(shown(several, 'b;a').after_name).toBe('b; Lathe');
    expect(shown(several, 'b').after_name).toBeUndefined();
    expect(shown(several, 'b').remark).toBeUndefined();
    expect(shown(one, 'b;a').after_name).toBeUndefined();
    expect(shown(one, 'b;a').remark).toBe('HubSpot gives no name for the new value.');
    expect(shown(several, '').remark).toBeUndefined();
  });

  it('are bounded, one by one and together, and never cut', () => {
    const options = [
      { value: 'fits', label: 'x'.repeat(200) },
      { value: 'long', label: 'x'.repeat(201) },
      { value: 'blank', label: ' ' },
      { value: 'none', label: null },
    ];
    const definitions = [definition('m', { fieldType: 'checkbox', options })];
    const named = (value: string) =>
      inWords(field('contacts', 'm', '', value), { definitions }).after_name?.length;
    expect(named('fits')).toBe(200);
    for (const value of ['long', 'blank', 'none']) expect(named(value)).toBeUndefined();
    expect(named(Array(9).fill('fits').join(';'))).toBe(9 * 200 + 8 * 2);
    expect(named(Array(10).fill('fits').join(';'))).toBeUndefined();
  });
});

describe('the label of a field', () => {
  const labelOf = (of: ShownField, label: string): string =>
    inWords(of, { definitions: [definition(of.property, { label })] }).label;

  it('is the firm’s where it is another one, and ours where only its capitals differ', () => {
    expect(labelOf(field('deals', 'amount'), 'Order value')).toBe('Order value');
    expect(labelOf(field('deals', 'closedate'), 'Close Date')).toBe('Ours');
    expect(labelOf(field('contacts', 'shoe_size'), 'Shoe size')).toBe('Shoe size');
    expect(labelOf(field('contacts', 'shoe_size'), 'x'.repeat(201))).toBe('Ours');
  });

  it('is ours on notes, tasks and calls, where it says more', () => {
    expect(labelOf(field('calls', 'hs_call_duration'), 'Call duration')).toBe('Ours');
  });
});
