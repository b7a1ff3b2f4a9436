import { errorCodeOf } from '../../../core/gateway-error.ts';
import type { Listed } from '../../../ports/listed.ts';

/** Past this many in one answer it is not a row that is damaged but the store, or its key is another. */
const DAMAGED_MAX = 100;

/** Opens rows one by one: one that does not open is named, and hides no other. Throws `plan.tampered` past the limit. */
export function openAll<Row extends { readonly id: string }, T>(
  rows: readonly Row[],
  open: (row: Row) => T,
  { damaged: known }: Pick<Listed<T>, 'damaged'> = { damaged: [] },
): Listed<T> {
  const opened: T[] = [];
  const damaged = [...known];
  for (const row of rows) {
    try {
      opened.push(open(row));
    } catch (error) {
      if (errorCodeOf(error) !== 'plan.tampered' || damaged.length >= DAMAGED_MAX) throw error;
      damaged.push(row.id);
    }
  }
  return { rows: opened, damaged };
}

/** The same page by page, until `limit` rows have opened or there are no more. */
export async function openPage<Row extends { readonly id: string }, T>(
  limit: number,
  read: (limit: number, after: string | undefined) => Promise<readonly Row[]>,
  open: (row: Row) => T,
): Promise<Listed<T>> {
  let listed: Listed<T> = { rows: [], damaged: [] };
  let after: string | undefined;
  for (;;) {
    const asked = limit - listed.rows.length;
    const found = await read(asked, after);
    const { rows, damaged } = openAll(found, open, listed);
    listed = { rows: [...listed.rows, ...rows], damaged };
    after = found.at(-1)?.id;
    if (found.length < asked || listed.rows.length === limit) return listed;
  }
}
