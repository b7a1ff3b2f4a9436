import { z } from 'zod';
import { CONTACT_FIELDS } from './contact-fields.ts';
import { defineAction } from './define-action.ts';
import {
  equals,
  equalsIfGiven,
  pageInput,
  type SearchFilter,
  searchPlan,
  searchResult,
  searchText,
} from './search.ts';

const ANSWERS = ['firstname', 'lastname', 'email', 'last_contacted'] as const;

const input = z
  .strictObject({
    action: z.literal('search_contact'),
    company: searchText('Company name as it stands on the contact.').optional(),
    name: searchText('First name, last name or both.').optional(),
    email: searchText('Full e-mail address.').optional(),
    ...pageInput,
  })
  .refine((value) => value.company ?? value.name ?? value.email, {
    error: 'one of company, name or email is needed',
  });

/** "Dana Fox" is first and last name; one word may be either. */
function nameAlternatives(name: string): SearchFilter[][] {
  const [first = name, ...rest] = name.split(/\s+/);
  if (rest.length === 0) return [[equals('firstname', first)], [equals('lastname', first)]];
  return [[equals('firstname', first), equals('lastname', rest.join(' '))]];
}

function alternatives(value: z.output<typeof input>): SearchFilter[][] {
  const always = [
    ...equalsIfGiven('company', value.company),
    ...equalsIfGiven('email', value.email),
  ];
  const names = value.name === undefined ? [[]] : nameAlternatives(value.name);
  return names.map((filters) => [...always, ...filters]);
}

export const searchContact = defineAction({
  name: 'search_contact',
  risk: 'read',
  summary: 'Find contacts by company, name or e-mail address; at least one of them is needed.',
  scopes: ['crm.objects.contacts.read'],
  input,
  fields: [...ANSWERS, 'company'],
  touches: (value) => ({
    answers: ANSWERS,
    needs: [
      ...(value.company === undefined ? [] : ['company']),
      ...(value.name === undefined ? [] : ['firstname', 'lastname']),
      ...(value.email === undefined ? [] : ['email']),
    ],
  }),
  toPlan: (value, { fields }) =>
    searchPlan(
      {
        action: 'search_contact',
        objectType: 'contacts',
        table: CONTACT_FIELDS,
        alternatives: alternatives(value),
        page: value,
      },
      fields,
    ),
  toResult: (plan, answers) => searchResult('contacts', CONTACT_FIELDS, plan, answers[0]),
});
