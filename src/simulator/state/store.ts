import type { ObjectTypeName } from '../object-types.ts';
import { AssociationGraph } from './association-graph.ts';
import type { Database } from './database.ts';
import { PropertyCatalogue } from './property-catalogue.ts';
import { SearchIndex } from './search-index.ts';
import { UniqueIndex } from './unique-index.ts';
import type {
  AssociationCategory,
  Effect,
  Link,
  NumberedEffect,
  PropertyDefinition,
  RecordRef,
  StoredRecord,
} from './types.ts';

/** Records created through the API and by people count up from here; the seed stays below. */
const FIRST_CREATED_ID = 1_000_001;

/** Everything one effect changes. Written in one transaction, then shown to readers. */
export type Change = {
  records?: readonly StoredRecord[];
  forget?: readonly RecordRef[];
  link?: readonly Link[];
  unlink?: readonly Link[];
  definition?: { type: ObjectTypeName; definition: PropertyDefinition };
  effects?: readonly Effect[];
};

/**
 * The CRM: all of it in memory for reading, every change on disk before it is visible.
 * All methods are synchronous, so one call's reads and writes are never interleaved with another's.
 */
export class Store {
  readonly graph = new AssociationGraph();
  readonly catalogue = new PropertyCatalogue();
  readonly index = new SearchIndex();
  readonly #unique = new UniqueIndex();
  readonly #records = new Map<ObjectTypeName, Map<string, StoredRecord>>();
  readonly #database: Database;
  #nextId = FIRST_CREATED_ID;

  constructor(database: Database) {
    this.#database = database;
    this.#load();
  }

  record(ref: RecordRef): StoredRecord | undefined {
    const record = this.#records.get(ref.type)?.get(ref.id);
    return record?.mergedInto ? this.record({ type: ref.type, id: record.mergedInto }) : record;
  }

  records(type: ObjectTypeName): StoredRecord[] {
    return [...(this.#records.get(type)?.values() ?? [])].filter((record) => !record.mergedInto);
  }

  findUnique(type: ObjectTypeName, property: string, value: string): StoredRecord | undefined {
    const id = this.#unique.find(type, property, value);
    return id === undefined ? undefined : this.record({ type, id });
  }

  /** Whether this folder was never opened before: only then is the demo account planted by itself. */
  takeIsNew(): boolean {
    const isNew = this.#database.all("SELECT 1 FROM meta WHERE key = 'opened'").length === 0;
    this.#database.run("INSERT OR IGNORE INTO meta (key, value) VALUES ('opened', '1')");
    return isNew;
  }

  takeId(): string {
    const id = String(this.#nextId);
    this.#nextId += 1;
    return id;
  }

  /** Joins several commits into one durable transaction; if it cannot be kept, memory goes back too. */
  transaction<T>(work: () => T): T {
    try {
      return this.#database.transaction(work);
    } catch (error) {
      this.#forgetAll();
      this.#load();
      throw error;
    }
  }

  commit(change: Change): void {
    this.#database.transaction(() => {
      this.#write(change);
    });
    this.#show(change);
  }

  effectsSince(seq: number): NumberedEffect[] {
    return this.#database
      .all('SELECT seq, body FROM effects WHERE seq > ? ORDER BY seq', seq)
      .map((row) => ({ seq: Number(row['seq']), ...(JSON.parse(String(row['body'])) as Effect) }));
  }

  /** Empties records, associations, own properties and the ledger; tokens are not part of this. */
  clear(): void {
    this.#database.transaction(() => {
      for (const table of ['records', 'links', 'property_definitions', 'effects'])
        this.#database.run(`DELETE FROM ${table}`);
      this.#database.run("DELETE FROM meta WHERE key = 'next_id'");
    });
    this.#forgetAll();
  }

  #forgetAll(): void {
    this.#records.clear();
    this.graph.clear();
    this.catalogue.clear();
    this.index.clear();
    this.#unique.clear();
    this.#nextId = FIRST_CREATED_ID;
  }

  #write(change: Change): void {
    this.#writeRecords(change);
    this.#writeLinks(change);
    const database = this.#database;
    if (change.definition)
      database.run(
        'INSERT OR REPLACE INTO property_definitions (type, name, body) VALUES (?, ?, ?)',
        change.definition.type,
        change.definition.definition.name,
        JSON.stringify(change.definition.definition),
      );
    for (const effect of change.effects ?? [])
      database.run('INSERT INTO effects (body) VALUES (?)', JSON.stringify(effect));
  }

  #writeRecords(change: Change): void {
    const database = this.#database;
    for (const record of change.records ?? [])
      database.run(
        'INSERT OR REPLACE INTO records (type, id, body) VALUES (?, ?, ?)',
        record.type,
        record.id,
        JSON.stringify(record),
      );
    for (const ref of change.forget ?? [])
      database.run('DELETE FROM records WHERE type = ? AND id = ?', ref.type, ref.id);
    if (change.records)
      database.run(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('next_id', ?)",
        String(this.#nextId),
      );
  }

  #writeLinks(change: Change): void {
    for (const link of change.link ?? [])
      this.#database.run('INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?, ?, ?)', ...linkKey(link));
    for (const link of change.unlink ?? [])
      this.#database.run(
        'DELETE FROM links WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id = ? AND category = ? AND type_id = ?',
        ...linkKey(link),
      );
  }

  #show(change: Change): void {
    for (const link of change.link ?? []) this.graph.add(link);
    for (const link of change.unlink ?? []) this.graph.remove(link);
    for (const ref of change.forget ?? []) this.#forget(ref);
    for (const record of change.records ?? []) this.#place(record);
    if (change.definition) this.catalogue.put(change.definition.type, change.definition.definition);
    this.#reindex(change);
  }

  #reindex(change: Change): void {
    const touched = new Map<string, RecordRef>();
    const links = [...(change.link ?? []), ...(change.unlink ?? [])];
    const refs = [
      ...(change.records ?? []).map(({ type, id }) => ({ type, id })),
      ...(change.forget ?? []),
      ...links.map((link) => link.from),
    ];
    for (const ref of refs) touched.set(`${ref.type}/${ref.id}`, ref);
    const nowMs = Date.now();
    for (const ref of touched.values()) {
      const record = this.#records.get(ref.type)?.get(ref.id);
      this.index.put(ref, record?.mergedInto ? undefined : record, this.graph, nowMs);
    }
  }

  #forget(ref: RecordRef): void {
    const old = this.#records.get(ref.type)?.get(ref.id);
    if (old) this.#unique.remove(old, this.catalogue.uniqueNames(ref.type));
    this.#records.get(ref.type)?.delete(ref.id);
  }

  #place(record: StoredRecord): void {
    const ofType = this.#records.get(record.type) ?? new Map<string, StoredRecord>();
    const names = this.catalogue.uniqueNames(record.type);
    const old = ofType.get(record.id);
    if (old) this.#unique.remove(old, names);
    ofType.set(record.id, record);
    this.#unique.put(record, names);
    this.#records.set(record.type, ofType);
  }

  #load(): void {
    const database = this.#database;
    for (const row of database.all('SELECT type, body FROM property_definitions'))
      this.catalogue.put(
        String(row['type']) as ObjectTypeName,
        JSON.parse(String(row['body'])) as PropertyDefinition,
      );
    const links = database.all('SELECT * FROM links').map(toLink);
    const records = database
      .all('SELECT body FROM records')
      .map((row) => JSON.parse(String(row['body'])) as StoredRecord)
      .sort((a, b) => Number(a.id) - Number(b.id));
    this.#show({ records, link: links });
    const next = database.all("SELECT value FROM meta WHERE key = 'next_id'")[0];
    if (next) this.#nextId = Number(next['value']);
  }
}

function linkKey(link: Link): (string | number)[] {
  return [
    link.from.type,
    link.from.id,
    link.to.type,
    link.to.id,
    link.spec.associationCategory,
    link.spec.associationTypeId,
  ];
}

function toLink(row: Record<string, unknown>): Link {
  return {
    from: { type: String(row['from_type']) as ObjectTypeName, id: String(row['from_id']) },
    to: { type: String(row['to_type']) as ObjectTypeName, id: String(row['to_id']) },
    spec: {
      associationCategory: String(row['category']) as AssociationCategory,
      associationTypeId: Number(row['type_id']),
    },
  };
}
