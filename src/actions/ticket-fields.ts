import type { FieldTable } from './fields.ts';

/** Ticket fields an agent can be granted, with HubSpot's property names and labels. */
export const TICKET_FIELDS = {
  subject: { property: 'subject', label: 'Ticket name' },
  stage: { property: 'hs_pipeline_stage', label: 'Ticket status' },
  pipeline: { property: 'hs_pipeline', label: 'Pipeline' },
  priority: { property: 'hs_ticket_priority', label: 'Priority' },
  last_contacted: { property: 'notes_last_contacted', label: 'Last contacted' },
} as const satisfies FieldTable;
