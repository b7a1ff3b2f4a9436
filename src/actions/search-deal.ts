import { z } from 'zod';
import { DEAL_FIELDS } from './deal-fields.ts';
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

const ANSWERS = ['dealname', 'amount', 'dealstage', 'closedate'] as const;

const input = z
  .strictObject({
    action: z.literal('search_deal'),
    name: searchText('The deal name or words of it.').optional(),
    company_id: hubspotId('Only deals of this company.').optional(),
    stage: searchText("Only deals in this stage, by HubSpot's internal stage id.").optional(),
    ...pageInput,
  })
  .refine((value) => value.name ?? value.company_id ?? value.stage, {
    error: 'one of name, company_id or stage is needed',
  });

function alternatives(value: z.output<typeof input>): SearchFilter[][] {
  const always = [
    ...equalsIfGiven('associations.company', value.company_id),
    ...equalsIfGiven('dealstage', value.stage),
  ];
  const names = value.name === undefined ? [[]] : nameAlternatives('dealname', value.name);
  return names.map((filters) => [...always, ...filters]);
}

export const searchDeal = defineAction({
  name: 'search_deal',
  risk: 'read',
  summary: 'Find deals by name, company or stage; at least one of them is needed.',
  scopes: ['crm.objects.deals.read'],
  input,
  fields: ANSWERS,
  touches: (value) => ({
    answers: ANSWERS,
    needs: [
      ...(value.name === undefined ? [] : ['dealname']),
      ...(value.stage === undefined ? [] : ['dealstage']),
    ],
  }),
  toPlan: (value, { fields }) =>
    searchPlan(
      {
        action: 'search_deal',
        objectType: 'deals',
        table: DEAL_FIELDS,
        alternatives: alternatives(value),
        page: value,
      },
      fields,
    ),
  toResult: (plan, answers) => searchResult('deals', DEAL_FIELDS, plan, answers[0]),
});
