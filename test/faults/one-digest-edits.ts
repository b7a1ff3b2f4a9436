import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { rowSeal } from '../../src/adapters/store/sql/rows.ts';
import { vouch } from '../../src/adapters/store/sql/request-row.ts';
import type { Seal } from '../../src/adapters/store/sql/seal.ts';

/** Changes of one leaf of a request's rows in the store's file, by somebody who is not the gateway. */

type Row = Record<string, SQLInputValue>;
export type Leaf = readonly (string | number)[];

/** What of a request is changed. A column of a table, and for sealed JSON the leaf in it. */
export interface Edit {
  readonly table: 'requests' | 'decisions';
  readonly column: string;
  readonly leaf?: Leaf | undefined;
  /** With the payload key: sealed again, so that every row opens. Without: bytes only. */
  readonly hasKey: boolean;
}

export const nameOf = ({ table, column, leaf, hasKey }: Edit): string =>
  `${table}.${column}${leaf === undefined ? '' : `/${leaf.join('/')}`} ${hasKey ? 'sealed again' : 'by hand'}`;

/** Every leaf of a JSON value, with the way to it. */
export function leavesOf(value: unknown, at: Leaf = []): Leaf[] {
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, member]) =>
    leavesOf(member, [...at, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Another value of the same kind, as near to the first as can be. */
export function otherValue(value: unknown, random: () => number): unknown {
  // One of the few that a row can hold: another would be no row at all.
  if (value === 'write' || value === 'destructive') return 'read';
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') return 'x';
  if (value === '') return 'x';
  // By characters: half of one would be no Unicode, and is another case than another text.
  const characters = Array.from(value);
  const place = Math.floor(random() * characters.length);
  return characters.toSpliced(place, 1, characters[place] === '1' ? '2' : '1').join('');
}

function changed(value: unknown, [key, ...rest]: Leaf, random: () => number): unknown {
  if (key === undefined) return otherValue(value, random);
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Row;
  copy[key] = changed(copy[key], rest, random) as SQLInputValue;
  return copy;
}

const JSON_COLUMNS = new Set(['plan', 'card', 'submission', 'requirement', 'reason']);

const isSealed = (column: string): boolean => JSON_COLUMNS.has(column);

/** Columns that the submission's seal is bound to. */
const IDENTITY = ['agent_id', 'connection', 'body_hash', 'action', 'risk'];

const identityOf = (row: Row) => IDENTITY.map((column) => row[column] as string | number | null);

const decisionBound = (row: Row) =>
  ['decision', 'digest', 'proof', 'decided_at', 'valid_until'].map(
    (column) => row[column] as string | number | null,
  );

/** The row's seal for a sealed column, as the store makes it. */
function sealOf(seal: Seal, { table, column }: Edit, row: Row) {
  if (table === 'decisions') {
    const id = `${row['request_id'] as string}/${row['person_id'] as string}`;
    return rowSeal(seal, table, id, decisionBound(row));
  }
  const bound = column === 'submission' ? identityOf(row) : [];
  return rowSeal(seal, table, row['id'] as string, bound);
}

/** One bit of the sealed bytes, or another value in a clear column. */
function byHand(edit: Edit, row: Row, random: () => number): Row {
  const value = row[edit.column];
  if (!(value instanceof Uint8Array))
    return { [edit.column]: otherValue(value, random) as SQLInputValue };
  const bytes = Uint8Array.from(value);
  const place = Math.floor(random() * bytes.length);
  bytes[place] = (bytes[place] ?? 0) ^ (1 << Math.floor(random() * 8));
  return { [edit.column]: bytes };
}

/** The change and every seal of the row that vouches for it. */
function withKey(edit: Edit, row: Row, seal: Seal, random: () => number): Row {
  const { column, table } = edit;
  if (isSealed(column)) {
    const { open, closeValue } = sealOf(seal, edit, row);
    const value = open(column, row[column] as Uint8Array);
    return { [column]: closeValue(column, changed(value, edit.leaf ?? [], random)) };
  }
  const change = { [column]: otherValue(row[column], random) as SQLInputValue };
  const now = { ...row, ...change };
  if (table === 'requests' && IDENTITY.includes(column)) {
    const of = { table, column: 'submission', hasKey: true };
    const was = sealOf(seal, of, row).open('submission', row['submission'] as Uint8Array);
    return { ...change, submission: sealOf(seal, of, now).closeValue('submission', was) };
  }
  if (table === 'requests') return { ...change, voucher: vouch({ seal } as never, now as never) };
  const was = sealOf(seal, edit, row).open('reason', row['reason'] as Uint8Array);
  return { ...change, reason: sealOf(seal, edit, now).closeValue('reason', was) };
}

const KEYS = { requests: 'id', decisions: 'request_id' } as const;

/** Changes the file. False when there is no such row, or nothing in that column. */
export function applyEdit(
  file: string,
  requestId: string,
  edit: Edit,
  of: { readonly seal: Seal; readonly random: () => number },
): boolean {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    const key = KEYS[edit.table];
    const row = database.prepare(`SELECT * FROM ${edit.table} WHERE ${key} = ?`).get(requestId) as
      Row | undefined;
    if (row === undefined || row[edit.column] === null) return false;
    const change = edit.hasKey
      ? withKey(edit, row, of.seal, of.random)
      : byHand(edit, row, of.random);
    const sets = Object.keys(change).map((column) => `"${column}" = ?`);
    database
      .prepare(`UPDATE ${edit.table} SET ${sets.join(', ')} WHERE ${key} = ?`)
      .run(...Object.values(change), requestId);
    return true;
  } finally {
    database.close();
  }
}
