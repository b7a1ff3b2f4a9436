import { GatewayError } from '../core/gateway-error.ts';

export interface JsonLimits {
  /** Nesting of objects and arrays. */
  readonly depthMax: number;
}

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

const malformed = (detail: string): GatewayError =>
  new GatewayError('request.malformed', { detail });

/** End of the string literal that starts at `start` (which holds the opening quote). */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i;
  }
  throw malformed('a string is not closed');
}

/** Whether the string that ends at `end` is followed by a colon, however much white space is between. */
function isKey(text: string, end: number): boolean {
  let i = end + 1;
  while (i < text.length && /\s/.test(text.charAt(i))) i += 1;
  return text[i] === ':';
}

const isOfNumber = (character: string): boolean => /[-+.eE\d]/.test(character);

/** End of the number literal that starts at `start`: past the range of a double it is Infinity, which has no canonical form. */
function endOfNumber(text: string, start: number): number {
  let end = start;
  while (isOfNumber(text.charAt(end + 1))) end += 1;
  if (!Number.isFinite(Number(text.slice(start, end + 1))))
    throw malformed('a number is too large');
  return end;
}

/**
 * Walks text that `JSON.parse` has accepted and refuses what it lets pass: the same key twice (two
 * readers would see two different requests), keys that reach prototypes, numbers beyond a double, and
 * deep nesting.
 */
function assertPlain(text: string, { depthMax }: JsonLimits): void {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charAt(i);
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      if (open.length > depthMax) throw malformed(`nested deeper than ${depthMax}`);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, i);
      assertWellFormed(text.slice(i, end + 1));
      const keys = open.at(-1);
      if (keys !== undefined && isKey(text, end)) addKey(keys, text.slice(i, end + 1));
      i = end;
    } else if (/[-\d]/.test(character)) {
      i = endOfNumber(text, i);
    }
  }
}

/** A lone surrogate is not Unicode text: it has no canonical form, so it could not be hashed or logged. */
function assertWellFormed(literal: string): void {
  if (!literal.includes('\\u')) return;
  if (!(JSON.parse(literal) as string).isWellFormed())
    throw malformed('a string is not Unicode text');
}

function addKey(keys: Set<string>, literal: string): void {
  const key = JSON.parse(literal) as string;
  if (FORBIDDEN_KEYS.has(key)) throw malformed(`the key ${key} is not allowed`);
  if (keys.has(key)) throw malformed('a key appears twice in one object');
  keys.add(key);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Bytes -> JSON value, strictly: UTF-8, no byte order mark games, no duplicate keys. Throws `request.malformed`. */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits): unknown {
  try {
    const text = decoder.decode(bytes);
    const value: unknown = JSON.parse(text);
    assertPlain(text, limits);
    return value;
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw malformed('not valid JSON in UTF-8');
  }
}
