import type { PresentRecord } from './define-action.ts';

/** The name a person knows a record by; its id where HubSpot holds no name. */
export function recordName(record: PresentRecord): string {
  const { firstname, lastname, email, name, dealname, subject } = record.properties;
  const person = [firstname, lastname].filter(Boolean).join(' ');
  return person || name || dealname || subject || email || `${record.object_type} ${record.id}`;
}
