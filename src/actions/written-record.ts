import type { Operation, Plan } from '../contracts/plan.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isSameValue } from '../core/same-value.ts';
import { associatedIn, associatedRecord, LINKED, linkProperty } from './association.ts';
import { type CrmRecord, parseRecord, sentProperties } from './hubspot-shapes.ts';

const HUBSPOT_ID = /^[1-9]\d{0,19}$/;

/** The last segment of the path that is called: the record the bytes really land on. */
export const sentId = (operation: Operation | undefined): string =>
  operation?.path.split('/').at(-1) ?? '';

/** What a create sent as a value that HubSpot keeps unique, and what its answer says of it. */
function isOtherUnique({ steps }: Plan, { properties }: CrmRecord): boolean {
  const witness = steps[0]?.witness;
  if (witness?.kind !== 'unique') return false;
  const { id_property: property, value } = witness;
  return !isSameValue(property, properties[property] ?? value, value);
}

/** What an archived record has in the ledger in place of values: HubSpot keeps those, and so does the card. */
export const ARCHIVED = 'archived';

/** HubSpot answers a DELETE with nothing; what was found instead of a lost answer says which record. */
function removedRecord(plan: Plan, answer: unknown): CrmRecord {
  const [operation] = plan.operations;
  const id = operation?.kind === 'archive' ? sentId(operation) : associatedIn(plan).from.id;
  if (answer !== null && parseRecord(answer).id !== id)
    throw new GatewayError('hubspot.bad_answer');
  return { id, properties: {} };
}

/**
 * The record that the answer to a write speaks of, when it is the plan's own. Throws
 * `hubspot.bad_answer` when it is another one (a proxy's mix-up, a record merged away meanwhile): such
 * a success says nothing of this write, so the caller must take the answer for lost, never for done.
 */
export function writtenRecord(plan: Plan, answer: unknown): CrmRecord {
  const [operation] = plan.operations;
  if (operation?.kind === 'associate') return associatedRecord(plan, answer);
  if (operation?.method === 'DELETE') return removedRecord(plan, answer);
  const record = parseRecord(answer);
  const isOther = operation?.kind === 'update' && record.id !== sentId(operation);
  if (isOther || !HUBSPOT_ID.test(record.id) || isOtherUnique(plan, record))
    throw new GatewayError('hubspot.bad_answer');
  return record;
}

/** What a write sets, by property; an association is one of its first record. For the ledger. */
export function writtenValues(plan: Plan): Readonly<Record<string, string>> {
  const kind = plan.operations[0]?.kind;
  if (kind === 'associate') return { [linkProperty(associatedIn(plan).to)]: LINKED };
  if (kind === 'dissociate') return { [linkProperty(associatedIn(plan).to)]: '' };
  if (kind === 'archive') return { [ARCHIVED]: 'true' };
  return sentProperties(plan);
}
