import { z } from 'zod';
import { defineAction } from './define-action.ts';
import {
  bodyWithMarker,
  createEngagement,
  engagementWitness,
  hasOneParent,
  parentCard,
  parentInput,
  parentOf,
  parentTarget,
  readableBody,
} from './engagement.ts';
import { CrmRecordSchema, sentProperties } from './hubspot-shapes.ts';

/** HubSpot takes 65,536 characters of HTML; escaping can grow a text sixfold. */
const NOTE_MAX_CHARS = 10_000;

const input = z
  .strictObject({
    action: z.literal('create_note'),
    ...parentInput,
    note: z
      .string()
      .trim()
      .min(1)
      .max(NOTE_MAX_CHARS)
      .meta({ description: 'Plain text of the note.' }),
  })
  .refine(hasOneParent, { message: 'exactly one of contact_id, company_id or deal_id is needed' });

export const createNote = defineAction({
  name: 'create_note',
  risk: 'write',
  summary: 'Add a note to a contact, a company or a deal. A person approves it first.',
  scopes: ['crm.objects.contacts.write'],
  input,
  fields: ['note'],
  touches: () => ({ answers: [], needs: ['note'] }),
  toPlan: (value, { requestId, now }) => {
    const parent = parentOf(value);
    const properties = {
      hs_timestamp: now.toISOString(),
      hs_note_body: bodyWithMarker(value.note, requestId),
    };
    return {
      action: 'create_note',
      operations: [createEngagement('notes', properties, parent)],
      targets: [parentTarget(parent)],
      witness: engagementWitness('notes', parent, 'hs_note_body', requestId),
      fields: [],
    };
  },
  toResult: (_plan, answers) => ({ note: { id: CrmRecordSchema.parse(answers[0]).id } }),
  card: (plan, present) => {
    const { hs_note_body: body = '' } = sentProperties(plan);
    return {
      ...parentCard(present, (name) => `Add a note to ${name}.`),
      changes: [
        { label: 'Note', property: 'hs_note_body', before: null, after: readableBody(body) },
      ],
    };
  },
});
