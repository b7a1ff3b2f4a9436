import type { Store } from '../state/store.ts';
import type { RecordRef } from '../state/types.ts';
import { plantAcme } from './acme.ts';
import { SEED_COMPANIES } from './companies.ts';
import type { SeedCompany } from './companies.ts';
import { createPlanter, daysBefore } from './plant.ts';
import type { Plant } from './plant.ts';
import { createPicker } from './random.ts';
import type { Picker } from './random.ts';
import {
  CALLS,
  DEAL_STAGES,
  DEAL_THEMES,
  EMAILS,
  FIRST_NAMES,
  JOB_TITLES,
  LAST_NAMES,
  LEAD_STATUSES,
  LIFECYCLES,
  NOTES,
  TASKS,
  TICKETS,
} from './words.ts';

const CONTACTS = 180;
const DEALS = 40;
const EMAIL_COUNT = 40;
const CALL_COUNT = 16;
const NOTE_COUNT = 24;
const TASK_COUNT = 18;
const MEETING_COUNT = 6;
const OWNER_IDS = ['7001', '7002', '7003', '7004', '7005'] as const;

type Person = {
  ref: RecordRef;
  company: RecordRef;
  first: string;
  companyName: string;
  owner: string;
};

type Garden = { plant: Plant; picker: Picker; people: Person[] };

function plantCompany(plant: Plant, picker: Picker, company: SeedCompany): RecordRef {
  return plant(
    'companies',
    daysBefore(430 + picker.integer(300)),
    {
      name: company.name,
      domain: company.domain,
      website: `https://www.${company.domain}`,
      city: company.city,
      state: company.state,
      country: company.country,
      industry: company.industry,
      numberofemployees: company.employees,
      annualrevenue: company.revenue,
      phone: `+1 555 01${String(10 + picker.integer(90))}`,
      type: picker.pick(['PROSPECT', 'PROSPECT', 'PARTNER', 'VENDOR', 'OTHER']),
      lifecyclestage: picker.pick(LIFECYCLES),
      hubspot_owner_id: picker.pick(OWNER_IDS),
    },
    [],
  );
}

/** Spoken names to a mailbox: accents and apostrophes fall away. */
function mailbox(first: string, last: string): string {
  return `${first}.${last}`
    .normalize('NFD')
    .replaceAll(/[^A-Za-z.]/gu, '')
    .toLowerCase();
}

function plantPerson(garden: Garden, number: number, company: SeedCompany, ref: RecordRef): Person {
  const { plant, picker } = garden;
  // 40 and 37 have no common factor: the pairs do not repeat within the demo.
  const first = FIRST_NAMES[number % FIRST_NAMES.length] ?? 'Amara';
  const last = LAST_NAMES[number % LAST_NAMES.length] ?? 'Abara';
  const owner = picker.pick(OWNER_IDS);
  const contact = plant(
    'contacts',
    daysBefore(60 + picker.integer(340)),
    {
      firstname: first,
      lastname: last,
      email: `${mailbox(first, last)}@${company.domain}`,
      jobtitle: picker.pick(JOB_TITLES),
      company: company.name,
      phone: `+1 555 02${String(10 + picker.integer(90))}`,
      city: company.city,
      country: company.country,
      lifecyclestage: picker.pick(LIFECYCLES),
      hs_lead_status: picker.pick(LEAD_STATUSES),
      hubspot_owner_id: owner,
    },
    [ref],
  );
  return { ref: contact, company: ref, first, companyName: company.name, owner };
}

function plantDeal(garden: Garden): void {
  const { plant, picker, people } = garden;
  const person = picker.pick(people);
  const createdDays = 5 + picker.integer(50);
  plant(
    'deals',
    daysBefore(createdDays),
    {
      dealname: `${person.companyName} – ${picker.pick(DEAL_THEMES)}`,
      amount: String(800 + picker.integer(240) * 125),
      dealstage: picker.pick(DEAL_STAGES),
      pipeline: 'default',
      closedate: daysBefore(createdDays - 20 - picker.integer(70)),
      dealtype: picker.pick(['newbusiness', 'existingbusiness']),
      hubspot_owner_id: person.owner,
    },
    [person.ref, person.company],
  );
}

function plantTickets(garden: Garden): void {
  const { plant, picker, people } = garden;
  for (const [subject, content, category, priority] of TICKETS) {
    const person = picker.pick(people);
    plant(
      'tickets',
      daysBefore(1 + picker.integer(45)),
      {
        subject,
        content,
        hs_ticket_category: category,
        hs_ticket_priority: priority,
        hs_pipeline: '0',
        hs_pipeline_stage: picker.pick(['1', '2', '3', '4']),
        source_type: picker.pick(['EMAIL', 'FORM', 'PHONE']),
        hubspot_owner_id: picker.pick(['7004', '7005']),
      },
      [person.ref, person.company],
    );
  }
}

const fill = (text: string, person: Person): string =>
  text.replaceAll('{first}', person.first).replaceAll('{company}', person.companyName);

type Compose = (person: Person, at: string) => Record<string, string>;

/** Logs `count` activities, oldest first, each with one person and their company. */
function plantActivities(
  garden: Garden,
  type: 'emails' | 'calls' | 'notes' | 'tasks' | 'meetings',
  count: number,
  compose: Compose,
): void {
  const { plant, picker, people } = garden;
  for (let left = count; left > 0; left -= 1) {
    const person = picker.pick(people);
    const at = daysBefore(left * 1.1 + picker.integer(24) / 24);
    const values = { hs_timestamp: at, hubspot_owner_id: person.owner, ...compose(person, at) };
    plant(type, at, values, [person.ref, person.company]);
  }
}

function plantAllActivities(garden: Garden): void {
  const { picker } = garden;
  plantActivities(garden, 'emails', EMAIL_COUNT, (person) => {
    const index = picker.integer(EMAILS.length);
    const [subject, text] = EMAILS[index] ?? EMAILS[0];
    return {
      hs_email_subject: fill(subject, person),
      hs_email_text: fill(text, person),
      hs_email_direction: index % 2 === 0 ? 'EMAIL' : 'INCOMING_EMAIL',
      hs_email_status: 'SENT',
    };
  });
  plantActivities(garden, 'calls', CALL_COUNT, (person) => {
    const [title, body, durationMs] = picker.pick(CALLS);
    return {
      hs_call_title: title,
      hs_call_body: fill(body, person),
      hs_call_duration: String(durationMs),
      hs_call_direction: picker.pick(['INBOUND', 'OUTBOUND']),
      hs_call_status: 'COMPLETED',
    };
  });
  plantActivities(garden, 'notes', NOTE_COUNT, (person) => ({
    hs_note_body: fill(picker.pick(NOTES), person),
  }));
  plantActivities(garden, 'tasks', TASK_COUNT, (person, at) => {
    const [subject, body, kind, priority] = picker.pick(TASKS);
    const isOpen = picker.integer(3) > 0;
    return {
      hs_timestamp: isOpen ? daysBefore(-1 - picker.integer(20)) : at,
      hs_task_subject: fill(subject, person),
      hs_task_body: fill(body, person),
      hs_task_type: kind,
      hs_task_priority: priority,
      hs_task_status: isOpen ? 'NOT_STARTED' : 'COMPLETED',
    };
  });
  plantActivities(garden, 'meetings', MEETING_COUNT, (person, at) => ({
    hs_meeting_title: `Review with ${person.companyName}`,
    hs_meeting_body: 'Quarterly review.',
    hs_meeting_start_time: at,
    hs_meeting_end_time: new Date(Date.parse(at) + 2_700_000).toISOString(),
    hs_meeting_outcome: 'COMPLETED',
  }));
}

/** Fills an empty store with the demo account: the same records, ids and dates every time. */
export function seedDemo(store: Store): void {
  store.transaction(() => {
    const plant = createPlanter(store);
    const picker = createPicker(20_261_116);
    const companies = SEED_COMPANIES.map((company) => ({
      company,
      ref: plantCompany(plant, picker, company),
    }));
    const [acme, ...others] = companies;
    if (!acme) throw new Error('the demo account has no companies');
    const acmePeople = plantAcme(plant, acme.ref);
    const garden: Garden = { plant, picker, people: [] };
    for (let number = 0; number < CONTACTS - acmePeople.length; number += 1) {
      // Every company has somebody; the rest fall where they fall.
      const home = others[number] ?? picker.pick(others);
      garden.people.push(plantPerson(garden, number, home.company, home.ref));
    }
    for (let number = 2; number < DEALS; number += 1) plantDeal(garden);
    plantTickets(garden);
    plantAllActivities(garden);
  });
}
