import { z } from 'zod';
import { defineAction } from './define-action.ts';
import { bodyWithMarker } from './engagement-body.ts';
import {
  engagementCard,
  engagementPlan,
  hasOneParent,
  ONE_PARENT_NEEDED,
  PARENT_READ_SCOPES,
  parentInput,
  parentOf,
} from './engagement.ts';
import { parseRecord } from './hubspot-shapes.ts';
import { multiLine } from './text-rules.ts';

/** HubSpot takes 65,536 characters of HTML; escaping can grow a text sixfold. */
const NOTE_MAX_CHARS = 10_000;

const LABELS = new Map([
  ['hs_timestamp', 'Dated'],
  ['hs_note_body', 'Note'],
]);

export const createNote = defineAction({
  name: 'create_note',
  risk: 'write',
  summary: 'Add a note to exactly one contact, company or deal. A person approves it first.',
  scopes: [...PARENT_READ_SCOPES, 'crm.objects.contacts.write'],
  input: z
    .strictObject({
      action: z.literal('create_note'),
      ...parentInput,
      note: multiLine(NOTE_MAX_CHARS).meta({ description: 'Plain text of the note.' }),
    })
    .refine(hasOneParent, ONE_PARENT_NEEDED),
  fields: ['note'],
  touches: () => ({ answers: [], needs: ['note'] }),
  toPlan: (value, { requestId, now }) =>
    engagementPlan({
      action: 'create_note',
      objectType: 'notes',
      properties: {
        hs_timestamp: now.toISOString(),
        hs_note_body: bodyWithMarker(value.note, requestId),
      },
      bodyProperty: 'hs_note_body',
      parent: parentOf(value),
      requestId,
    }),
  toResult: (_plan, answers) => ({ note: { id: parseRecord(answers[0]).id } }),
  card: (plan, present) =>
    engagementCard(
      {
        objectType: 'notes',
        bodyProperty: 'hs_note_body',
        labels: LABELS,
        sentence: (parent) => `Add a note to ${parent}.`,
      },
      plan,
      present,
    ),
});
