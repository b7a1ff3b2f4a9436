import type { FunctionTool } from 'openai/resources/responses/responses';
import { z } from 'zod';
import type { ActionDefinition } from './define-action.ts';

type JsonSchema = Record<string, unknown>;

/**
 * What OpenAI's strict mode takes everywhere. Length and pattern rules are left out: validation holds
 * them anyway, and an unsupported keyword makes the whole request fail.
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
const KEPT = new Set(['type', 'description', 'enum', 'const', 'anyOf']);

const asSchema = (value: unknown): JsonSchema => (value ?? {}) as JsonSchema;

function strictSchema(schema: JsonSchema): JsonSchema {
  const kept: JsonSchema = Object.fromEntries(
    Object.entries(schema).filter(([key]) => KEPT.has(key)),
  );
  if (schema['type'] === 'array') kept['items'] = strictSchema(asSchema(schema['items']));
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) kept['anyOf'] = choices.map((one) => strictSchema(asSchema(one)));
  return schema['type'] === 'object' ? { ...kept, ...strictObject(schema) } : kept;
}

/** Strict mode wants every property named as required and no other allowed. */
function strictObject(schema: JsonSchema): JsonSchema {
  const required = (schema['required'] ?? []) as readonly string[];
  const properties = Object.entries(asSchema(schema['properties'])).map(([name, value]) => {
    const field = strictSchema(asSchema(value));
    return [name, required.includes(name) ? field : nullable(field)] as const;
  });
  return {
    properties: Object.fromEntries(properties),
    required: properties.map(([name]) => name),
    additionalProperties: false,
  };
}

/** Strict mode wants every property required; one that may be left out also takes null. */
function nullable(schema: JsonSchema): JsonSchema {
  const { description, ...rest } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    anyOf: [rest, { type: 'null' }],
  };
}

function parameters(action: ActionDefinition): JsonSchema {
  const schema = z.toJSONSchema(action.input, { io: 'input', unrepresentable: 'any' });
  const properties = Object.entries(asSchema(schema.properties));
  const own = Object.fromEntries(properties.filter(([name]) => name !== 'action'));
  return { type: 'object', ...strictObject({ ...schema, properties: own }) };
}

/** OpenAI function tools (Responses API form, strict) for these actions; the action is the function's name. */
export const openAiTools = (actions: readonly ActionDefinition[]): FunctionTool[] =>
  actions.map((action) => ({
    type: 'function',
    name: action.name,
    description: action.summary,
    parameters: parameters(action),
    strict: true,
  }));

/** Also in the steps of a request of several. */
function withoutNulls(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(args).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => [name, Array.isArray(value) ? value.map(stepArgs) : value]),
  );
}

const stepArgs = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? withoutNulls(value as Record<string, unknown>)
    : value;

/**
 * A model's function call as the action it asks for. Strict mode sends null for every field the model
 * leaves out, and no action gives null a meaning of its own (clearing is asked for by name), so null is
 * absence here; the result still has to pass the action's own schema.
 */
export function fromToolArguments(
  action: ActionDefinition,
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> & { action: string } {
  return { ...withoutNulls(args), action: action.name };
}
