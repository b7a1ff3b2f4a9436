import { z } from 'zod';
import type { Sealed } from './schema.ts';
import { type Place, type Seal, tampered } from './seal.ts';

/** Building blocks of the noun files: a row leaves the store only after it was parsed. */

/** ECMAScript's range of time, either way from 1970: beyond it a Date is none, and throws when it is written. */
const DATE_MAX_MS = 8.64e15;

export const TimeSchema = z
  .int()
  .min(-DATE_MAX_MS)
  .max(DATE_MAX_MS)
  .transform((ms) => new Date(ms));

/** A JSON array of strings in a text column. */
export const NamesSchema = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(z.string()));

/** A row that does not have its shape was written by someone else: `plan.tampered`. */
export function parseRow<Output>(
  schema: z.ZodType<Output>,
  table: string,
  id: string,
  row: unknown,
): Output {
  try {
    return schema.parse(row);
  } catch (cause) {
    throw tampered(table, id, cause);
  }
}

export interface RowSeal {
  /** Null stays null. */
  readonly close: (column: string, value: unknown) => Sealed | null;
  readonly open: (column: string, sealed: Sealed | null) => unknown;
  /** For a column that is never null. */
  readonly closeValue: (column: string, value: unknown) => Sealed;
}

/** The seal for the columns of one row; `bound` are clear columns that the sealed ones vouch for. */
export function rowSeal(
  seal: Seal,
  table: string,
  id: string,
  bound: NonNullable<Place['bound']> = [],
): RowSeal {
  const closeValue = (column: string, value: unknown) =>
    seal.seal({ table, column, id, bound }, value);
  return {
    closeValue,
    close: (column, value) =>
      value === null || value === undefined ? null : closeValue(column, value),
    open: (column, sealed) =>
      sealed === null ? null : seal.open({ table, column, id, bound }, sealed),
  };
}
