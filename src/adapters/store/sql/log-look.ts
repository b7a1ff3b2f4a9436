import { opens, rowsOf, type VouchedRow } from './log-row.ts';
import { append, emptyStretch, type Stretch } from './log-scan.ts';
import type { Reader } from './unit.ts';

const ROWS_PER_PAGE = 1_000;

/** Opens the entries `[from, to)`. */
export async function look(reader: Reader, from: number, to: number): Promise<Stretch> {
  let found = emptyStretch(from);
  for (let at = from; at < to; at += ROWS_PER_PAGE) {
    const end = Math.min(at + ROWS_PER_PAGE, to);
    const rows = await rowsOf(reader, at, end);
    const opened = rows.filter((row) => opens(reader, row));
    found = append(found, stretchOf(opened, at, end));
    // A unit of work holds everybody anyway; outside of one nobody need wait for a long log.
    if (reader.isCommitted && end < to) await new Promise(setImmediate);
  }
  return found;
}

/** Of rows that were opened, in order: what is missing between them is a hole. */
export function stretchOf(opened: readonly VouchedRow[], from: number, to: number): Stretch {
  const found = { ...emptyStretch(from), to };
  let next = from;
  for (const { idx, request_id: id } of opened) {
    if (idx > next) found.holes.push({ from: next, to: idx });
    next = idx + 1;
    if (id === null) continue;
    const own = found.named.get(id);
    if (own === undefined) found.named.set(id, [idx]);
    else own.push(idx);
  }
  if (next < to) found.holes.push({ from: next, to });
  return found;
}
