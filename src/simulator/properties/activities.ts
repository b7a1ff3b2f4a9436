import type { PropertyDefinition } from '../state/types.ts';
import { defineGroup, systemProperties } from './define.ts';

/** Shared by every activity: when it happened (or is due), and what is attached. */
function activityProperties(groupName: string, timestampLabel: string): PropertyDefinition[] {
  return [
    ...defineGroup(groupName, [
      {
        name: 'hs_timestamp',
        label: timestampLabel,
        kind: 'datetime/date',
        description: 'The time at which the activity occurred, or is due.',
      },
      { name: 'hs_attachment_ids', label: 'Attached file IDs', kind: 'enumeration/checkbox' },
      { name: 'hs_activity_type', label: 'Activity type', kind: 'string/text' },
      {
        name: 'hs_body_preview',
        label: 'Body preview',
        kind: 'string/textarea',
        readOnly: true,
        calculated: true,
      },
      {
        name: 'hs_body_preview_html',
        label: 'HTML body preview',
        kind: 'string/html',
        readOnly: true,
        calculated: true,
      },
    ]),
    ...systemProperties(groupName, true),
  ];
}

export const NOTE_PROPERTIES = [
  ...defineGroup('notesinformation', [
    {
      name: 'hs_note_body',
      label: 'Note body',
      kind: 'string/html',
      description: 'The body of the note.',
    },
  ]),
  ...activityProperties('notesinformation', 'Activity date'),
];

export const TASK_PROPERTIES = [
  ...defineGroup('task', [
    { name: 'hs_task_subject', label: 'Task Title', kind: 'string/text' },
    { name: 'hs_task_body', label: 'Task Notes', kind: 'string/html' },
    {
      name: 'hs_task_status',
      label: 'Task Status',
      kind: 'enumeration/select',
      options: [
        'NOT_STARTED:Not started',
        'IN_PROGRESS:In progress',
        'WAITING:Waiting',
        'COMPLETED:Completed',
        'DEFERRED:Deferred',
      ],
    },
    {
      name: 'hs_task_priority',
      label: 'Priority',
      kind: 'enumeration/select',
      options: ['NONE:None', 'LOW:Low', 'MEDIUM:Medium', 'HIGH:High'],
    },
    {
      name: 'hs_task_type',
      label: 'Task Type',
      kind: 'enumeration/select',
      options: [
        'EMAIL:Email',
        'CALL:Call',
        'TODO:To-do',
        'LINKED_IN_CONNECT:LinkedIn connection request',
        'LINKED_IN_MESSAGE:LinkedIn message',
        'MEETING:Meeting',
      ],
    },
    { name: 'hs_task_reminders', label: 'Reminders', kind: 'string/text' },
    {
      name: 'hs_task_completion_date',
      label: 'Completed at',
      kind: 'datetime/date',
      readOnly: true,
    },
    {
      name: 'hs_task_is_completed',
      label: 'Is completed',
      kind: 'number/number',
      readOnly: true,
      calculated: true,
    },
  ]),
  ...activityProperties('task', 'Due date'),
];

export const CALL_PROPERTIES = [
  ...defineGroup('call', [
    { name: 'hs_call_title', label: 'Call Title', kind: 'string/text' },
    { name: 'hs_call_body', label: 'Call notes', kind: 'string/html' },
    {
      name: 'hs_call_direction',
      label: 'Call direction',
      kind: 'enumeration/select',
      options: ['INBOUND:Inbound', 'OUTBOUND:Outbound'],
    },
    {
      name: 'hs_call_duration',
      label: 'Call duration',
      kind: 'number/number',
      description: 'The duration of the call in milliseconds.',
    },
    {
      name: 'hs_call_status',
      label: 'Call status',
      kind: 'enumeration/select',
      options: [
        'BUSY:Busy',
        'CALLING_CRM_USER:Calling CRM user',
        'CANCELED:Canceled',
        'COMPLETED:Completed',
        'CONNECTING:Connecting',
        'FAILED:Failed',
        'IN_PROGRESS:In progress',
        'NO_ANSWER:No answer',
        'QUEUED:Queued',
        'RINGING:Ringing',
      ],
    },
    {
      name: 'hs_call_disposition',
      label: 'Call outcome',
      kind: 'enumeration/select',
      options: [
        '9d9162e7-6cf3-4944-bf63-4dff82258764:Busy',
        'f240bbac-87c9-4f6e-bf70-924b57d47db7:Connected',
        'a4c4c377-d246-4b32-a13b-75a56a4cd0ff:Left live message',
        'b2cf5968-551e-4856-9783-52b3da59a7d0:Left voicemail',
        '73a0d17f-1163-4015-bdd5-ec830791da20:No answer',
        '17b47fee-58de-441e-a44c-c6300d46f273:Wrong number',
      ],
    },
    { name: 'hs_call_from_number', label: 'From number', kind: 'string/text' },
    { name: 'hs_call_to_number', label: 'To number', kind: 'string/text' },
    { name: 'hs_call_recording_url', label: 'Recording URL', kind: 'string/text' },
  ]),
  ...activityProperties('call', 'Activity date'),
];

export const EMAIL_PROPERTIES = [
  ...defineGroup('email', [
    { name: 'hs_email_subject', label: 'Email subject', kind: 'string/text' },
    { name: 'hs_email_text', label: 'Email body', kind: 'string/textarea' },
    { name: 'hs_email_html', label: 'Email HTML', kind: 'string/html' },
    {
      name: 'hs_email_direction',
      label: 'Email Direction',
      kind: 'enumeration/select',
      options: [
        'EMAIL:Outgoing Email',
        'INCOMING_EMAIL:Incoming Email',
        'FORWARDED_EMAIL:Forwarded Email',
      ],
    },
    {
      name: 'hs_email_status',
      label: 'Email send status',
      kind: 'enumeration/select',
      options: [
        'BOUNCED:Bounced',
        'FAILED:Failed',
        'SCHEDULED:Scheduled',
        'SENDING:Sending',
        'SENT:Sent',
      ],
    },
    { name: 'hs_email_headers', label: 'Email headers', kind: 'string/text' },
    {
      name: 'hs_email_from_email',
      label: 'Email from address',
      kind: 'string/text',
      readOnly: true,
      calculated: true,
    },
    {
      name: 'hs_email_from_firstname',
      label: 'Email from first name',
      kind: 'string/text',
      readOnly: true,
      calculated: true,
    },
    {
      name: 'hs_email_from_lastname',
      label: 'Email from last name',
      kind: 'string/text',
      readOnly: true,
      calculated: true,
    },
    {
      name: 'hs_email_to_email',
      label: 'Email to address',
      kind: 'string/text',
      readOnly: true,
      calculated: true,
    },
    {
      name: 'hs_email_to_firstname',
      label: 'Email to first name',
      kind: 'string/text',
      readOnly: true,
      calculated: true,
    },
    {
      name: 'hs_email_to_lastname',
      label: 'Email to last name',
      kind: 'string/text',
      readOnly: true,
      calculated: true,
    },
    { name: 'hs_email_thread_id', label: 'Thread ID', kind: 'string/text', readOnly: true },
  ]),
  ...activityProperties('email', 'Activity date'),
];

export const MEETING_PROPERTIES = [
  ...defineGroup('meeting', [
    { name: 'hs_meeting_title', label: 'Meeting name', kind: 'string/text' },
    { name: 'hs_meeting_body', label: 'Meeting description', kind: 'string/html' },
    { name: 'hs_internal_meeting_notes', label: 'Internal notes', kind: 'string/html' },
    { name: 'hs_meeting_location', label: 'Meeting location', kind: 'string/text' },
    { name: 'hs_meeting_external_url', label: 'External URL', kind: 'string/text' },
    { name: 'hs_meeting_start_time', label: 'Meeting start time', kind: 'datetime/date' },
    { name: 'hs_meeting_end_time', label: 'Meeting end time', kind: 'datetime/date' },
    {
      name: 'hs_meeting_outcome',
      label: 'Meeting outcome',
      kind: 'enumeration/select',
      options: [
        'SCHEDULED:Scheduled',
        'COMPLETED:Completed',
        'RESCHEDULED:Rescheduled',
        'NO_SHOW:No show',
        'CANCELED:Canceled',
      ],
    },
  ]),
  ...activityProperties('meeting', 'Activity date'),
];
