import { Ajv2020, type SchemaObject } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../src/actions/catalogue.ts';
import { fromToolArguments, openAiTools } from '../../src/actions/tool-definitions.ts';
import { actionNamed, SAMPLES } from './support.ts';

const tools = openAiTools(ACTIONS);
/** What strict mode takes; https://platform.openai.com/docs/guides/structured-outputs#supported-schemas */
const STRICT = new Set([
  'type',
  'description',
  'enum',
  'anyOf',
  'items',
  'properties',
  'required',
  'additionalProperties',
]);

function* schemasIn(schema: SchemaObject): Generator<SchemaObject> {
  yield schema;
  const children = [
    ...Object.values((schema['properties'] ?? {}) as Record<string, SchemaObject>),
    ...((schema['anyOf'] ?? []) as SchemaObject[]),
    ...(schema['items'] === undefined ? [] : [schema['items'] as SchemaObject]),
  ];
  for (const child of children) yield* schemasIn(child);
}

const parametersOf = (name: string): SchemaObject => {
  const parameters = tools.find((tool) => tool.name === name)?.parameters;
  if (!parameters) throw new Error(`no tool ${name}`);
  return parameters;
};

/** What a model in strict mode sends for a sample: every field, null where it has nothing to say. */
function strictArguments(sample: Record<string, unknown>, name: string): Record<string, unknown> {
  const { required } = parametersOf(name) as unknown as { required: string[] };
  return Object.fromEntries(required.map((field) => [field, sample[field] ?? null]));
}

describe('OpenAI function tools', () => {
  it('are one strict function an action, named and described like it', () => {
    expect(tools.map(({ type, name, strict }) => ({ type, name, strict }))).toEqual(
      ACTIONS.map(({ name }) => ({ type: 'function', name, strict: true })),
    );
    for (const { description } of tools) expect(description).toMatch(/^[A-Z].*\.$/);
  });

  it('are made for the granted actions only', () => {
    expect(openAiTools([actionNamed('get_deal')]).map(({ name }) => name)).toEqual(['get_deal']);
  });
});

describe.each(tools)('the parameters of $name', ({ name }) => {
  const schemas = [...schemasIn(parametersOf(name))];

  it('use only keywords that strict mode takes', () => {
    for (const schema of schemas)
      for (const keyword of Object.keys(schema)) expect(STRICT).toContain(keyword);
  });

  it('close every object and require every property', () => {
    for (const schema of schemas.filter(({ type }) => type === 'object')) {
      expect(schema['additionalProperties']).toBe(false);
      expect(schema['required']).toEqual(Object.keys(schema['properties'] as object));
    }
  });

  it('leave the action out, since the function names it, and describe every other field', () => {
    const { properties } = parametersOf(name) as { properties?: Record<string, SchemaObject> };
    expect(properties).not.toHaveProperty('action');
    for (const field of Object.values(properties ?? {})) expect(field['description']).toBeTruthy();
  });
});

describe('arguments of a function call', () => {
  it.each(SAMPLES)('of $action fit the schema and come back as the action', (sample) => {
    const action = actionNamed(sample.action);
    const args = strictArguments(sample, action.name);
    const ajv = new Ajv2020({ strict: true });
    expect(ajv.validate(parametersOf(action.name), args)).toBe(true);
    expect(fromToolArguments(action, args)).toEqual(sample);
    expect(action.input.safeParse(fromToolArguments(action, args)).success).toBe(true);
  });

  it('clear nothing that the model left out', () => {
    const action = actionNamed('update_contact');
    const args = strictArguments({ contact_id: '1', phone: '2' }, 'update_contact');
    const input = action.input.parse(fromToolArguments(action, args));
    expect(action.touches(input).needs).toEqual(['phone']);
  });

  it('cannot name another action than the function that was called', () => {
    const args = { contact_id: '1', action: 'update_contact' };
    expect(fromToolArguments(actionNamed('get_contact'), args)).toEqual({
      action: 'get_contact',
      contact_id: '1',
    });
  });
});
