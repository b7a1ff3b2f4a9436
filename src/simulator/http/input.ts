import type { z } from 'zod';
import { invalidJson, validationError } from '../errors.ts';
import type { Call } from './route.ts';

/** @throws HubSpotError 400 naming the first fields that do not fit */
export function parseBody<T>(call: Call, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(call.body);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 5).map((issue) => ({
    message: issue.message,
    in: issue.path.join('.'),
  }));
  const first = errors[0];
  throw validationError(
    `Invalid input JSON on line 1, column 1: ${first?.in ? `${first.in}: ` : ''}${first?.message ?? ''}`,
    errors,
  );
}

export function parseJson(rawBody: Buffer): unknown {
  const text = rawBody.toString('utf8');
  if (text.trim() === '') throw invalidJson('No content to map due to end-of-input');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalidJson('Unexpected character or end of input');
  }
}

/** A list parameter, repeated or comma-separated. */
export function queryList(call: Call, name: string): string[] {
  return call.query
    .getAll(name)
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter(Boolean);
}

export function queryBoolean(call: Call, name: string): boolean {
  const text = call.query.get(name);
  if (text === null || text === 'false') return false;
  if (text === 'true') return true;
  throw validationError(`${name} must be true or false.`, [
    { message: 'Not a boolean.', in: name },
  ]);
}

/** @throws HubSpotError 400 when it is not a whole number between 1 and `max` */
export function queryLimit(call: Call, fallback: number, max: number): number {
  return queryInteger(call, 'limit', { fallback, min: 1, max });
}

export function queryInteger(
  call: Call,
  name: string,
  range: { fallback: number; min: number; max: number },
): number {
  const text = call.query.get(name);
  if (text === null) return range.fallback;
  const value = Number(text);
  if (/^-?\d+$/u.test(text) && value >= range.min && value <= range.max) return value;
  throw validationError(
    `${name} must be an integer between ${String(range.min)} and ${String(range.max)}.`,
    [{ message: `Not a valid ${name}.`, in: name }],
  );
}

/** The offset cursor that lists without a record order use. */
export function queryOffset(call: Call): number {
  return queryInteger(call, 'after', { fallback: 0, min: 0, max: Number.MAX_SAFE_INTEGER });
}

export type Page<T> = { results: T[]; paging?: { next: { after: string; link: string } } };

/** One page of an in-memory list by offset. */
export function pageByOffset<T>(call: Call, items: readonly T[], limit: number): Page<T> {
  const offset = queryOffset(call);
  const results = items.slice(offset, offset + limit);
  const end = offset + results.length;
  return end < items.length ? { results, paging: nextPage(call, String(end)) } : { results };
}

/** Paging with a link to the same call one page on. */
export function nextPage(call: Call, after: string): { next: { after: string; link: string } } {
  const query = new URLSearchParams(call.query);
  query.set('after', after);
  return { next: { after, link: `https://api.hubapi.com${call.path}?${query.toString()}` } };
}
