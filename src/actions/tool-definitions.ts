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
  if (Array.isArray(kept['anyOf']))
    kept['anyOf'] = kept['anyOf'].map((one) => strictSchema(asSchema(one)));
  return kept;
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
  const { properties, required } = z.toJSONSchema(action.input, {
    io: 'input',
    unrepresentable: 'any',
  }) as { properties: Record<string, JsonSchema>; required: string[] };
  const fields = Object.entries(properties).filter(([name]) => name !== 'action');
  const strict = fields.map(([name, schema]) => {
    const field = strictSchema(schema);
    return [name, required.includes(name) ? field : nullable(field)] as const;
  });
  return {
    type: 'object',
    properties: Object.fromEntries(strict),
    required: strict.map(([name]) => name),
    additionalProperties: false,
  };
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

/**
 * A model's function call as the action it asks for. Strict mode sends null for every field the model
 * leaves out, and no action gives null a meaning of its own (clearing is asked for by name), so null is
 * absence here; the result still has to pass the action's own schema.
 */
export function fromToolArguments(
  action: ActionDefinition,
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> & { action: string } {
  const given = Object.entries(args).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(given), action: action.name };
}
