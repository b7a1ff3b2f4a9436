import { createHash } from 'node:crypto';

const VERSION_CHARS = 16;

/** A name for what a page says: the same facts, the same name. */
export const versionOf = (facts: unknown): string =>
  createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, VERSION_CHARS);
