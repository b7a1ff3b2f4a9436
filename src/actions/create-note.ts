import { z } from 'zod';
import { attachedCard, attachedPlan } from './attached-record.ts';
import { defineAction } from './define-action.ts';
import { takeBackCreate } from './take-back.ts';
import { writtenRecord } from './written-record.ts';
import { bodyWithMarker, readableBody } from './marked-body.ts';
import {
  hasOneParent,
  ONE_PARENT_NEEDED,
  PARENT_READ_SCOPES,
  parentInput,
  parentOf,
} from './parent.ts';
import { multiLine } from './text-rules.ts';

/** HubSpot takes 65,536 characters of HTML; escaping can grow a text sixfold. */
const NOTE_MAX_CHARS = 10_000;

/** Also of what is set back. */
export const NOTE_LABELS = new Map([
  ['hs_timestamp', 'Dated'],
  ['hs_note_body', 'Note'],
]);

export const createNote = defineAction({
  name: 'create_note',
  risk: 'write',
  summary:
    'Add a note to exactly one contact, company, deal or ticket. A person approves it first.',
  scopes: [...PARENT_READ_SCOPES, 'crm.objects.contacts.write'],
  input: z
    .strictObject({
      action: z.literal('create_note'),
      ...parentInput,
      note: multiLine(NOTE_MAX_CHARS).meta({ description: 'Plain text of the note.' }),
    })
    .refine(hasOneParent, ONE_PARENT_NEEDED),
  fields: ['note'],
  changeable: { note: 'Note' },
  touches: () => ({ answers: [], needs: ['note'] }),
  toPlan: (value, context) =>
    attachedPlan(
      {
        action: 'create_note',
        objectType: 'notes',
        properties: {
          hs_timestamp: context.now.toISOString(),
          hs_note_body: bodyWithMarker(value.note, context.requestId),
        },
        markedProperty: 'hs_note_body',
        parent: parentOf(value),
      },
      context,
    ),
  toResult: (plan, answers) => ({ note: { id: writtenRecord(plan, answers[0]).id } }),
  undo: takeBackCreate,
  card: (...of) =>
    attachedCard(
      {
        objectType: 'notes',
        labels: NOTE_LABELS,
        readable: { hs_note_body: readableBody },
        sentence: (parent) => `Add a note to ${parent}.`,
      },
      ...of,
    ),
});
