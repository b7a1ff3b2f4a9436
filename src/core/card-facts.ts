import type { CardEffects, CardRecord } from '../contracts/card.ts';
import type { Plan } from '../contracts/plan.ts';

/**
 * HubSpot's numbers of the object types whose records have a page of their own.
 * https://developers.hubspot.com/docs/api-reference/latest/crm/understanding-the-crm#object-type-ids
 */
const PAGE_TYPES: Readonly<Record<string, string>> = {
  contacts: '0-1',
  companies: '0-2',
  deals: '0-3',
  tickets: '0-5',
};

const ID = /^\d{1,20}$/;

/** Where HubSpot shows this record. Made of numbers alone, so that no text of a record gets into a link. */
export function hubspotUrl(
  portalId: number | undefined,
  { object_type, id }: Pick<CardRecord, 'object_type' | 'id'>,
): { url?: string } {
  const type = Object.hasOwn(PAGE_TYPES, object_type) ? PAGE_TYPES[object_type] : undefined;
  if (portalId === undefined || type === undefined || id === null || !ID.test(id)) return {};
  return { url: `https://app.hubspot.com/contacts/${portalId}/record/${type}/${id}` };
}

const UNDO = {
  update: 'Sallyport can set the changed fields back, as long as nobody has changed them since.',
  create: 'Sallyport can archive what it creates; HubSpot keeps that restorable for 90 days.',
  associate: 'Sallyport can take the association away again.',
  archive: 'What is archived can be restored in HubSpot for 90 days, by hand.',
  dissociate: 'The association can be made again.',
} as const;

const REMAINS =
  'It cannot take back what HubSpot does by itself after a change: a workflow of yours may send e-mail.';

/** What a revert could do about this plan (`contracts/undo.ts`), and what it never can. */
export function effectsOf({ operations }: Plan): CardEffects {
  const kinds = new Set(operations.map(({ kind }) => kind));
  const undo = (['update', 'create', 'associate', 'archive', 'dissociate'] as const)
    .filter((kind) => kinds.has(kind))
    .map((kind) => UNDO[kind]);
  return { undo: undo.join(' '), remains: REMAINS };
}
