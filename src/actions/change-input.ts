import { z } from 'zod';
import type { ChangeableField, ChangedValues } from '../contracts/change.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Submission } from '../core/records.ts';
import type { ActionDefinition } from './define-action.ts';
import { describeInput, namesOf } from './describe-input.ts';

/** The same action with other values, and which of its fields hold another one now. */
export interface ChangedInput {
  readonly action: Submission['action'];
  readonly fields: readonly string[];
}

type Input = Readonly<Record<string, unknown>>;

const changeableOf = ({ changeable = {} }: ActionDefinition): Readonly<Record<string, string>> =>
  changeable;

const isChangeable = (action: ActionDefinition, field: string): boolean =>
  Object.hasOwn(changeableOf(action), field);

/** Values of fields are text, numbers or nothing. */
const isOther = (field: string, before: Input, after: Input): boolean =>
  before[field] !== after[field];

function parsed(action: ActionDefinition, input: unknown): Input {
  const result = action.input.safeParse(input);
  if (!result.success)
    throw new GatewayError('action.invalid', { detail: describeInput(action, result.error) });
  return result.data;
}

function assertChangeable(action: ActionDefinition, change: ChangedValues): void {
  const { name } = action;
  if (Object.keys(changeableOf(action)).length === 0)
    throw new GatewayError('approval.not_changeable', { detail: `nothing of ${name} is a value` });
  const refused = Object.keys(change).find((field) => !isChangeable(action, field));
  if (refused !== undefined)
    throw new GatewayError('approval.not_changeable', {
      detail: `${refused} of ${name}; what can be changed: ${namesOf(Object.keys(changeableOf(action)))}`,
    });
}

/**
 * What was asked with other values in the fields that the action says may be changed. Which record it lands
 * on, and what is cleared, stays as it was asked. Throws `approval.not_changeable`, `action.invalid` with the
 * places, `approval.unchanged`.
 */
export function changeInput(
  action: ActionDefinition,
  asked: Submission['action'],
  change: ChangedValues,
): ChangedInput {
  assertChangeable(action, change);
  const before = parsed(action, asked);
  const given = Object.entries({ ...asked, ...change }).filter(([, value]) => value !== null);
  const after = parsed(action, Object.fromEntries(given));
  const fields = Object.keys(change).filter((field) => isOther(field, before, after));
  if (fields.length === 0) throw new GatewayError('approval.unchanged');
  const kept = Object.entries(asked).filter(([name]) => !fields.includes(name));
  const put = fields.flatMap((field) =>
    after[field] === undefined ? [] : [[field, after[field]] as const],
  );
  return { action: { ...Object.fromEntries([...kept, ...put]), action: action.name }, fields };
}

/** From here on a line is a text of its own. */
const LINE_MAX_CHARS = 300;

interface ValueSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
}

function kindOf(schema: ValueSchema): Pick<ChangeableField, 'kind' | 'choices'> {
  if (schema.enum !== undefined) return { kind: 'choice', choices: [...schema.enum] };
  if (schema.type === 'number' || schema.type === 'integer') return { kind: 'number' };
  if (schema.format === 'date-time') return { kind: 'time' };
  return { kind: (schema.maxLength ?? 0) > LINE_MAX_CHARS ? 'text' : 'line' };
}

const valueOf = (value: unknown): ChangeableField['asked'] =>
  typeof value === 'string' || typeof value === 'number' ? value : null;

/** The fields that may get another value, with what was asked for; none for an action without. */
export function changeableFields(
  action: ActionDefinition,
  asked: Submission['action'],
): ChangeableField[] {
  const labels = Object.entries(changeableOf(action));
  if (labels.length === 0) return [];
  const { properties, required } = z.toJSONSchema(action.input, {
    io: 'input',
    unrepresentable: 'any',
  });
  const before = parsed(action, asked);
  return labels.map(([field, label]) => ({
    field,
    label,
    ...kindOf((properties?.[field] ?? {}) as ValueSchema),
    is_required: required?.includes(field) === true,
    asked: valueOf(before[field]),
  }));
}
