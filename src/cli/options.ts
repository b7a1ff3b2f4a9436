import { type Command, InvalidArgumentError } from 'commander';
import { visible } from '../core/card-text.ts';

/** Of names, groups and roles; they are shown in tables and on cards. */
const NAME_MAX_CHARS = 80;

/** A name that reads the same for everyone: no control or direction characters, nothing around it. */
export function parseName(value: string): string {
  const name = value.trim();
  if (name === '' || name.length > NAME_MAX_CHARS)
    throw new InvalidArgumentError(`It has 1 to ${NAME_MAX_CHARS} characters.`);
  if (visible(name) !== name || /\s/.test(name.replaceAll(' ', '')))
    throw new InvalidArgumentError('It has invisible characters.');
  return name;
}

/** An option that may be repeated. */
export const collectNames = (value: string, before: readonly string[]): string[] => [
  ...before,
  parseName(value),
];

/** Free text for the log, within what the API takes too. */
export const textUpTo =
  (maxChars: number) =>
  (value: string): string => {
    if (value.trim() === '' || value.length > maxChars)
      throw new InvalidArgumentError(`It has 1 to ${maxChars} characters.`);
    return value;
  };

export interface JsonOption {
  readonly json?: true;
}

export const withJson = (command: Command): Command => command.option('--json', 'machine-readable');
