import { activityRollups, defineGroup, systemProperties } from './define.ts';

const INFO = 'dealinformation';

export const DEAL_PROPERTIES = [
  ...defineGroup(INFO, [
    { name: 'dealname', label: 'Deal Name', kind: 'string/text', description: 'The name given to this deal.' },
    { name: 'amount', label: 'Amount', kind: 'number/number', description: 'The total amount of the deal.' },
    { name: 'amount_in_home_currency', label: 'Amount in company currency', kind: 'number/number', readOnly: true, calculated: true },
    { name: 'deal_currency_code', label: 'Currency', kind: 'enumeration/select', options: ['USD:US Dollar', 'EUR:Euro', 'GBP:British Pound'] },
    { name: 'closedate', label: 'Close Date', kind: 'datetime/date', description: 'Date the deal is expected to close, or was closed.' },
    {
      name: 'pipeline',
      label: 'Pipeline',
      kind: 'enumeration/select',
      options: ['default:Sales Pipeline', 'renewals:Renewals'],
    },
    {
      name: 'dealstage',
      label: 'Deal Stage',
      kind: 'enumeration/radio',
      options: ['appointmentscheduled:Appointment Scheduled', 'qualifiedtobuy:Qualified To Buy', 'presentationscheduled:Presentation Scheduled', 'decisionmakerboughtin:Decision Maker Bought-In', 'contractsent:Contract Sent', 'closedwon:Closed Won', 'closedlost:Closed Lost', 'renewal_due:Renewal Due', 'renewal_offer:Renewal Offer Sent', 'renewal_won:Renewed', 'renewal_lost:Not Renewed'],
    },
    { name: 'dealtype', label: 'Deal Type', kind: 'enumeration/radio', options: ['newbusiness:New Business', 'existingbusiness:Existing Business'] },
    { name: 'hs_priority', label: 'Priority', kind: 'enumeration/select', options: ['low:Low', 'medium:Medium', 'high:High'] },
    { name: 'description', label: 'Deal Description', kind: 'string/textarea' },
    { name: 'hs_next_step', label: 'Next step', kind: 'string/text' },
    { name: 'closed_lost_reason', label: 'Closed Lost Reason', kind: 'string/textarea' },
    { name: 'closed_won_reason', label: 'Closed Won Reason', kind: 'string/textarea' },
    { name: 'hs_is_closed', label: 'Is Deal Closed?', kind: 'bool/booleancheckbox', readOnly: true, calculated: true },
    { name: 'hs_is_closed_won', label: 'Is Closed Won', kind: 'bool/booleancheckbox', readOnly: true, calculated: true },
    { name: 'hs_deal_stage_probability', label: 'Deal probability', kind: 'number/number', readOnly: true, calculated: true },
    { name: 'createdate', label: 'Create Date', kind: 'datetime/date', readOnly: true },
    { name: 'num_associated_contacts', label: 'Number of Associated Contacts', kind: 'number/number', readOnly: true, calculated: true },
  ]),
  ...systemProperties(INFO, false),
  ...activityRollups(INFO),
];
