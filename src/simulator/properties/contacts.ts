import { activityRollups, defineGroup, systemProperties } from './define.ts';

const INFO = 'contactinformation';

export const CONTACT_PROPERTIES = [
  ...defineGroup(INFO, [
    { name: 'email', label: 'Email', kind: 'string/text', unique: true, description: 'A contact’s email address.' },
    { name: 'firstname', label: 'First Name', kind: 'string/text', description: 'A contact’s first name.' },
    { name: 'lastname', label: 'Last Name', kind: 'string/text', description: 'A contact’s last name.' },
    { name: 'salutation', label: 'Salutation', kind: 'string/text' },
    { name: 'jobtitle', label: 'Job Title', kind: 'string/text', description: 'A contact’s job title.' },
    { name: 'company', label: 'Company Name', kind: 'string/text', description: 'Name of the contact’s company, as text of its own beside the associated company record.' },
    { name: 'phone', label: 'Phone Number', kind: 'string/phonenumber' },
    { name: 'mobilephone', label: 'Mobile Phone Number', kind: 'string/phonenumber' },
    { name: 'fax', label: 'Fax Number', kind: 'string/text' },
    { name: 'website', label: 'Website URL', kind: 'string/text' },
    { name: 'address', label: 'Street Address', kind: 'string/text' },
    { name: 'city', label: 'City', kind: 'string/text' },
    { name: 'state', label: 'State/Region', kind: 'string/text' },
    { name: 'zip', label: 'Postal Code', kind: 'string/text' },
    { name: 'country', label: 'Country/Region', kind: 'string/text' },
    { name: 'date_of_birth', label: 'Date of birth', kind: 'string/text' },
    { name: 'industry', label: 'Industry', kind: 'string/text' },
    { name: 'annualrevenue', label: 'Annual Revenue', kind: 'string/text' },
    { name: 'message', label: 'Message', kind: 'string/textarea' },
    { name: 'hs_additional_emails', label: 'Additional email addresses', kind: 'enumeration/checkbox' },
    { name: 'hs_email_domain', label: 'Email Domain', kind: 'string/text', readOnly: true },
    { name: 'hs_full_name_or_email', label: 'Full name or email', kind: 'string/text', readOnly: true, calculated: true },
    { name: 'hs_language', label: 'Preferred language', kind: 'enumeration/select', options: ['en:English', 'de:German', 'fr:French', 'es:Spanish', 'pt:Portuguese', 'ja:Japanese'] },
    { name: 'hs_linkedin_url', label: 'LinkedIn URL', kind: 'string/text' },
    { name: 'associatedcompanyid', label: 'Primary Associated Company ID', kind: 'number/number', readOnly: true },
    { name: 'createdate', label: 'Create Date', kind: 'datetime/date', readOnly: true, description: 'The date that the contact was created.' },
    { name: 'lastmodifieddate', label: 'Last Modified Date', kind: 'datetime/date', readOnly: true },
    { name: 'closedate', label: 'Close Date', kind: 'datetime/date' },
    {
      name: 'lifecyclestage',
      label: 'Lifecycle Stage',
      kind: 'enumeration/radio',
      options: ['subscriber:Subscriber', 'lead:Lead', 'marketingqualifiedlead:Marketing Qualified Lead', 'salesqualifiedlead:Sales Qualified Lead', 'opportunity:Opportunity', 'customer:Customer', 'evangelist:Evangelist', 'other:Other'],
    },
    {
      name: 'hs_lead_status',
      label: 'Lead Status',
      kind: 'enumeration/radio',
      options: ['NEW:New', 'OPEN:Open', 'IN_PROGRESS:In Progress', 'OPEN_DEAL:Open Deal', 'UNQUALIFIED:Unqualified', 'ATTEMPTED_TO_CONTACT:Attempted to Contact', 'CONNECTED:Connected', 'BAD_TIMING:Bad Timing'],
    },
    { name: 'hs_email_optout', label: 'Unsubscribed from all email', kind: 'bool/booleancheckbox', readOnly: true },
    { name: 'num_associated_deals', label: 'Number of Associated Deals', kind: 'number/number', readOnly: true, calculated: true },
  ]),
  // Contacts alone name their change date `lastmodifieddate`.
  ...systemProperties(INFO, false).filter((each) => each.name !== 'hs_lastmodifieddate'),
  ...activityRollups(INFO),
];
