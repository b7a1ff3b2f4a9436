import type { ObjectTypeName } from '../object-types.ts';
import type { AssociationSpec, Link, RecordRef } from './types.ts';

export type Neighbour = { id: string; specs: AssociationSpec[] };

const sameSpec = (a: AssociationSpec, b: AssociationSpec): boolean =>
  a.associationTypeId === b.associationTypeId && a.associationCategory === b.associationCategory;

/** The associations in memory: for each record and other type, the records and under which types. */
export class AssociationGraph {
  readonly #edges = new Map<string, Map<string, AssociationSpec[]>>();

  #key(from: RecordRef, toType: ObjectTypeName): string {
    return `${from.type}/${from.id}/${toType}`;
  }

  add(link: Link): void {
    const key = this.#key(link.from, link.to.type);
    const edges = this.#edges.get(key) ?? new Map<string, AssociationSpec[]>();
    const specs = edges.get(link.to.id) ?? [];
    if (!specs.some((spec) => sameSpec(spec, link.spec)))
      edges.set(link.to.id, [...specs, link.spec]);
    this.#edges.set(key, edges);
  }

  remove(link: Link): void {
    const edges = this.#edges.get(this.#key(link.from, link.to.type));
    const left = (edges?.get(link.to.id) ?? []).filter((spec) => !sameSpec(spec, link.spec));
    if (left.length > 0) edges?.set(link.to.id, left);
    else edges?.delete(link.to.id);
  }

  /** In the order of the other records' ids, which is also the order the API pages through. */
  neighbours(from: RecordRef, toType: ObjectTypeName): Neighbour[] {
    const edges = this.#edges.get(this.#key(from, toType)) ?? new Map<string, AssociationSpec[]>();
    return [...edges]
      .map(([id, specs]) => ({ id, specs }))
      .sort((a, b) => Number(a.id) - Number(b.id));
  }

  specs(from: RecordRef, to: RecordRef): readonly AssociationSpec[] {
    return this.#edges.get(this.#key(from, to.type))?.get(to.id) ?? [];
  }

  has(link: Link): boolean {
    return this.specs(link.from, link.to).some((spec) => sameSpec(spec, link.spec));
  }

  clear(): void {
    this.#edges.clear();
  }
}
