import type { FieldTable } from './fields.ts';

/** Company fields an agent can be granted, with HubSpot's property names and labels. */
export const COMPANY_FIELDS = {
  name: { property: 'name', label: 'Company name' },
  domain: { property: 'domain', label: 'Company domain name' },
  phone: { property: 'phone', label: 'Phone number' },
  city: { property: 'city', label: 'City' },
  country: { property: 'country', label: 'Country/Region' },
  industry: { property: 'industry', label: 'Industry' },
  lifecyclestage: { property: 'lifecyclestage', label: 'Lifecycle stage' },
  last_contacted: { property: 'notes_last_contacted', label: 'Last contacted' },
} as const satisfies FieldTable;
