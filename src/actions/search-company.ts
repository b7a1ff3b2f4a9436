import { z } from 'zod';
import { COMPANY_FIELDS } from './company-fields.ts';
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

const ANSWERS = ['name', 'domain', 'last_contacted'] as const;

const input = z
  .strictObject({
    action: z.literal('search_company'),
    name: searchText('The company name or words of it.').optional(),
    domain: searchText("The company's web domain, such as acme.example.").optional(),
    ...pageInput,
  })
  .refine((value) => value.name ?? value.domain, { error: 'one of name or domain is needed' });

function alternatives(value: z.output<typeof input>): SearchFilter[][] {
  const always = equalsIfGiven('domain', value.domain);
  const names = value.name === undefined ? [[]] : nameAlternatives('name', value.name);
  return names.map((filters) => [...always, ...filters]);
}

export const searchCompany = defineAction({
  name: 'search_company',
  risk: 'read',
  summary: 'Find companies by name or web domain; at least one of them is needed.',
  scopes: ['crm.objects.companies.read'],
  input,
  fields: ANSWERS,
  touches: (value) => ({
    answers: ANSWERS,
    needs: [
      ...(value.name === undefined ? [] : ['name']),
      ...(value.domain === undefined ? [] : ['domain']),
    ],
  }),
  toPlan: (value, { fields }) =>
    searchPlan(
      {
        action: 'search_company',
        objectType: 'companies',
        table: COMPANY_FIELDS,
        alternatives: alternatives(value),
        page: value,
      },
      fields,
    ),
  toResult: (plan, answers) => searchResult('companies', COMPANY_FIELDS, plan, answers[0]),
});
