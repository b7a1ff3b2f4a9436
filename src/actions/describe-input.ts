import { z } from 'zod';
import { describeIssues } from '../contracts/issues.ts';
import type { ActionDefinition } from './define-action.ts';

/** More than any action of today has, and less than would bury the rest. */
const NAMES_MAX = 30;

/** "email, phone". */
export function namesOf(names: readonly string[]): string {
  const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : '';
  return `${names.slice(0, NAMES_MAX).join(', ')}${more}`;
}

function fieldsOf({ input }: ActionDefinition): readonly string[] {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return Object.keys(properties).filter((name) => name !== 'action');
}

/** What is wrong with an input; of a field that the action does not have, which it has. Never a value. */
export function describeInput(action: ActionDefinition, error: z.ZodError): string {
  const words = describeIssues(error);
  const isUnknown = error.issues.some(
    ({ code, path }) => code === 'unrecognized_keys' && path.length === 0,
  );
  return isUnknown ? `${words}; ${action.name} has ${namesOf(fieldsOf(action))}` : words;
}
