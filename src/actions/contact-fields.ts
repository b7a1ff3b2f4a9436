import type { FieldTable } from './fields.ts';

/** Contact fields an agent can be granted, with HubSpot's property names and labels. */
export const CONTACT_FIELDS = {
  firstname: { property: 'firstname', label: 'First name' },
  lastname: { property: 'lastname', label: 'Last name' },
  email: { property: 'email', label: 'Email' },
  last_contacted: { property: 'notes_last_contacted', label: 'Last contacted' },
  company: { property: 'company', label: 'Company name' },
  phone: { property: 'phone', label: 'Phone number' },
  jobtitle: { property: 'jobtitle', label: 'Job title' },
  lifecyclestage: { property: 'lifecyclestage', label: 'Lifecycle stage' },
} as const satisfies FieldTable;
