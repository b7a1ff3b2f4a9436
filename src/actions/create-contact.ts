import { z } from 'zod';
import type { Operation, Witness } from '../contracts/plan.ts';
import { objectsPath } from '../core/hubspot-paths.ts';
import { changesOf, withUnique } from './card-parts.ts';
import { CONTACT_FIELDS } from './contact-fields.ts';
import { contactTexts } from './contact-input.ts';
import { defineAction } from './define-action.ts';
import { labelled, labelsOf } from './fields.ts';
import { sentProperties } from './hubspot-shapes.ts';
import { emailAddress } from './text-rules.ts';
import { givenFields } from './update-record.ts';
import { takeBackCreate } from './take-back.ts';
import { writtenRecord } from './written-record.ts';

const FIELDS = ['email', 'firstname', 'lastname', 'phone', 'jobtitle', 'company'] as const;

/**
 * HubSpot keeps a contact's e-mail unique, so a repeated create cannot make a second contact. The
 * request's own id, where a property was prepared for it, also tells whose contact that is.
 */
function witnessOf(
  email: string,
  properties: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Witness {
  const [mark] = Object.entries(own);
  const [id_property, value] = mark ?? ['email', email];
  return {
    kind: 'unique',
    object_type: 'contacts',
    id_property,
    value,
    properties: mark === undefined ? properties : own,
  };
}

const createOperation = (properties: Readonly<Record<string, string>>): Operation => ({
  kind: 'create',
  object_type: 'contacts',
  method: 'POST',
  path: objectsPath('contacts'),
  query: {},
  body: JSON.stringify({ properties, associations: [] }),
});

export const createContact = defineAction({
  name: 'create_contact',
  risk: 'write',
  summary: 'Create a contact that does not exist yet. A person approves it first.',
  scopes: ['crm.objects.contacts.read', 'crm.objects.contacts.write'],
  input: z.strictObject({
    action: z.literal('create_contact'),
    email: emailAddress().meta({ description: 'E-mail address; no other contact may have it.' }),
    ...contactTexts,
  }),
  fields: FIELDS,
  changeable: labelled(FIELDS, CONTACT_FIELDS),
  touches: (value) => ({ answers: [], needs: Object.keys(givenFields(FIELDS, value)) }),
  toPlan: (value, { requestId, uniqueProperties }) => {
    const properties = givenFields(FIELDS, value);
    const unique = uniqueProperties.contacts;
    const own = unique === undefined ? {} : { [unique]: requestId };
    return {
      action: 'create_contact',
      operations: [createOperation({ ...properties, ...own })],
      targets: [],
      steps: [{ action: 'create_contact', witness: witnessOf(value.email, properties, own) }],
      fields: [],
    };
  },
  toResult: (plan, answers) => ({ contact: { id: writtenRecord(plan, answers[0]).id } }),
  undo: takeBackCreate,
  card: (plan, _present, names) => {
    const sent = sentProperties(plan);
    const name = [sent['firstname'], sent['lastname']].filter(Boolean).join(' ');
    return {
      sentence: `Create the contact ${name || (sent['email'] ?? '')}.`,
      records: [],
      changes: changesOf(
        sent,
        { objectType: 'contacts', labels: withUnique(labelsOf(CONTACT_FIELDS)), names },
        undefined,
      ),
    };
  },
});
