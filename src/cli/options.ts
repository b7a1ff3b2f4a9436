import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
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

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const AGO = /^(?<count>[1-9]\d{0,4})(?<unit>[mhd])$/;
/** What HubSpot and the log are looked through for at once. */
const SINCE_MAX_MS = 90 * 86_400_000;

/** `90m`, `24h`, `7d` ago, or a time (RFC 3339): 90 days back at most. */
export function parseSince(text: string): Date {
  const { count, unit = '' } = AGO.exec(text)?.groups ?? {};
  const time = z.iso.datetime({ offset: true }).safeParse(text).data;
  const agoMs = Number(count) * (UNITS_MS[unit] ?? 0);
  const since = time === undefined ? new Date(Date.now() - agoMs) : new Date(time);
  const backMs = Date.now() - since.getTime();
  if (backMs >= 0 && backMs <= SINCE_MAX_MS) return since;
  throw new InvalidArgumentError(
    'Say it as 90m, 24h or 7d, or as 2026-11-26T08:00:00Z: 90 days at most.',
  );
}

export interface JsonOption {
  readonly json?: true;
}

export const withJson = (command: Command): Command => command.option('--json', 'machine-readable');
