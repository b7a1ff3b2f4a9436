import { activityRollups, defineGroup, systemProperties } from './define.ts';

const INFO = 'ticketinformation';

export const TICKET_PROPERTIES = [
  ...defineGroup(INFO, [
    { name: 'subject', label: 'Ticket name', kind: 'string/text' },
    { name: 'content', label: 'Ticket description', kind: 'string/textarea' },
    {
      name: 'hs_pipeline',
      label: 'Pipeline',
      kind: 'enumeration/select',
      options: ['0:Support Pipeline'],
    },
    {
      name: 'hs_pipeline_stage',
      label: 'Ticket status',
      kind: 'enumeration/select',
      options: ['1:New', '2:Waiting on contact', '3:Waiting on us', '4:Closed'],
    },
    {
      name: 'hs_ticket_priority',
      label: 'Priority',
      kind: 'enumeration/select',
      options: ['LOW:Low', 'MEDIUM:Medium', 'HIGH:High', 'URGENT:Urgent'],
    },
    {
      name: 'hs_ticket_category',
      label: 'Category',
      kind: 'enumeration/checkbox',
      options: [
        'PRODUCT_ISSUE:Product issue',
        'BILLING_ISSUE:Billing issue',
        'FEATURE_REQUEST:Feature request',
        'GENERAL_INQUIRY:General inquiry',
      ],
    },
    { name: 'hs_ticket_id', label: 'Ticket ID', kind: 'number/number', readOnly: true },
    {
      name: 'source_type',
      label: 'Source',
      kind: 'enumeration/select',
      options: ['CHAT:Chat', 'EMAIL:Email', 'FORM:Form', 'PHONE:Phone'],
    },
    {
      name: 'hs_resolution',
      label: 'Resolution',
      kind: 'enumeration/checkbox',
      options: [
        'ISSUE_FIXED:Issue fixed',
        'PERMANENTLY_RESOLVED:Permanently resolved',
        'WONT_FIX:Won’t fix',
      ],
    },
    { name: 'closed_date', label: 'Close date', kind: 'datetime/date' },
    { name: 'createdate', label: 'Create date', kind: 'datetime/date', readOnly: true },
    {
      name: 'last_reply_date',
      label: 'Last customer reply date',
      kind: 'datetime/date',
      readOnly: true,
    },
  ]),
  ...systemProperties(INFO, false),
  ...activityRollups(INFO),
];
