import { validationError } from './errors.ts';

export type ObjectTypeName =
  | 'contacts'
  | 'companies'
  | 'deals'
  | 'tickets'
  | 'notes'
  | 'tasks'
  | 'calls'
  | 'emails'
  | 'meetings';

/** Scopes as alternatives: the call is allowed when every scope of any one set is granted. */
export type ScopeSets = readonly (readonly string[])[];

export type ObjectType = {
  name: ObjectTypeName;
  typeId: string;
  singular: string;
  read: ScopeSets;
  write: ScopeSets;
  createdProperty: 'createdate' | 'hs_createdate';
  modifiedProperty: 'lastmodifieddate' | 'hs_lastmodifieddate';
  /** Returned when the caller names no properties. */
  defaultProperties: readonly string[];
  /** Searched by the free-text `query`. */
  queryProperties: readonly string[];
  requiredOnCreate: readonly string[];
  activity: boolean;
};

const CONTACTS_READ: ScopeSets = [['crm.objects.contacts.read']];
const CONTACTS_WRITE: ScopeSets = [['crm.objects.contacts.write']];

/** Notes, tasks, calls and meetings have no scopes of their own: the contact scopes cover them. */
function activity(
  name: ObjectTypeName,
  typeId: string,
  singular: string,
  queryProperties: readonly string[],
): ObjectType {
  return {
    name,
    typeId,
    singular,
    read: CONTACTS_READ,
    write: CONTACTS_WRITE,
    createdProperty: 'hs_createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaultProperties: ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id'],
    queryProperties,
    requiredOnCreate: ['hs_timestamp'],
    activity: true,
  };
}

export const OBJECT_TYPES: Record<ObjectTypeName, ObjectType> = {
  contacts: {
    name: 'contacts',
    typeId: '0-1',
    singular: 'contact',
    read: CONTACTS_READ,
    write: CONTACTS_WRITE,
    createdProperty: 'createdate',
    modifiedProperty: 'lastmodifieddate',
    defaultProperties: [
      'createdate',
      'email',
      'firstname',
      'hs_object_id',
      'lastmodifieddate',
      'lastname',
    ],
    queryProperties: [
      'firstname',
      'lastname',
      'email',
      'phone',
      'hs_additional_emails',
      'fax',
      'mobilephone',
      'company',
    ],
    requiredOnCreate: [],
    activity: false,
  },
  companies: {
    name: 'companies',
    typeId: '0-2',
    singular: 'company',
    read: [['crm.objects.companies.read']],
    write: [['crm.objects.companies.write']],
    createdProperty: 'createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaultProperties: ['createdate', 'domain', 'hs_lastmodifieddate', 'hs_object_id', 'name'],
    queryProperties: ['website', 'phone', 'name', 'domain'],
    requiredOnCreate: [],
    activity: false,
  },
  deals: {
    name: 'deals',
    typeId: '0-3',
    singular: 'deal',
    read: [['crm.objects.deals.read']],
    write: [['crm.objects.deals.write']],
    createdProperty: 'createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaultProperties: [
      'amount',
      'closedate',
      'createdate',
      'dealname',
      'dealstage',
      'hs_lastmodifieddate',
      'hs_object_id',
      'pipeline',
    ],
    queryProperties: ['dealname', 'pipeline', 'dealstage', 'description', 'dealtype'],
    requiredOnCreate: [],
    activity: false,
  },
  tickets: {
    name: 'tickets',
    typeId: '0-5',
    singular: 'ticket',
    read: [['tickets']],
    write: [['tickets']],
    createdProperty: 'createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaultProperties: [
      'content',
      'createdate',
      'hs_lastmodifieddate',
      'hs_object_id',
      'hs_pipeline',
      'hs_pipeline_stage',
      'hs_ticket_category',
      'hs_ticket_priority',
      'subject',
    ],
    queryProperties: [
      'subject',
      'content',
      'hs_pipeline_stage',
      'hs_ticket_category',
      'hs_ticket_id',
    ],
    requiredOnCreate: ['hs_pipeline_stage', 'subject'],
    activity: false,
  },
  notes: activity('notes', '0-46', 'note', ['hs_note_body']),
  tasks: activity('tasks', '0-27', 'task', ['hs_task_body', 'hs_task_subject']),
  calls: activity('calls', '0-48', 'call', ['hs_call_title', 'hs_call_body']),
  emails: {
    ...activity('emails', '0-49', 'email', ['hs_email_subject', 'hs_email_text']),
    // Both scopes at once: the published file asks for the mail scope beside the contact scope.
    read: [['crm.objects.contacts.read', 'sales-email-read']],
    write: [['crm.objects.contacts.write', 'sales-email-read']],
  },
  meetings: activity('meetings', '0-47', 'meeting', ['hs_meeting_title', 'hs_meeting_body']),
};

export const OBJECT_TYPE_NAMES = Object.keys(OBJECT_TYPES) as ObjectTypeName[];

const BY_ALIAS = new Map(
  Object.values(OBJECT_TYPES).flatMap((type) => [
    [type.name as string, type] as const,
    [type.singular, type] as const,
    [type.typeId, type] as const,
  ]),
);

/** Finds a type by plural, singular or id (`0-3`), in any case. */
export function findObjectType(alias: string): ObjectType | undefined {
  return BY_ALIAS.get(alias.toLowerCase());
}

/** @throws HubSpotError 400, as HubSpot answers for an object type it cannot infer. */
export function requireObjectType(alias: string): ObjectType {
  const type = findObjectType(alias);
  if (!type) throw validationError(`Unable to infer object type from: ${alias}`);
  return type;
}
