import type { DatabaseSync } from 'node:sqlite';

/** About a second on a slow disk; what is larger is checked in part, so that a start stays a start. */
export const CHECK_BYTES_MAX = 256 * 1024 * 1024;

/** Small for ever, and what says who may do what. */
const DECIDING_TABLES = [
  ...['meta', 'agents', 'people', 'freezes', 'credentials'],
  ...['passkeys', 'sessions', 'invitations'],
] as const;

/**
 * What SQLite finds damaged in the database, undefined when nothing (https://www.sqlite.org/pragma.html#pragma_quick_check).
 * A damaged page is otherwise met only by the statement that needs it, which may be the one that freezes.
 */
export function findDamage(raw: DatabaseSync, checkBytesMax: number): string | undefined {
  const checks =
    bytesOf(raw) <= checkBytesMax
      ? ['PRAGMA quick_check(1)']
      : DECIDING_TABLES.map((table) => `PRAGMA quick_check(${table})`);
  for (const check of checks) {
    const found = String(raw.prepare(check).get()?.['quick_check']);
    if (found !== 'ok') return found;
  }
  return undefined;
}

function bytesOf(raw: DatabaseSync): number {
  const pages = Number(raw.prepare('PRAGMA page_count').get()?.['page_count']);
  return pages * Number(raw.prepare('PRAGMA page_size').get()?.['page_size']);
}
