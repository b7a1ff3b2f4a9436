import { validationError } from '../errors.ts';
import { findObjectType, requireObjectType } from '../object-types.ts';
import type { ObjectType, ObjectTypeName, ScopeSets } from '../object-types.ts';
import type { ViewOptions } from '../records/view.ts';
import { queryList } from '../http/input.ts';
import type { Call } from '../http/route.ts';

export function param(call: Call, name: string): string {
  return call.params[name] ?? '';
}

export function typeOf(call: Call, name = 'objectType'): ObjectType {
  return requireObjectType(param(call, name));
}

export const readScopes = (call: Call): ScopeSets => typeOf(call).read;
export const writeScopes = (call: Call): ScopeSets => typeOf(call).write;

/** The view a read asks for by its query. Unknown association types are ignored. */
export function viewOptions(call: Call): ViewOptions {
  return {
    properties: queryList(call, 'properties'),
    history: queryList(call, 'propertiesWithHistory'),
    defaultNulls: call.version === '2026-09',
  };
}

export function askedAssociations(call: Call): ObjectTypeName[] {
  return queryList(call, 'associations').flatMap((name) => findObjectType(name)?.name ?? []);
}

/** @throws HubSpotError 400 for more inputs than a batch takes */
export function assertBatchSize(inputs: readonly unknown[], max: number): void {
  if (inputs.length > max)
    throw validationError(
      `The maximum number of inputs supported in a batch request is ${String(max)}. Received ${String(inputs.length)} inputs.`,
    );
}
