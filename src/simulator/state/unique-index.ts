import type { ObjectTypeName } from '../object-types.ts';
import type { StoredRecord } from './types.ts';

/** Which record holds which value of a property that must be unique. Compared without regard to case. */
export class UniqueIndex {
  readonly #holders = new Map<string, Map<string, string>>();

  find(type: ObjectTypeName, property: string, value: string): string | undefined {
    return this.#holders.get(`${type}/${property}`)?.get(value.toLowerCase());
  }

  put(record: StoredRecord, names: readonly string[]): void {
    for (const name of names) {
      const value = record.properties[name];
      if (!value || record.archived) continue;
      const key = `${record.type}/${name}`;
      const holders = this.#holders.get(key) ?? new Map<string, string>();
      holders.set(value.toLowerCase(), record.id);
      this.#holders.set(key, holders);
    }
  }

  remove(record: StoredRecord, names: readonly string[]): void {
    for (const name of names) {
      const value = record.properties[name]?.toLowerCase();
      const holders = this.#holders.get(`${record.type}/${name}`);
      if (value && holders?.get(value) === record.id) holders.delete(value);
    }
  }

  clear(): void {
    this.#holders.clear();
  }
}
