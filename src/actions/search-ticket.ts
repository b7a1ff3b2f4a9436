import { z } from 'zod';
import { defineAction } from './define-action.ts';
import {
  equalsIfGiven,
  nameAlternatives,
  pageInput,
  type SearchFilter,
  searchPlan,
  searchResult,
  searchText,
} from './search.ts';
import { hubspotId } from './text-rules.ts';
import { TICKET_FIELDS } from './ticket-fields.ts';

const ANSWERS = ['subject', 'stage', 'pipeline', 'priority', 'last_contacted'] as const;

const input = z
  .strictObject({
    action: z.literal('search_ticket'),
    subject: searchText('The ticket name or words of it.').optional(),
    contact_id: hubspotId('Only tickets of this contact.').optional(),
    company_id: hubspotId('Only tickets of this company.').optional(),
    stage: searchText("Only tickets in this status, by HubSpot's internal stage id.").optional(),
    ...pageInput,
  })
  .refine((value) => value.subject ?? value.contact_id ?? value.company_id ?? value.stage, {
    error: 'one of subject, contact_id, company_id or stage is needed',
  });

function alternatives(value: z.output<typeof input>): SearchFilter[][] {
  const always = [
    ...equalsIfGiven('associations.contact', value.contact_id),
    ...equalsIfGiven('associations.company', value.company_id),
    ...equalsIfGiven('hs_pipeline_stage', value.stage),
  ];
  const names = value.subject === undefined ? [[]] : nameAlternatives('subject', value.subject);
  return names.map((filters) => [...always, ...filters]);
}

/** HubSpot has one scope for tickets, which also writes them; this action only searches. */
export const searchTicket = defineAction({
  name: 'search_ticket',
  risk: 'read',
  summary: 'Find tickets by name, contact, company or status; at least one of them is needed.',
  scopes: ['tickets'],
  input,
  fields: ANSWERS,
  touches: (value) => ({
    answers: ANSWERS,
    needs: [
      ...(value.subject === undefined ? [] : ['subject']),
      ...(value.stage === undefined ? [] : ['stage']),
    ],
  }),
  toPlan: (value, { fields }) =>
    searchPlan(
      {
        action: 'search_ticket',
        objectType: 'tickets',
        table: TICKET_FIELDS,
        alternatives: alternatives(value),
        page: value,
      },
      fields,
    ),
  toResult: (plan, answers) => searchResult('tickets', TICKET_FIELDS, plan, answers[0]),
});
