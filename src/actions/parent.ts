import type { Target } from '../contracts/plan.ts';
import { NAME_PROPERTIES } from './record-name.ts';
import { hubspotId } from './text-rules.ts';

/** The kinds of records that others belong to, in the order in which they are told in texts. */
export const PARENT_TYPES = ['contacts', 'companies', 'deals', 'tickets'] as const;
export type ParentType = (typeof PARENT_TYPES)[number];

export const parentInput = {
  contact_id: hubspotId('The contact it belongs to.').optional(),
  company_id: hubspotId('The company it belongs to.').optional(),
  deal_id: hubspotId('The deal it belongs to.').optional(),
  ticket_id: hubspotId('The ticket it belongs to.').optional(),
};

/** The record it belongs to is read for the card, and what belongs to it when an answer was lost. */
export const PARENT_READ_SCOPES = [
  'crm.objects.contacts.read',
  'crm.objects.companies.read',
  'crm.objects.deals.read',
  'tickets',
] as const;

interface ParentInput {
  readonly contact_id?: string | undefined;
  readonly company_id?: string | undefined;
  readonly deal_id?: string | undefined;
  readonly ticket_id?: string | undefined;
}

export interface Parent {
  readonly object_type: ParentType;
  readonly id: string;
}

/** The records that the input names. */
export function parentsOf(input: ParentInput): Parent[] {
  const given = [
    ['contacts', input.contact_id],
    ['companies', input.company_id],
    ['deals', input.deal_id],
    ['tickets', input.ticket_id],
  ] as const;
  return given.flatMap(([object_type, id]) => (id === undefined ? [] : [{ object_type, id }]));
}

export const hasOneParent = (input: ParentInput): boolean => parentsOf(input).length === 1;

export const ONE_PARENT_NEEDED = {
  error: 'exactly one of contact_id, company_id, deal_id or ticket_id is needed',
};

/** The only parent; the schema has made sure that there is exactly one. */
export function parentOf(input: ParentInput): Parent {
  const [parent] = parentsOf(input);
  if (parent === undefined) throw new Error('an input without a parent passed validation');
  return parent;
}

/** The parent, read for the card so that the approver sees whose record it is. */
export const parentTarget = (parent: Parent): Target => ({
  ...parent,
  properties: [...NAME_PROPERTIES[parent.object_type]],
});
