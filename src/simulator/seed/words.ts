export const FIRST_NAMES = [
  'Amara',
  'Bjorn',
  'Camille',
  'Dmitri',
  'Elena',
  'Farid',
  'Greta',
  'Hiroshi',
  'Imogen',
  'Javier',
  'Kwame',
  'Lucia',
  'Mateus',
  'Nadia',
  'Oliver',
  'Paloma',
  'Quentin',
  'Ravi',
  'Saoirse',
  'Thabo',
  'Ulrike',
  'Vikram',
  'Wanda',
  'Ximena',
  'Yusuf',
  'Zofia',
  'Aiden',
  'Beatriz',
  'Cormac',
  'Delphine',
  'Emeka',
  'Freya',
  'Gideon',
  'Hana',
  'Isaac',
  'Jasmine',
  'Kofi',
  'Leonie',
  'Miriam',
  'Nils',
] as const;

export const LAST_NAMES = [
  'Abara',
  'Bergström',
  'Castellano',
  'Dubois',
  'Eriksen',
  'Fontaine',
  'Gallagher',
  'Hashimoto',
  'Ivanova',
  'Jankowski',
  'Kapoor',
  'Lindgren',
  'Moreau',
  'Nakamura',
  'Osei',
  'Pereira',
  'Quinn',
  'Rasmussen',
  'Sullivan',
  'Tremblay',
  'Ueda',
  'Vargas',
  'Whitcombe',
  'Xu',
  'Yilmaz',
  'Zielinski',
  'Ashworth',
  'Bello',
  'Connolly',
  'Drummond',
  'Escobar',
  'Friedman',
  'Grimaldi',
  'Hollis',
  'Idris',
  'Joshi',
  'Keller',
] as const;

export const JOB_TITLES = [
  'Operations Manager',
  'Head of Procurement',
  'Office Manager',
  'Chief Financial Officer',
  'Marketing Lead',
  'IT Administrator',
  'Managing Director',
  'Warehouse Supervisor',
  'Customer Support Lead',
  'Bookkeeper',
  'Sales Director',
  'Facilities Coordinator',
  'Founder',
  'HR Business Partner',
  'Purchasing Agent',
  'Practice Manager',
] as const;

export const LIFECYCLES = [
  'lead',
  'marketingqualifiedlead',
  'salesqualifiedlead',
  'opportunity',
  'customer',
  'customer',
] as const;

export const LEAD_STATUSES = [
  'NEW',
  'OPEN',
  'IN_PROGRESS',
  'CONNECTED',
  'ATTEMPTED_TO_CONTACT',
] as const;

export const DEAL_THEMES = [
  'annual support plan',
  'sensor retrofit',
  'scheduling rollout',
  'second site',
  'pilot for ten seats',
  'training package',
  'inventory module',
  'migration from spreadsheets',
  'three-year renewal',
  'mobile add-on',
  'reporting upgrade',
  'field service licences',
] as const;

export const DEAL_STAGES = [
  'appointmentscheduled',
  'qualifiedtobuy',
  'presentationscheduled',
  'decisionmakerboughtin',
  'contractsent',
  'closedwon',
  'closedlost',
] as const;

/** `[subject, description, category, priority]` */
export const TICKETS = [
  [
    'Export stops at 5,000 rows',
    'The nightly export ends without an error after 5,000 rows.',
    'PRODUCT_ISSUE',
    'HIGH',
  ],
  [
    'Invoice shows the old address',
    'We moved in August, the last two invoices still carry the old street.',
    'BILLING_ISSUE',
    'MEDIUM',
  ],
  [
    'Cannot invite a second administrator',
    'The invitation link says it has expired right after sending.',
    'PRODUCT_ISSUE',
    'MEDIUM',
  ],
  [
    'Question about volume pricing',
    'At what number of seats does the next price step begin?',
    'GENERAL_INQUIRY',
    'LOW',
  ],
  [
    'Calendar sync is an hour off',
    'Since the clocks changed, every booking shows one hour late.',
    'PRODUCT_ISSUE',
    'HIGH',
  ],
  [
    'Wish: dark colours on the tablet',
    'Our drivers use the tablet at night and find it too bright.',
    'FEATURE_REQUEST',
    'LOW',
  ],
  [
    'Charged twice in October',
    'Two charges of the same amount, one day apart.',
    'BILLING_ISSUE',
    'URGENT',
  ],
  [
    'Labels print without barcode',
    'Only on the new printer; the old one is fine.',
    'PRODUCT_ISSUE',
    'MEDIUM',
  ],
  [
    'How do we archive a site?',
    'We closed the Harbour Street site and want its history kept.',
    'GENERAL_INQUIRY',
    'LOW',
  ],
  [
    'Two-step sign-in code never arrives',
    'Three of our people receive no text message at all.',
    'PRODUCT_ISSUE',
    'URGENT',
  ],
  [
    'Purchase order number on invoices',
    'Our accounts team needs the order number on each invoice.',
    'BILLING_ISSUE',
    'MEDIUM',
  ],
  [
    'Report is blank for new starters',
    'People added this month do not appear in the attendance report.',
    'PRODUCT_ISSUE',
    'HIGH',
  ],
  [
    'Wish: spreadsheet import for stock',
    'Typing four hundred lines is a lot of typing.',
    'FEATURE_REQUEST',
    'LOW',
  ],
  [
    'Change of billing contact',
    'Please send invoices to our new bookkeeper from now on.',
    'GENERAL_INQUIRY',
    'LOW',
  ],
  [
    'Map shows our depot in the sea',
    'The depot pin stands about two kilometres off the coast.',
    'PRODUCT_ISSUE',
    'MEDIUM',
  ],
] as const;

/** `[subject, text]` with `{first}` and `{company}`; odd ones are incoming. */
export const EMAILS = [
  [
    'Proposal for {company}',
    'Hi {first},\n\nthe proposal we talked about is attached. The second page has the two options side by side.\n\nKind regards',
  ],
  [
    'Re: Proposal for {company}',
    'Hello,\n\nthank you, option two looks right for us. Could you spell out what happens to our old data?\n\n{first}',
  ],
  [
    'Your data on the day of the move',
    'Hi {first},\n\nwe copy everything the evening before and you check a list of samples in the morning. Nothing is deleted on the old side.',
  ],
  ['Re: Thursday', 'Thursday at ten works. I will bring our warehouse lead along.\n\n{first}'],
  [
    'Minutes of our call',
    'Hi {first},\n\nthree points: seats for the two new sites, a price until the end of the quarter, and a trial for the tablet.',
  ],
  [
    'Question about the contract',
    'Hello,\n\nclause 7 mentions a notice period of ninety days. We agreed on thirty, did we not?\n\n{first}',
  ],
  [
    'Corrected contract',
    'Hi {first},\n\nyou are right, thirty days. The corrected version is on its way to your signature page.',
  ],
  [
    'Out of office until Monday',
    'I am away until Monday. For anything urgent please ring our front desk.\n\n{first}',
  ],
] as const;

export const NOTES = [
  'Prefers a call before ten in the morning; {first} shares the phone with the front desk.',
  'Budget round ends mid-December. {company} decides with two signatures above ten thousand.',
  'Asked for a reference in the same trade. Promised to connect them with an existing customer.',
  'They run two warehouses and plan a third in spring; seats would go from 24 to about 40.',
  'Competitor quoted 15 % lower but without on-site training. {first} cares about training.',
  'Renewal should go out early: last year the approval at {company} took six weeks.',
] as const;

export const TASKS = [
  ['Send revised quote to {company}', 'Include the price for the second site.', 'EMAIL', 'HIGH'],
  ['Call {first} about the renewal', 'Ask who signs this year.', 'CALL', 'MEDIUM'],
  ['Prepare demo account', 'With the tablet view switched on.', 'TODO', 'LOW'],
  ['Check delivery dates', 'The printers were announced for this week.', 'TODO', 'MEDIUM'],
  ['Follow up after the trade fair', '{first} stopped by and left a card.', 'EMAIL', 'NONE'],
] as const;

export const CALLS = [
  [
    'Discovery call',
    'Talked through the present process and what hurts: double typing and late reports.',
    1_260_000,
  ],
  ['Check-in', 'All well. {first} asks for the roadmap of the mobile app.', 420_000],
  [
    'Pricing questions',
    'Went over the seat prices; they will come back with a head count.',
    780_000,
  ],
  ['Voicemail', 'Left a message, asked for a call back.', 35_000],
] as const;
