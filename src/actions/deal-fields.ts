import type { FieldTable } from './fields.ts';

/** Deal fields an agent can be granted, with HubSpot's property names and labels. */
export const DEAL_FIELDS = {
  dealname: { property: 'dealname', label: 'Deal name' },
  amount: { property: 'amount', label: 'Amount' },
  dealstage: { property: 'dealstage', label: 'Deal stage' },
  pipeline: { property: 'pipeline', label: 'Pipeline' },
  closedate: { property: 'closedate', label: 'Close date' },
  last_contacted: { property: 'notes_last_contacted', label: 'Last contacted' },
} as const satisfies FieldTable;
