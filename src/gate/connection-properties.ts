import { GroupedSchema, PropertySchema } from '../actions/account-shapes.ts';
import type { UniqueProperties } from '../core/records.ts';
import {
  MARKED_TYPES,
  PREPARED_TYPES,
  type PreparedType,
  REQUEST_PROPERTY,
} from '../core/setup-calls.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import { callSetup, type ConnectDependencies, type Connecting } from './connection-calls.ts';

export interface Preparation {
  readonly objectType: PreparedType;
  readonly state: 'prepared' | 'already_there' | 'could_not';
  /** Why it could not. */
  readonly reason: string | null;
  /** HubSpot did not say whether it is there; what was known before still counts. */
  readonly isUnclear: boolean;
}

const couldNot = (objectType: PreparedType, reason: string, isUnclear = false): Preparation => ({
  objectType,
  state: 'could_not',
  reason,
  isUnclear,
});

function reasonOf(answer: CrmAnswer): string {
  if (answer.kind === 'answered') return 'HubSpot answered with something else than a property';
  const detail = 'detail' in answer && answer.detail !== undefined ? `: ${answer.detail}` : '';
  return `${answer.code}${detail}`;
}

type Sighting = 'there' | 'absent' | { readonly reason: string; readonly isUnclear: boolean };

async function look(
  deps: ConnectDependencies,
  of: Connecting,
  objectType: PreparedType,
): Promise<Sighting> {
  const answer = await callSetup(deps, of, { kind: 'read_property', objectType });
  if (answer.kind === 'refused' && answer.code === 'record.not_found') return 'absent';
  const isUnclear = answer.kind === 'lost' || answer.kind === 'unsent';
  const property = answer.kind === 'answered' ? PropertySchema.safeParse(answer.json) : undefined;
  if (property?.data === undefined) return { reason: reasonOf(answer), isUnclear };
  const { type, hasUniqueValue, archived } = property.data;
  // Somebody else may have made it: one that takes no text would refuse every record with a request's id.
  if (hasUniqueValue && type === 'string' && !archived) return 'there';
  const what = hasUniqueValue ? 'that is no text' : 'that is not unique';
  const reason = `there is a property ${REQUEST_PROPERTY} ${what}; delete it in HubSpot`;
  return { reason, isUnclear: false };
}

/** Into the group of the property beside it; what else HubSpot says of that is its reason. */
async function create(
  deps: ConnectDependencies,
  of: Connecting,
  objectType: PreparedType,
): Promise<CrmAnswer> {
  const beside = await callSetup(deps, of, { kind: 'read_neighbour', objectType });
  if (beside.kind !== 'answered') return beside;
  const { data } = GroupedSchema.safeParse(beside.json);
  if (data === undefined) return beside;
  return callSetup(deps, of, { kind: 'create_property', objectType, ...data });
}

/** Why HubSpot refuses to make one. */
function whyNone(
  objectType: PreparedType,
  refusal: Extract<CrmAnswer, { kind: 'refused' }>,
): string {
  const isUnsuited = refusal.code === 'record.invalid' && MARKED_TYPES.has(objectType);
  return isUnsuited ? 'HubSpot takes none there' : reasonOf(refusal);
}

async function prepare(
  deps: ConnectDependencies,
  of: Connecting,
  objectType: PreparedType,
): Promise<Preparation> {
  const before = await look(deps, of, objectType);
  if (before === 'there')
    return { objectType, state: 'already_there', reason: null, isUnclear: false };
  if (before !== 'absent') return couldNot(objectType, before.reason, before.isUnclear);
  const answer = await create(deps, of, objectType);
  const prepared: Preparation = { objectType, state: 'prepared', reason: null, isUnclear: false };
  if (answer.kind === 'answered' && PropertySchema.safeParse(answer.json).data?.hasUniqueValue)
    return prepared;
  const isConflict = answer.kind === 'refused' && answer.code === 'record.conflict';
  if (answer.kind === 'refused' && !isConflict)
    return couldNot(objectType, whyNone(objectType, answer));
  // A second look: the answer may have been lost after HubSpot made it, or somebody else was faster.
  if ((await look(deps, of, objectType)) === 'there') return prepared;
  if (isConflict)
    return couldNot(objectType, `an archived property is called ${REQUEST_PROPERTY} already`);
  return couldNot(objectType, reasonOf(answer), true);
}

/** A unique property for created records on each object type; one after the other, so each is in the log. */
export async function prepareProperties(
  deps: ConnectDependencies,
  of: Connecting,
): Promise<readonly Preparation[]> {
  const prepared: Preparation[] = [];
  for (const objectType of PREPARED_TYPES) prepared.push(await prepare(deps, of, objectType));
  return prepared;
}

/** What planning may count on. */
export function uniqueProperties(
  preparations: readonly Preparation[],
  known: UniqueProperties,
): UniqueProperties {
  const usable = preparations.filter(
    ({ state, objectType, isUnclear }) =>
      state !== 'could_not' || (isUnclear && known[objectType] !== undefined),
  );
  return Object.fromEntries(usable.map(({ objectType }) => [objectType, REQUEST_PROPERTY]));
}
