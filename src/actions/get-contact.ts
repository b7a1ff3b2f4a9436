import { z } from 'zod';
import { CONTACT_FIELDS } from './contact-fields.ts';
import { defineAction } from './define-action.ts';
import { readPlan, readResult } from './read-record.ts';
import { emailAddress, hubspotId } from './text-rules.ts';

const FIELDS = Object.keys(CONTACT_FIELDS);

const input = z
  .strictObject({
    action: z.literal('get_contact'),
    contact_id: hubspotId("The contact's HubSpot id.").optional(),
    email: emailAddress().optional().meta({ description: "The contact's full e-mail address." }),
  })
  .refine((value) => (value.contact_id === undefined) !== (value.email === undefined), {
    error: 'exactly one of contact_id or email is needed',
  });

/** What names the contact; the schema has made sure that it is one of the two. */
function recordOf(value: z.output<typeof input>): { id: string; idProperty?: string } {
  if (value.email !== undefined) return { id: value.email, idProperty: 'email' };
  return { id: value.contact_id ?? '' };
}

export const getContact = defineAction({
  name: 'get_contact',
  risk: 'read',
  summary: 'Read one contact by its id or its e-mail address, not both.',
  scopes: ['crm.objects.contacts.read'],
  input,
  fields: FIELDS,
  touches: (value) => ({ answers: FIELDS, needs: value.email === undefined ? [] : ['email'] }),
  toPlan: (value, { fields }) =>
    readPlan({
      action: 'get_contact',
      objectType: 'contacts',
      table: CONTACT_FIELDS,
      fields,
      ...recordOf(value),
    }),
  toResult: (plan, answers) => readResult('contact', CONTACT_FIELDS, plan, answers),
});
