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

const TITLE_MAX_CHARS = 250;
/** HubSpot takes 65,536 characters of HTML; escaping can grow a text sixfold. */
const BODY_MAX_CHARS = 10_000;
const DURATION_MAX_SECONDS = 24 * 60 * 60;

const FIELDS = ['title', 'at', 'direction', 'duration_seconds', 'body'] as const;

/** Also of what is set back. */
export const CALL_LABELS = new Map([
  ['hs_timestamp', 'Took place'],
  ['hs_call_title', 'Call'],
  ['hs_call_body', 'Notes'],
  ['hs_call_direction', 'Direction'],
  ['hs_call_duration', 'Lasted (ms)'],
  ['hs_call_status', 'Status'],
]);

/** The words of `list_interactions`, and HubSpot's. */
const DIRECTIONS = { incoming: 'INBOUND', outgoing: 'OUTBOUND' } as const;

const input = z
  .strictObject({
    action: z.literal('log_call'),
    ...parentInput,
    title: oneLine(TITLE_MAX_CHARS).meta({ description: 'What it was about, in one line.' }),
    at: dateTime('When the call took place.'),
    direction: z.enum(['incoming', 'outgoing']).meta({ description: 'Who called whom.' }),
    duration_seconds: z
      .int()
      .min(0)
      .max(DURATION_MAX_SECONDS)
      .optional()
      .meta({ description: 'How long it lasted.' }),
    body: multiLine(BODY_MAX_CHARS).optional().meta({ description: 'Plain text of the notes.' }),
  })
  .refine(hasOneParent, ONE_PARENT_NEEDED);

const callProperties = (
  value: z.output<typeof input>,
  requestId: string,
): Record<string, string> => ({
  hs_timestamp: new Date(value.at).toISOString(),
  hs_call_title: value.title,
  hs_call_body: bodyWithMarker(value.body, requestId),
  hs_call_direction: DIRECTIONS[value.direction],
  ...(value.duration_seconds === undefined
    ? {}
    : { hs_call_duration: String(value.duration_seconds * 1000) }),
  hs_call_status: 'COMPLETED',
});

/** Puts a call that took place on record; https://developers.hubspot.com/docs/api-reference/latest/crm/activities/calls/guide */
export const logCall = defineAction({
  name: 'log_call',
  risk: 'write',
  summary:
    'Record a call that took place with exactly one contact, company, deal or ticket. A person approves it first.',
  scopes: [...PARENT_READ_SCOPES, 'crm.objects.contacts.write'],
  input,
  fields: FIELDS,
  changeable: {
    title: 'Call',
    at: 'Took place',
    direction: 'Direction',
    duration_seconds: 'Lasted (seconds)',
    body: 'Notes',
  },
  touches: (value) => ({
    answers: [],
    needs: FIELDS.filter((field) => value[field] !== undefined),
  }),
  toPlan: (value, context) =>
    attachedPlan(
      {
        action: 'log_call',
        objectType: 'calls',
        properties: callProperties(value, context.requestId),
        markedProperty: 'hs_call_body',
        parent: parentOf(value),
      },
      context,
    ),
  toResult: (plan, answers) => ({ call: { id: writtenRecord(plan, answers[0]).id } }),
  undo: takeBackCreate,
  card: (...of) =>
    attachedCard(
      {
        objectType: 'calls',
        labels: CALL_LABELS,
        readable: { hs_call_body: readableBody },
        sentence: (parent) => `Record a call with ${parent}.`,
      },
      ...of,
    ),
});
