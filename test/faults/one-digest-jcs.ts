import { createHash } from 'node:crypto';

/**
 * RFC 8785 again, written here from its text alone: what is proven about the gateway's digest must not
 * rest on the gateway's own code or on the library that it uses.
 */
export function jcs(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number')
    return JSON.stringify(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jcs).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`${typeof value} is not JSON`);
  // Section 3.2.3: member names in the order of their UTF-16 code units, which is JavaScript's own.
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jcs(member)}`).join(',')}}`;
}

export const jcsDigest = (value: unknown): string =>
  createHash('sha256').update(jcs(value), 'utf8').digest('hex');
