import { COMPANY_FIELDS } from './company-fields.ts';
import { CONTACT_FIELDS } from './contact-fields.ts';
import { DEAL_FIELDS } from './deal-fields.ts';
import type { FieldTable } from './fields.ts';
import { TICKET_FIELDS } from './ticket-fields.ts';

const TABLES: readonly FieldTable[] = [CONTACT_FIELDS, COMPANY_FIELDS, DEAL_FIELDS, TICKET_FIELDS];

const LABELS = new Map(
  TABLES.flatMap((table) => Object.entries(table).map(([field, { label }]) => [field, label])),
);

/** A field as people read it: by HubSpot's label, or where it has none of its own by its name in words. */
export const fieldLabel = (field: string): string =>
  LABELS.get(field) ?? field.replaceAll('_', ' ');
