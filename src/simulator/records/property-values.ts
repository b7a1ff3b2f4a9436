import type { ErrorDetail } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { OWNERS } from '../seed/owners.ts';
import type { PropertyDefinition } from '../state/types.ts';

type Checked = { value: string } | { problem: string; code: string };

const EMAIL = /^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+$/u;
const DIGITS = /^-?\d+$/u;
const DAY = /^\d{4}-\d{2}-\d{2}$/u;

/** Milliseconds or ISO 8601 to milliseconds; undefined when it is neither. */
export function parseInstant(text: string): number | undefined {
  const ms = DIGITS.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? ms : undefined;
}

function checkNumber(text: string): Checked {
  return text.trim() !== '' && Number.isFinite(Number(text))
    ? { value: text }
    : { problem: `${text} was not a valid number.`, code: 'INVALID_INTEGER' };
}

function checkDatetime(text: string): Checked {
  const ms = parseInstant(text);
  return ms === undefined
    ? { problem: `${text} was not a valid long.`, code: 'INVALID_LONG' }
    : { value: new Date(ms).toISOString() };
}

function checkDate(text: string): Checked {
  const ms = parseInstant(text);
  const isMidnight = ms !== undefined && (DAY.test(text) || ms % 86_400_000 === 0);
  return isMidnight
    ? { value: new Date(ms).toISOString().slice(0, 10) }
    : { problem: `${text} was not a valid date.`, code: 'INVALID_DATE' };
}

function checkBool(text: string): Checked {
  return text === 'true' || text === 'false'
    ? { value: text }
    : {
        problem: `${text} was not one of the allowed options: [true, false]`,
        code: 'INVALID_OPTION',
      };
}

function checkEnumeration(definition: PropertyDefinition, text: string): Checked {
  if (definition.referencedObjectType === 'OWNER') return checkOwner(text);
  const allowed = definition.options.map((option) => option.value);
  const chosen = definition.fieldType === 'checkbox' ? text.split(';').filter(Boolean) : [text];
  if (allowed.length === 0 || chosen.every((each) => allowed.includes(each)))
    return { value: text };
  return {
    problem: `${text} was not one of the allowed options: [${allowed.join(', ')}]`,
    code: 'INVALID_OPTION',
  };
}

function checkOwner(text: string): Checked {
  return OWNERS.some((owner) => owner.id === text)
    ? { value: text }
    : { problem: `Owner ${text} does not exist`, code: 'INVALID_OWNER_ID' };
}

function checkString(definition: PropertyDefinition, text: string): Checked {
  if (definition.name !== 'email') return { value: text };
  return EMAIL.test(text)
    ? { value: text.toLowerCase() }
    : { problem: `Email address ${text} is invalid`, code: 'INVALID_EMAIL' };
}

function checkValue(definition: PropertyDefinition, text: string): Checked {
  if (text.length > LIMITS.propertyValueCharactersMax)
    return { problem: `${definition.name} is too long`, code: 'PROPERTY_VALUE_TOO_LONG' };
  switch (definition.type) {
    case 'number':
      return checkNumber(text);
    case 'datetime':
      return checkDatetime(text);
    case 'date':
      return checkDate(text);
    case 'bool':
      return checkBool(text);
    case 'enumeration':
      return checkEnumeration(definition, text);
    default:
      return checkString(definition, text);
  }
}

export type PropertyCheck = { values: Record<string, string>; problems: ErrorDetail[] };

/**
 * Holds sent values against the definitions and brings them into HubSpot's stored form (ISO dates,
 * lower-case e-mail). An empty string clears and is always accepted.
 */
export function checkProperties(
  sent: Readonly<Record<string, string>>,
  find: (name: string) => PropertyDefinition | undefined,
): PropertyCheck {
  const values: Record<string, string> = {};
  const problems: ErrorDetail[] = [];
  const refuse = (name: string, code: string, message: string): void => {
    problems.push({ message, code, context: { propertyName: [name] } });
  };
  for (const [name, text] of Object.entries(sent)) {
    const definition = find(name);
    if (!definition) {
      refuse(name, 'PROPERTY_DOESNT_EXIST', `Property "${name}" does not exist`);
    } else if (definition.readOnlyValue) {
      const message = `"${name}" is a read only property; its value cannot be set.`;
      refuse(name, 'READ_ONLY_VALUE', message);
    } else if (text === '') {
      values[name] = '';
    } else {
      const checked = checkValue(definition, text);
      if ('value' in checked) values[name] = checked.value;
      else refuse(name, checked.code, checked.problem);
    }
  }
  return { values, problems };
}
