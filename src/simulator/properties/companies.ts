import { activityRollups, defineGroup, systemProperties } from './define.ts';

const INFO = 'companyinformation';

export const COMPANY_PROPERTIES = [
  ...defineGroup(INFO, [
    { name: 'name', label: 'Company name', kind: 'string/text', description: 'The name of the company or organization.' },
    { name: 'domain', label: 'Company Domain Name', kind: 'string/text', description: 'The company’s website domain, such as example.com.' },
    { name: 'website', label: 'Website URL', kind: 'string/text' },
    { name: 'phone', label: 'Phone Number', kind: 'string/text' },
    { name: 'address', label: 'Street Address', kind: 'string/text' },
    { name: 'address2', label: 'Street Address 2', kind: 'string/text' },
    { name: 'city', label: 'City', kind: 'string/text' },
    { name: 'state', label: 'State/Region', kind: 'string/text' },
    { name: 'zip', label: 'Postal Code', kind: 'string/text' },
    { name: 'country', label: 'Country/Region', kind: 'string/text' },
    { name: 'description', label: 'Description', kind: 'string/textarea' },
    { name: 'about_us', label: 'About Us', kind: 'string/textarea' },
    { name: 'founded_year', label: 'Year Founded', kind: 'string/text' },
    { name: 'numberofemployees', label: 'Number of Employees', kind: 'number/number' },
    { name: 'annualrevenue', label: 'Annual Revenue', kind: 'number/number' },
    { name: 'timezone', label: 'Time Zone', kind: 'string/text' },
    { name: 'is_public', label: 'Is Public', kind: 'bool/booleancheckbox' },
    { name: 'linkedin_company_page', label: 'LinkedIn Company Page', kind: 'string/text' },
    {
      name: 'industry',
      label: 'Industry',
      kind: 'enumeration/select',
      options: ['ACCOUNTING:Accounting', 'AUTOMOTIVE:Automotive', 'BIOTECHNOLOGY:Biotechnology', 'BUILDING_MATERIALS:Building Materials', 'COMPUTER_SOFTWARE:Computer Software', 'CONSTRUCTION:Construction', 'CONSUMER_GOODS:Consumer Goods', 'DESIGN:Design', 'EDUCATION_MANAGEMENT:Education Management', 'FINANCIAL_SERVICES:Financial Services', 'FOOD_BEVERAGES:Food & Beverages', 'HOSPITAL_HEALTH_CARE:Hospital & Health Care', 'HOSPITALITY:Hospitality', 'INSURANCE:Insurance', 'LOGISTICS_AND_SUPPLY_CHAIN:Logistics and Supply Chain', 'MACHINERY:Machinery', 'MARKETING_AND_ADVERTISING:Marketing and Advertising', 'PRINTING:Printing', 'REAL_ESTATE:Real Estate', 'RENEWABLES_ENVIRONMENT:Renewables & Environment', 'RETAIL:Retail', 'TRANSPORTATION_TRUCKING_RAILROAD:Transportation/Trucking/Railroad', 'UTILITIES:Utilities', 'WINE_AND_SPIRITS:Wine and Spirits'],
    },
    { name: 'type', label: 'Type', kind: 'enumeration/select', options: ['PROSPECT:Prospect', 'PARTNER:Partner', 'RESELLER:Reseller', 'VENDOR:Vendor', 'OTHER:Other'] },
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
    { name: 'createdate', label: 'Create Date', kind: 'datetime/date', readOnly: true },
    { name: 'closedate', label: 'Close Date', kind: 'datetime/date' },
    { name: 'num_associated_contacts', label: 'Number of Associated Contacts', kind: 'number/number', readOnly: true, calculated: true },
    { name: 'num_associated_deals', label: 'Number of Associated Deals', kind: 'number/number', readOnly: true, calculated: true },
  ]),
  ...systemProperties(INFO, false),
  ...activityRollups(INFO),
];
