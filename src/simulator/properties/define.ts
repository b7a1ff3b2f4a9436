import type { PropertyDefinition, PropertyOption } from '../state/types.ts';

type Row = {
  name: string;
  label: string;
  /** `type/fieldType`, for instance `string/text`. */
  kind: string;
  description?: string;
  /** `value:Label` pairs, in display order; a bare word is both. */
  options?: readonly string[];
  readOnly?: boolean;
  unique?: boolean;
  calculated?: boolean;
  hidden?: boolean;
  owner?: boolean;
};

/** HubSpot's own definitions carry the day the account was opened. */
const DEFINED_AT = '2024-02-05T09:00:00.000Z';

function toOption(text: string, displayOrder: number): PropertyOption {
  const [value = '', label = value] = text.split(':');
  return { label, value, description: '', displayOrder, hidden: false };
}

const YES_NO = ['true:Yes', 'false:No'];

/** Expands compact rows of one property group into full definitions. */
export function defineGroup(groupName: string, rows: readonly Row[]): PropertyDefinition[] {
  return rows.map((row) => {
    const [type = 'string', fieldType = 'text'] = row.kind.split('/');
    const options = row.options ?? (type === 'bool' ? YES_NO : []);
    return {
      name: row.name,
      label: row.label,
      type,
      fieldType,
      groupName,
      description: row.description ?? '',
      options: options.map(toOption),
      hasUniqueValue: row.unique ?? false,
      calculated: row.calculated ?? false,
      hidden: row.hidden ?? false,
      hubspotDefined: true,
      formField: !(row.readOnly ?? false),
      displayOrder: -1,
      dataSensitivity: 'non_sensitive',
      readOnlyValue: row.readOnly ?? false,
      archived: false,
      createdAt: DEFINED_AT,
      updatedAt: DEFINED_AT,
      ...(row.owner ? { externalOptions: true, referencedObjectType: 'OWNER' } : {}),
    };
  });
}

/** `[name, label, kind]` of what HubSpot alone may write on every object. */
const SYSTEM: readonly (readonly [string, string, string])[] = [
  ['hs_object_source', 'Record creation source', 'string/text'],
  ['hs_object_source_id', 'Record creation source ID', 'string/text'],
  ['hs_object_source_label', 'Record source', 'string/text'],
  ['hs_object_source_user_id', 'Record creation source user ID', 'number/number'],
  ['hs_created_by_user_id', 'Created by user ID', 'number/number'],
  ['hs_updated_by_user_id', 'Updated by user ID', 'number/number'],
  ['hs_merged_object_ids', 'Merged record IDs', 'enumeration/checkbox'],
  ['hs_unique_creation_key', 'Unique creation key', 'string/text'],
  ['hs_createdate', 'Object create date/time', 'datetime/date'],
  ['hs_lastmodifieddate', 'Object last modified date/time', 'datetime/date'],
  ['hubspot_owner_assigneddate', 'Owner assigned date', 'datetime/date'],
  ['hubspot_team_id', 'HubSpot team', 'enumeration/select'],
];

/** The system properties every object carries, in the object's own information group. */
export function systemProperties(groupName: string, activity: boolean): PropertyDefinition[] {
  return defineGroup(groupName, [
    {
      name: 'hs_object_id',
      label: 'Record ID',
      kind: 'number/number',
      readOnly: true,
      unique: true,
    },
    ...SYSTEM.map(([name, label, kind]) => ({ name, label, kind, readOnly: true })),
    {
      name: 'hubspot_owner_id',
      label: activity ? 'Activity assigned to' : 'Owner',
      kind: 'enumeration/select',
      owner: true,
      description: 'The owner of the record.',
    },
  ]);
}

/** What HubSpot keeps on contacts, companies, deals and tickets about the activities logged on them. */
export function activityRollups(groupName: string): PropertyDefinition[] {
  return defineGroup(groupName, [
    {
      name: 'notes_last_contacted',
      label: 'Last Contacted',
      kind: 'datetime/date',
      readOnly: true,
      calculated: true,
      description:
        'The last timestamp when a call, chat conversation, email, meeting, or other activity was logged for the record.',
    },
    {
      name: 'notes_last_updated',
      label: 'Last Activity Date',
      kind: 'datetime/date',
      readOnly: true,
      calculated: true,
      description: 'The last time a note, call, email, meeting, or task was logged for the record.',
    },
    {
      name: 'notes_next_activity_date',
      label: 'Next Activity Date',
      kind: 'datetime/date',
      readOnly: true,
      calculated: true,
    },
    {
      name: 'num_contacted_notes',
      label: 'Number of Times Contacted',
      kind: 'number/number',
      readOnly: true,
      calculated: true,
    },
    {
      name: 'num_notes',
      label: 'Number of Sales Activities',
      kind: 'number/number',
      readOnly: true,
      calculated: true,
    },
    {
      name: 'hs_last_sales_activity_timestamp',
      label: 'Last Engagement Date',
      kind: 'datetime/date',
      readOnly: true,
      calculated: true,
      description:
        'The last time the record engaged with a sales activity such as an email open or a reply.',
    },
  ]);
}
