import { z } from 'zod';
import { COMPANY_FIELDS } from './company-fields.ts';
import { defineAction } from './define-action.ts';
import { labelled } from './fields.ts';
import { takeBackUpdate } from './take-back.ts';
import { writtenRecord } from './written-record.ts';
import { hubspotId, oneLine } from './text-rules.ts';
import {
  clearInput,
  givenFields,
  refuseNoChange,
  updateCard,
  updatePlan,
  withCleared,
} from './update-record.ts';

const COMPANY_TEXT_MAX_CHARS = 200;

const CLEARABLE = ['domain', 'phone', 'city', 'country', 'industry'] as const;
const FIELDS = ['name', ...CLEARABLE, 'lifecyclestage'] as const;

const companyText = (description: string) =>
  oneLine(COMPANY_TEXT_MAX_CHARS).optional().meta({ description });

const input = z
  .strictObject({
    action: z.literal('update_company'),
    company_id: hubspotId("The company's HubSpot id."),
    name: companyText('Name of the company.'),
    domain: companyText('Web domain, such as acme.example.'),
    phone: companyText('Phone number.'),
    city: companyText('City.'),
    country: companyText('Country or region.'),
    industry: companyText("HubSpot's internal name of the industry, such as MACHINERY."),
    lifecyclestage: companyText("HubSpot's internal name of the stage, such as customer."),
    clear: clearInput(CLEARABLE),
  })
  .superRefine(refuseNoChange((value) => givenFields(FIELDS, value)));

/** Our field names are HubSpot's property names here. */
const changedProperties = (value: z.output<typeof input>): Record<string, string> =>
  withCleared(givenFields(FIELDS, value), value.clear);

export const updateCompany = defineAction({
  name: 'update_company',
  risk: 'write',
  summary: 'Change or clear fields of one company. A person approves it first.',
  scopes: ['crm.objects.companies.read', 'crm.objects.companies.write'],
  input,
  fields: FIELDS,
  changeable: labelled(FIELDS, COMPANY_FIELDS),
  touches: (value) => ({ answers: [], needs: Object.keys(changedProperties(value)) }),
  toPlan: (value) =>
    updatePlan({
      action: 'update_company',
      objectType: 'companies',
      id: value.company_id,
      properties: changedProperties(value),
    }),
  toResult: (plan, answers) => ({ company: { id: writtenRecord(plan, answers[0]).id } }),
  undo: takeBackUpdate,
  card: (...of) => updateCard('companies', COMPANY_FIELDS, ...of),
});
