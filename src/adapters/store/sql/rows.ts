import { z } from 'zod';
import { GatewayError } from '../../../core/errors.ts';
import type { Sealed } from './schema.ts';
import { type Place, type Seal, tampered } from './seal.ts';

/** Building blocks of the noun files: a row leaves the store only after it was parsed. */

export const TimeSchema = z.int().transform((ms) => new Date(ms));

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

/**
 * Reads the rows of a list, leaving out those that do not open and telling about them: one damaged
 * row must not hide all the others from the people who have to act on them. Only for overviews;
 * whatever a decision rests on (`get`, everything of one request) throws instead.
 */
export function listRows<Row extends { id: string }, Item>(
  rows: readonly Row[],
  read: (row: Row) => Item,
  onTampered: (id: string) => void,
): readonly Item[] {
  const items: Item[] = [];
  for (const row of rows) {
    try {
      items.push(read(row));
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'plan.tampered') throw error;
      onTampered(row.id);
    }
  }
  return items;
}
