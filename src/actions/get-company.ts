import { z } from 'zod';
import { COMPANY_FIELDS } from './company-fields.ts';
import { defineAction } from './define-action.ts';
import { readPlan, readResult } from './read-record.ts';
import { hubspotId } from './text-rules.ts';

const FIELDS = Object.keys(COMPANY_FIELDS);

export const getCompany = defineAction({
  name: 'get_company',
  risk: 'read',
  summary: 'Read one company by its id.',
  scopes: ['crm.objects.companies.read'],
  input: z.strictObject({
    action: z.literal('get_company'),
    company_id: hubspotId("The company's HubSpot id."),
  }),
  fields: FIELDS,
  touches: () => ({ answers: FIELDS, needs: [] }),
  toPlan: (value, { fields }) =>
    readPlan({
      action: 'get_company',
      objectType: 'companies',
      id: value.company_id,
      table: COMPANY_FIELDS,
      fields,
    }),
  toResult: (plan, answers) => readResult('company', COMPANY_FIELDS, plan, answers),
});
