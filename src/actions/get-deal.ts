import { z } from 'zod';
import { DEAL_FIELDS } from './deal-fields.ts';
import { defineAction } from './define-action.ts';
import { readPlan, readResult } from './read-record.ts';
import { hubspotId } from './text-rules.ts';

const FIELDS = Object.keys(DEAL_FIELDS);

export const getDeal = defineAction({
  name: 'get_deal',
  risk: 'read',
  summary: 'Read one deal by its id.',
  scopes: ['crm.objects.deals.read'],
  input: z.strictObject({
    action: z.literal('get_deal'),
    deal_id: hubspotId("The deal's HubSpot id."),
  }),
  fields: FIELDS,
  touches: () => ({ answers: FIELDS, needs: [] }),
  toPlan: (value, { fields }) =>
    readPlan({
      action: 'get_deal',
      objectType: 'deals',
      id: value.deal_id,
      table: DEAL_FIELDS,
      fields,
    }),
  toResult: (plan, answers) => readResult('deal', DEAL_FIELDS, plan, answers),
});
