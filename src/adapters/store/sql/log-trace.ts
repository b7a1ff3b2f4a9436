import type { AuditRecord } from '../../../core/records.ts';
import type { LogTrace } from '../../../ports/store.ts';
import {
  mayHideFate,
  RECORD,
  type RecordRow,
  TABLE,
  tallyAfter,
  tallyBefore,
  toRecord,
} from './log-row.ts';
import { look } from './log-look.ts';
import type { Hole, Stretch } from './log-scan.ts';
import type { Reader } from './unit.ts';

const INDEXES_PER_QUERY_MAX = 500;

/**
 * The entries of one request among all since its first one. Their own rows say whose they are, and a row
 * that was labelled as another's, or was taken out, is a hole: whether that may hide a begin or an end
 * of this request tells the tally of the entry after it.
 */
export async function traceOf(reader: Reader, requestId: string, size: number): Promise<LogTrace> {
  const first = await firstOf(reader, requestId);
  if (first === undefined) return { records: [], damaged: undefined };
  // A log never gets shorter: its end was cut off, and what is written now takes the place of what is gone.
  if (size < reader.scan.known().to) return { records: [], damaged: `${TABLE} ${size}` };
  const { indexes, holes } = await found(reader, requestId, first, size);
  const rows = await rowsAt(reader, indexes);
  const records = rows.flatMap((row) => recordOf(reader, row, requestId));
  const lost = indexes.find((at) => !records.some(({ index }) => index === at));
  const at = lost ?? (await firstHarmful(reader, requestId, holes));
  return { records, damaged: at === undefined ? undefined : `${TABLE} ${at}` };
}

/** None when the row is another's by now: the place is known from before, and the log was cut off there. */
function recordOf(reader: Reader, row: RecordRow, requestId: string): AuditRecord[] {
  try {
    const record = toRecord(reader, row);
    return row.request_id === requestId ? [record] : [];
  } catch {
    return [];
  }
}

async function firstOf({ db }: Reader, requestId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom(TABLE)
    .select('idx')
    .where('request_id', '=', requestId)
    .orderBy('idx')
    .limit(1)
    .executeTakeFirst();
  return row?.idx;
}

async function rowsAt({ db }: Reader, indexes: readonly number[]): Promise<RecordRow[]> {
  const rows: RecordRow[] = [];
  for (let from = 0; from < indexes.length; from += INDEXES_PER_QUERY_MAX) {
    const part = indexes.slice(from, from + INDEXES_PER_QUERY_MAX);
    const query = db.selectFrom(TABLE).select(RECORD).where('idx', 'in', part).orderBy('idx');
    rows.push(...(await query.execute()));
  }
  return rows;
}

/** Opens what is not known yet of `[first, size)`, as far as it was committed for certain. */
async function catchUp(reader: Reader, first: number, size: number): Promise<void> {
  const { scan, isCommitted } = reader;
  const { from, to } = scan.known();
  if (from === to) {
    if (isCommitted) scan.add(await look(reader, first, size));
    return;
  }
  if (first < from) scan.add(await look(reader, first, from));
  if (isCommitted) scan.add(await look(reader, to, size));
}

/** The request's own entries in `[first, size)`, and what does not open there. */
async function found(
  reader: Reader,
  requestId: string,
  first: number,
  size: number,
): Promise<{ readonly indexes: readonly number[]; readonly holes: readonly Hole[] }> {
  await catchUp(reader, first, size);
  const known = reader.scan.known();
  const isKnown = known.from <= first && first < known.to;
  // What a unit of work has written itself may yet be undone, and is not remembered.
  const late = await look(reader, isKnown ? known.to : first, size);
  const parts = isKnown ? [known, late] : [late];
  const restored = await lookAgain(
    reader,
    parts.flatMap(({ holes }) => holes),
    first,
  );
  const indexes = [...parts, ...restored].flatMap(({ named }) => named.get(requestId) ?? []);
  return {
    indexes: indexes.filter((index) => index >= first).toSorted((a, b) => a - b),
    holes: joined(restored.flatMap(({ holes }) => holes)),
  };
}

/** The holes since `first` as they are now: what was damaged may have been restored, a begin too. */
async function lookAgain(
  reader: Reader,
  holes: readonly Hole[],
  first: number,
): Promise<Stretch[]> {
  const now: Stretch[] = [];
  for (const { from, to } of holes) if (to > first) now.push(await look(reader, from, to));
  return now;
}

/** Holes that touch are one: only the entry after all of them can tell what they hide. */
function joined(holes: readonly Hole[]): Hole[] {
  const runs: Hole[] = [];
  for (const hole of holes) {
    const before = runs.at(-1);
    if (before?.to === hole.from) runs.splice(-1, 1, { from: before.from, to: hole.to });
    else runs.push(hole);
  }
  return runs;
}

async function firstHarmful(
  reader: Reader,
  requestId: string,
  holes: readonly Hole[],
): Promise<number | undefined> {
  for (const { from, to } of holes) {
    const rows = await rowsAt(reader, [from - 1, to]);
    const [before, after] = [from - 1, to].map((index) => rows.find(({ idx }) => idx === index));
    const known = before && tallyAfter(reader, before);
    const told = after && tallyBefore(reader, after);
    if (mayHideFate(requestId, known, told)) return from;
  }
  return undefined;
}
