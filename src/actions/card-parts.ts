import type { CardChange, CardRecord } from '../contracts/card.ts';
import type { ObjectType } from '../contracts/plan.ts';
import { type CrmNames, inHubSpotsWords, propertyKey } from '../core/crm-names.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { REQUEST_PROPERTY } from '../core/setup-calls.ts';
import type { PresentRecord } from './define-action.ts';
import { recordName } from './record-name.ts';

/** Throws `record.not_found`: a card that cannot show what it lands on is not made. */
export function findPresent(
  present: readonly PresentRecord[],
  target: { readonly object_type: ObjectType; readonly id: string },
): PresentRecord {
  const found = present.find(
    (record) => record.object_type === target.object_type && record.id === target.id,
  );
  if (found === undefined) throw new GatewayError('record.not_found');
  return found;
}

export const cardRecord = (record: PresentRecord): CardRecord => ({
  object_type: record.object_type,
  id: record.id,
  name: recordName(record),
});

/** What people call the fields of an object type: by the labels we know, and by what HubSpot says. */
export interface FieldWords {
  readonly objectType: ObjectType;
  readonly labels: ReadonlyMap<string, string>;
  readonly names: CrmNames | undefined;
}

/**
 * One line for every property that is sent, also for one without a label: nothing goes out unseen.
 * `present` is undefined when there is no record yet.
 */
export function changesOf(
  sent: Readonly<Record<string, string>>,
  { objectType, labels, names }: FieldWords,
  present: PresentRecord | undefined,
): CardChange[] {
  return Object.entries(sent).map(([property, after]) => {
    const label = labels.get(property) ?? property;
    const before = present === undefined ? null : (present.properties[property] ?? '');
    const change = { label, property, before, after };
    return inHubSpotsWords(change, names?.get(propertyKey(objectType, property)));
  });
}

/** The property that holds the request's id has no label of its own in HubSpot that we know. */
export const withUnique = (labels: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...labels, [REQUEST_PROPERTY, 'Request']]);
