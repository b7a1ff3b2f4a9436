import { z } from 'zod';
import { CONTACT_FIELDS } from './contact-fields.ts';
import { contactTexts } from './contact-input.ts';
import { defineAction } from './define-action.ts';
import { labelled } from './fields.ts';
import { takeBackUpdate } from './take-back.ts';
import { writtenRecord } from './written-record.ts';
import { emailAddress, hubspotId, oneLine } from './text-rules.ts';
import {
  clearInput,
  givenFields,
  refuseNoChange,
  updateCard,
  updatePlan,
  withCleared,
} from './update-record.ts';

const CLEARABLE = ['firstname', 'lastname', 'phone', 'jobtitle', 'company'] as const;
const FIELDS = [...CLEARABLE, 'email', 'lifecyclestage'] as const;

const input = z
  .strictObject({
    action: z.literal('update_contact'),
    contact_id: hubspotId("The contact's HubSpot id."),
    ...contactTexts,
    email: emailAddress().optional().meta({ description: 'E-mail address.' }),
    lifecyclestage: oneLine(100)
      .optional()
      .meta({ description: "HubSpot's internal name of the stage, such as customer." }),
    clear: clearInput(CLEARABLE),
  })
  .superRefine(refuseNoChange((value) => givenFields(FIELDS, value)));

/** Our field names are HubSpot's property names here. */
const changedProperties = (value: z.output<typeof input>): Record<string, string> =>
  withCleared(givenFields(FIELDS, value), value.clear);

export const updateContact = defineAction({
  name: 'update_contact',
  risk: 'write',
  summary: 'Change or clear fields of one contact. A person approves it first.',
  scopes: ['crm.objects.contacts.read', 'crm.objects.contacts.write'],
  input,
  fields: FIELDS,
  changeable: labelled(FIELDS, CONTACT_FIELDS),
  touches: (value) => ({ answers: [], needs: Object.keys(changedProperties(value)) }),
  toPlan: (value) =>
    updatePlan({
      action: 'update_contact',
      objectType: 'contacts',
      id: value.contact_id,
      properties: changedProperties(value),
    }),
  toResult: (plan, answers) => ({ contact: { id: writtenRecord(plan, answers[0]).id } }),
  undo: takeBackUpdate,
  card: (...of) => updateCard('contacts', CONTACT_FIELDS, ...of),
});
