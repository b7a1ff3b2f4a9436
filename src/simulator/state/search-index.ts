import { OBJECT_TYPE_NAMES } from '../object-types.ts';
import type { ObjectTypeName } from '../object-types.ts';
import type { AssociationGraph } from './association-graph.ts';
import type { RecordRef, StoredRecord } from './types.ts';

/** What search knows of a record: the record and its associations as they were when it was indexed. */
export type IndexedRecord = {
  record: StoredRecord;
  associated: ReadonlyMap<ObjectTypeName, ReadonlySet<string>>;
};

type Pending = { visibleAtMs: number; ref: RecordRef; indexed: IndexedRecord | undefined };

/**
 * The search view of the records. It trails the writes by a settable lag, as HubSpot's does, so that
 * nothing can rest on "search did not find it".
 */
export class SearchIndex {
  readonly #visible = new Map<ObjectTypeName, Map<string, IndexedRecord>>();
  #pending: Pending[] = [];
  #lagMs = 0;

  get lagMs(): number {
    return this.#lagMs;
  }

  set lagMs(value: number) {
    this.#lagMs = value;
  }

  /** Takes a snapshot of a record to appear in search after the lag; archived or missing means gone. */
  put(
    ref: RecordRef,
    record: StoredRecord | undefined,
    graph: AssociationGraph,
    nowMs: number,
  ): void {
    const indexed = record && !record.archived ? snapshot(ref, record, graph) : undefined;
    if (this.#lagMs <= 0 && this.#pending.length === 0) this.#show(ref, indexed);
    else this.#pending.push({ visibleAtMs: nowMs + this.#lagMs, ref, indexed });
  }

  records(type: ObjectTypeName, nowMs: number): Iterable<IndexedRecord> {
    this.#settle(nowMs);
    return this.#visible.get(type)?.values() ?? [];
  }

  clear(): void {
    this.#visible.clear();
    this.#pending = [];
  }

  #settle(nowMs: number): void {
    if (this.#pending.length === 0) return;
    const due = this.#pending.filter((entry) => entry.visibleAtMs <= nowMs);
    if (due.length === 0) return;
    this.#pending = this.#pending.filter((entry) => entry.visibleAtMs > nowMs);
    due.sort((a, b) => a.visibleAtMs - b.visibleAtMs);
    for (const entry of due) this.#show(entry.ref, entry.indexed);
  }

  #show(ref: RecordRef, indexed: IndexedRecord | undefined): void {
    const ofType = this.#visible.get(ref.type) ?? new Map<string, IndexedRecord>();
    if (indexed) ofType.set(ref.id, indexed);
    else ofType.delete(ref.id);
    this.#visible.set(ref.type, ofType);
  }
}

function snapshot(ref: RecordRef, record: StoredRecord, graph: AssociationGraph): IndexedRecord {
  const associated = new Map<ObjectTypeName, ReadonlySet<string>>();
  for (const type of OBJECT_TYPE_NAMES) {
    const neighbours = graph.neighbours(ref, type);
    if (neighbours.length > 0) associated.set(type, new Set(neighbours.map((other) => other.id)));
  }
  return { record, associated };
}
