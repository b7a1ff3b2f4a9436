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
import { dateTime, multiLine, oneLine } from './text-rules.ts';

const SUBJECT_MAX_CHARS = 250;
/** HubSpot takes 65,536 characters of HTML; escaping can grow a text sixfold. */
const BODY_MAX_CHARS = 10_000;

const FIELDS = ['subject', 'body', 'due', 'priority', 'type'] as const;

/** Also of what is set back. */
export const TASK_LABELS = new Map([
  ['hs_timestamp', 'Due'],
  ['hs_task_subject', 'Task'],
  ['hs_task_body', 'Notes'],
  ['hs_task_status', 'Status'],
  ['hs_task_priority', 'Priority'],
  ['hs_task_type', 'Type'],
]);

const input = z
  .strictObject({
    action: z.literal('create_task'),
    ...parentInput,
    subject: oneLine(SUBJECT_MAX_CHARS).meta({ description: 'What is to be done, in one line.' }),
    body: multiLine(BODY_MAX_CHARS).optional().meta({ description: 'Plain text of the details.' }),
    due: dateTime('When it is due.'),
    priority: z.enum(['LOW', 'MEDIUM', 'HIGH']).optional().meta({ description: 'None if absent.' }),
    type: z.enum(['EMAIL', 'CALL', 'TODO']).optional().meta({ description: 'TODO if absent.' }),
  })
  .refine(hasOneParent, ONE_PARENT_NEEDED);

const taskProperties = (
  value: z.output<typeof input>,
  requestId: string,
): Record<string, string> => ({
  hs_timestamp: new Date(value.due).toISOString(),
  hs_task_subject: value.subject,
  hs_task_body: bodyWithMarker(value.body, requestId),
  hs_task_status: 'NOT_STARTED',
  ...(value.priority === undefined ? {} : { hs_task_priority: value.priority }),
  hs_task_type: value.type ?? 'TODO',
});

/** Adds a task; https://developers.hubspot.com/docs/api-reference/latest/crm/activities/tasks/guide */
export const createTask = defineAction({
  name: 'create_task',
  risk: 'write',
  summary:
    'Add a task to exactly one contact, company, deal or ticket. A person approves it first.',
  scopes: [...PARENT_READ_SCOPES, 'crm.objects.contacts.write'],
  input,
  fields: FIELDS,
  changeable: {
    subject: 'Task',
    body: 'Notes',
    due: 'Due',
    priority: 'Priority',
    type: 'Type',
  },
  touches: (value) => ({
    answers: [],
    needs: FIELDS.filter((field) => value[field] !== undefined),
  }),
  toPlan: (value, context) =>
    attachedPlan(
      {
        action: 'create_task',
        objectType: 'tasks',
        properties: taskProperties(value, context.requestId),
        markedProperty: 'hs_task_body',
        parent: parentOf(value),
      },
      context,
    ),
  toResult: (plan, answers) => ({ task: { id: writtenRecord(plan, answers[0]).id } }),
  undo: takeBackCreate,
  card: (...of) =>
    attachedCard(
      {
        objectType: 'tasks',
        labels: TASK_LABELS,
        readable: { hs_task_body: readableBody },
        sentence: (parent) => `Add a task to ${parent}.`,
      },
      ...of,
    ),
});
