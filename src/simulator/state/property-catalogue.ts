import { OBJECT_TYPE_NAMES } from '../object-types.ts';
import type { ObjectTypeName } from '../object-types.ts';
import { HUBSPOT_PROPERTIES } from '../properties/catalogue.ts';
import type { PropertyDefinition } from './types.ts';

/** The property definitions per object: HubSpot's own, plus those created through the API. */
export class PropertyCatalogue {
  readonly #byType = new Map<ObjectTypeName, Map<string, PropertyDefinition>>();

  constructor() {
    this.clear();
  }

  find(type: ObjectTypeName, name: string): PropertyDefinition | undefined {
    const definition = this.#byType.get(type)?.get(name);
    return definition?.archived ? undefined : definition;
  }

  list(type: ObjectTypeName): PropertyDefinition[] {
    return [...(this.#byType.get(type)?.values() ?? [])];
  }

  put(type: ObjectTypeName, definition: PropertyDefinition): void {
    this.#byType.get(type)?.set(definition.name, definition);
  }

  uniqueNames(type: ObjectTypeName): string[] {
    return this.list(type)
      .filter((definition) => definition.hasUniqueValue && definition.name !== 'hs_object_id')
      .map((definition) => definition.name);
  }

  /** Back to HubSpot's own definitions. */
  clear(): void {
    for (const type of OBJECT_TYPE_NAMES) {
      const own = HUBSPOT_PROPERTIES[type].map((each) => [each.name, each] as const);
      this.#byType.set(type, new Map(own));
    }
  }
}
