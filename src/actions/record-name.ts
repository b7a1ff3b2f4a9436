import type { PresentRecord } from './define-action.ts';

/** The name a person knows a record by; its id where HubSpot holds no name. */
export function recordName(record: PresentRecord): string {
  const { firstname, lastname, email, name, dealname, subject, domain } = record.properties;
  const person = [firstname, lastname].filter(Boolean).join(' ');
  return (
    person || name || dealname || subject || email || domain || `${record.object_type} ${record.id}`
  );
}

/** What must be read of a record for `recordName`. */
export const NAME_PROPERTIES = {
  contacts: ['firstname', 'lastname', 'email'],
  companies: ['name', 'domain'],
  deals: ['dealname'],
  tickets: ['subject'],
} as const;
