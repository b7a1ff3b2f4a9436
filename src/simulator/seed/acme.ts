import type { RecordRef } from '../state/types.ts';
import { daysBefore } from './plant.ts';
import type { Plant } from './plant.ts';

const PEOPLE = [
  ['Dana', 'Fox', 'Head of Procurement', 'dana.fox', '+1 419 555 0142'],
  ['Marco', 'Bellini', 'Chief Financial Officer', 'marco.bellini', '+1 419 555 0143'],
  ['Yuki', 'Tanabe', 'Operations Manager', 'yuki.tanabe', '+1 419 555 0144'],
  ['Sam', 'O’Rourke', 'IT Lead', 'sam.orourke', '+1 419 555 0145'],
  ['Leila', 'Haddad', 'Facilities Coordinator', 'leila.haddad', '+1 419 555 0146'],
] as const;

function plantPeople(plant: Plant, company: RecordRef): RecordRef[] {
  return PEOPLE.map(([firstname, lastname, jobtitle, mailbox, phone], index) =>
    plant(
      'contacts',
      daysBefore(420 - index * 31),
      {
        firstname,
        lastname,
        jobtitle,
        email: `${mailbox}@acme.test`,
        phone,
        company: 'Acme Corp',
        city: 'Toledo',
        state: 'Ohio',
        country: 'United States',
        lifecyclestage: 'customer',
        hs_lead_status: 'CONNECTED',
        hubspot_owner_id: '7001',
      },
      [company],
    ),
  );
}

type Letter = readonly [number, 'EMAIL' | 'INCOMING_EMAIL', string, string];

/** Days before the seed instant, direction, subject, text: the last one is the newest. */
const LETTERS: readonly Letter[] = [
  [
    41.2,
    'EMAIL',
    'Telematics for the second yard',
    'Hi Dana,\n\nhere are the figures for fitting the second yard. Fitting takes two days per shift.\n\nRosa',
  ],
  [
    37.9,
    'INCOMING_EMAIL',
    'Re: Telematics for the second yard',
    'Hi Rosa,\n\nthanks. Marco needs the total over three years before he can sign.\n\nDana',
  ],
  [
    20.4,
    'EMAIL',
    'Three-year total',
    'Hi Dana,\n\nthe total over three years is 48,000 dollars, fitting included.\n\nRosa',
  ],
  [
    6.1,
    'INCOMING_EMAIL',
    'Re: Three-year total',
    'Hi Rosa,\n\nMarco agrees in principle. Can the price be held until the end of January? Our board meets on the 14th.\n\nDana',
  ],
  [
    2.3,
    'EMAIL',
    'Price held until 31 January',
    'Hi Dana,\n\nyes, I have put it in writing in the attached letter. Good luck with the board.\n\nRosa',
  ],
];

function plantLetters(plant: Plant, dana: RecordRef, company: RecordRef): void {
  const rosa = {
    email: 'rosa.lindqvist@harbourlight.test',
    firstName: 'Rosa',
    lastName: 'Lindqvist',
  };
  const hers = { email: 'dana.fox@acme.test', firstName: 'Dana', lastName: 'Fox' };
  for (const [days, direction, subject, text] of LETTERS) {
    const at = daysBefore(days);
    const [from, to] = direction === 'EMAIL' ? [rosa, hers] : [hers, rosa];
    const values = {
      hs_timestamp: at,
      hs_email_direction: direction,
      hs_email_subject: subject,
      hs_email_text: text,
      hs_email_status: 'SENT',
      hs_email_headers: JSON.stringify({ from, to: [to], cc: [], bcc: [] }),
      hubspot_owner_id: '7001',
    };
    plant('emails', at, values, [dana, company]);
  }
}

function plantDeals(plant: Plant, dana: RecordRef, marco: RecordRef, company: RecordRef): void {
  const large = plant(
    'deals',
    daysBefore(40),
    {
      dealname: 'Acme Corp – fleet telematics, second yard',
      amount: '48000',
      dealstage: 'decisionmakerboughtin',
      pipeline: 'default',
      closedate: daysBefore(-60),
      dealtype: 'existingbusiness',
      hubspot_owner_id: '7001',
    },
    [dana, marco, company],
  );
  plant(
    'deals',
    daysBefore(15),
    {
      dealname: 'Acme Corp – onboarding workshop',
      amount: '3500',
      dealstage: 'qualifiedtobuy',
      pipeline: 'default',
      closedate: daysBefore(-20),
      dealtype: 'newbusiness',
      hubspot_owner_id: '7001',
    },
    [dana, company],
  );
  const at = daysBefore(5.5);
  const body =
    'Board meets on 14 January. Two signatures needed above 10,000: Marco and the chair.';
  const values = { hs_timestamp: at, hs_note_body: body, hubspot_owner_id: '7001' };
  plant('notes', at, values, [dana, company, large]);
}

/** Acme Corp, the account that the guides and examples speak of. */
export function plantAcme(plant: Plant, company: RecordRef): RecordRef[] {
  const people = plantPeople(plant, company);
  const [dana, marco] = people;
  if (!dana || !marco) throw new Error('Acme Corp has lost its people');
  plantDeals(plant, dana, marco, company);
  plantLetters(plant, dana, company);
  plant(
    'calls',
    daysBefore(12.2),
    {
      hs_timestamp: daysBefore(12.2),
      hs_call_title: 'Check-in with Dana',
      hs_call_body:
        'Dana expects a yes from the board. She wants the fitting outside of harvest time.',
      hs_call_direction: 'OUTBOUND',
      hs_call_duration: '540000',
      hs_call_status: 'COMPLETED',
      hs_call_disposition: 'f240bbac-87c9-4f6e-bf70-924b57d47db7',
      hubspot_owner_id: '7001',
    },
    [dana, company],
  );
  plant(
    'tasks',
    daysBefore(2),
    {
      hs_timestamp: daysBefore(-3),
      hs_task_subject: 'Ask Dana for the board’s answer',
      hs_task_body: 'Price is held until 31 January.',
      hs_task_type: 'CALL',
      hs_task_priority: 'HIGH',
      hubspot_owner_id: '7001',
    },
    [dana, company],
  );
  return people;
}
