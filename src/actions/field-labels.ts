import { COMPANY_FIELDS } from './company-fields.ts';
import { CONTACT_FIELDS } from './contact-fields.ts';
import { DEAL_FIELDS } from './deal-fields.ts';
import type { FieldTable } from './fields.ts';
import { TICKET_FIELDS } from './ticket-fields.ts';

/** By what the names of actions end in; a field of one kind means another thing on another. */
const TABLES: Readonly<Record<string, FieldTable>> = {
  contact: CONTACT_FIELDS,
  company: COMPANY_FIELDS,
  deal: DEAL_FIELDS,
  ticket: TICKET_FIELDS,
};

/** A field of an action as people read it: by HubSpot's label, or where it has none of its own by its name in words. */
export function fieldLabel(action: string, field: string): string {
  const table = TABLES[action.split('_').at(-1) ?? ''] ?? {};
  const known = Object.hasOwn(table, field) ? table[field]?.label : undefined;
  return known ?? field.replaceAll('_', ' ');
}
