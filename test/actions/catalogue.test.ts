import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIONS, findAction } from '../../src/actions/catalogue.ts';
import type { PresentRecord } from '../../src/actions/define-action.ts';
import { openAiTools } from '../../src/actions/tool-definitions.ts';
import { assertAllowed } from '../../src/adapters/hubspot/operations.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import { PlanSchema } from '../../src/contracts/plan.ts';

const REQUEST_ID = `act_${'0'.repeat(26)}`;
const NOW = new Date('2026-11-25T12:00:00Z');

/** One good input of each action. */
const INPUTS: Record<string, Record<string, unknown>> = {
  search_contact: { company: 'Acme Corp' },
  get_contact: { contact_id: '1' },
  search_company: { name: 'Acme Corp' },
  get_company: { company_id: '1' },
  search_deal: { name: 'Renewal' },
  get_deal: { deal_id: '1' },
  list_interactions: { contact_id: '1' },
  create_note: { contact_id: '1', note: 'A note.' },
  update_contact: { contact_id: '1', firstname: 'Dana' },
  create_contact: { email: 'new@acme.test', firstname: 'New' },
  create_task: { contact_id: '1', subject: 'Call', due: '2026-12-01T15:00:00Z' },
  update_deal: { deal_id: '1', amount: 100 },
};

function planOf(name: string, input: Record<string, unknown>): Plan {
  const action = findAction(name)!;
  const parsed = action.input.parse({ action: name, ...input });
  const fields = action.touches(parsed).answers;
  return action.toPlan(parsed, { requestId: REQUEST_ID, now: NOW, fields });
}

const presentFor = (plan: Plan): PresentRecord[] =>
  plan.targets.map(({ object_type, id, properties }) => ({
    object_type,
    id,
    properties: Object.fromEntries(properties.map((property) => [property, `old ${property}`])),
  }));

describe('the catalogue', () => {
  it('knows its actions by name and no prototype’s', () => {
    expect(Object.keys(INPUTS).sort()).toEqual(ACTIONS.map(({ name }) => name).sort());
    for (const name of ['__proto__', 'constructor', 'toString', ''])
      expect(findAction(name)).toBeUndefined();
  });

  it.each(ACTIONS.map(({ name }) => name))(
    '%s plans only what the closed table lets through',
    (name) => {
      const plan = planOf(name, INPUTS[name]!);
      expect(PlanSchema.parse(plan)).toEqual(plan);
      for (const operation of plan.operations) expect(() => assertAllowed(operation)).not.toThrow();
      const writes = plan.operations.filter(({ kind }) => kind === 'create' || kind === 'update');
      const isWrite = findAction(name)!.risk !== 'read';
      expect(writes.length > 0).toBe(isWrite);
      if (isWrite) expect(plan.witness).not.toBeNull();
    },
  );

  it.each(ACTIONS.filter(({ risk }) => risk !== 'read').map(({ name }) => name))(
    '%s shows every property it sends',
    (name) => {
      const plan = planOf(name, INPUTS[name]!);
      const card = findAction(name)!.card!(plan, presentFor(plan));
      const sent = JSON.parse(plan.operations[0]!.body!).properties as Record<string, string>;
      expect(card.changes.map(({ property }) => property).sort()).toEqual(Object.keys(sent).sort());
    },
  );

  it.each(ACTIONS.map(({ name }) => name))('%s refuses a field it does not have', (name) => {
    expect(
      findAction(name)!.input.safeParse({ action: name, ...INPUTS[name], surplus: 1 }).success,
    ).toBe(false);
  });
});

describe('note bodies', () => {
  it('never carry markup of the agent’s, and read back as they were written', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200, unit: 'binary' }), (text) => {
        const parsed = findAction('create_note')!.input.safeParse({
          action: 'create_note',
          contact_id: '1',
          note: text,
        });
        if (!parsed.success) return;
        const plan = planOf('create_note', { contact_id: '1', note: text });
        const body = JSON.parse(plan.operations[0]!.body!).properties.hs_note_body as string;
        expect(body.replaceAll('<br>', '')).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
        const card = findAction('create_note')!.card!(plan, presentFor(plan));
        const shown = card.changes.find(({ property }) => property === 'hs_note_body')!.after;
        const note = (parsed.data as { note: string }).note;
        expect(shown).toBe(`${note}\n[sallyport ${REQUEST_ID}]`);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['\u202e', '\u0000', '\u2066', '\u{E0041}'])(
    'refuse the invisible character %j',
    (character) => {
      const input = { action: 'create_note', contact_id: '1', note: `a${character}b` };
      expect(findAction('create_note')!.input.safeParse(input).success).toBe(false);
    },
  );
});

describe('one-line fields', () => {
  it.each(['\u200b', '\u202e', '\n', '\u2028', '\ufeff'])('refuse %j', (character) => {
    const input = { action: 'update_contact', contact_id: '1', firstname: `Da${character}na` };
    expect(findAction('update_contact')!.input.safeParse(input).success).toBe(false);
  });

  it('take names of every script', () => {
    for (const firstname of ['Zoë', 'محمد', '明', 'O’Rourke', 'Ñandú']) {
      expect(
        findAction('update_contact')!.input.safeParse({
          action: 'update_contact',
          contact_id: '1',
          firstname,
        }).success,
      ).toBe(true);
    }
  });
});

describe('tool definitions', () => {
  it('hold OpenAI’s rules of strict mode everywhere', () => {
    const check = (schema: any): void => {
      if (schema.type === 'object') {
        expect(schema.additionalProperties).toBe(false);
        expect(schema.required).toEqual(Object.keys(schema.properties));
        Object.values(schema.properties).forEach(check);
      }
      schema.anyOf?.forEach(check);
      if (schema.items !== undefined) check(schema.items);
      for (const unsupported of [
        'minLength',
        'maxLength',
        'pattern',
        'format',
        'default',
        'oneOf',
        'allOf',
      ]) {
        expect(schema).not.toHaveProperty(unsupported);
      }
    };
    const tools = openAiTools(ACTIONS);
    expect(tools).toHaveLength(ACTIONS.length);
    for (const { parameters, strict, name } of tools) {
      expect(strict).toBe(true);
      expect(name).toMatch(/^[a-z_]{1,64}$/);
      check(parameters);
    }
  });
});
