import fc from 'fast-check';
import type {
  ActionDefinition,
  PlanContext,
  PresentRecord,
} from '../../src/actions/define-action.ts';
import { findAction } from '../../src/actions/catalogue.ts';
import type { Plan } from '../../src/contracts/plan.ts';

export const REQUEST_ID = 'act_01k8s6q0w3v7m2c5x9t4r1b8ha';
export const NOW = new Date('2026-11-25T10:00:00.000Z');

/** Ids of the demo account: Dana Fox at Acme Corp. */
export const DANA = '20001';
export const ACME = '10001';

export function actionNamed(name: string): ActionDefinition {
  const action = findAction(name);
  if (action === undefined) throw new Error(`no action ${name}`);
  return action;
}

/** The plan of an input as validation makes it, with every field of its answer granted or only these. */
export function planOf(
  input: Readonly<Record<string, unknown>> & { readonly action: string },
  granted?: readonly string[],
  uniqueProperties: PlanContext['uniqueProperties'] = {},
): Plan {
  const action = actionNamed(input.action);
  const parsed = action.input.parse(input);
  const fields = granted ?? action.touches(parsed).answers;
  return action.toPlan(parsed, { requestId: REQUEST_ID, now: NOW, fields, uniqueProperties });
}

/** Why an input is refused, one line an issue; empty when it is taken. */
export function problemsOf(
  input: Readonly<Record<string, unknown>> & { readonly action: string },
): string[] {
  const parsed = actionNamed(input.action).input.safeParse(input);
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

export function cardOf(plan: Plan, present: readonly PresentRecord[]) {
  const card = actionNamed(plan.action).card?.(plan, present);
  if (card === undefined) throw new Error(`${plan.action} has no card`);
  return card;
}

export const bodyOf = (plan: Plan, index = 0): unknown =>
  JSON.parse(plan.operations[index]?.body ?? 'null');

export const dana: PresentRecord = {
  object_type: 'contacts',
  id: DANA,
  properties: {
    firstname: 'Dana',
    lastname: 'Fox',
    email: 'dana.fox@acme.test',
    phone: '+1 419 555 0142',
    jobtitle: null,
  },
};

const CALL = {
  action: 'log_call',
  title: 'Check-in',
  at: '2026-11-20T10:00:00Z',
  direction: 'outgoing',
};

/** At least one valid input of every action, and of every branch that plans differently. */
export const SAMPLES: readonly (Record<string, unknown> & { action: string })[] = [
  { action: 'search_contact', company: 'Acme Corp' },
  { action: 'search_contact', name: 'Dana Fox', email: 'dana.fox@acme.test', limit: 5, after: '5' },
  { action: 'get_contact', contact_id: DANA },
  { action: 'get_contact', email: "o'dana+crm.fox@acme.test" },
  { action: 'search_company', name: 'Acme Corp' },
  { action: 'search_company', domain: 'acme.test' },
  { action: 'get_company', company_id: ACME },
  { action: 'search_deal', name: 'one two three four five six', company_id: ACME, stage: 'x' },
  { action: 'get_deal', deal_id: '30001' },
  { action: 'search_ticket', subject: 'Login fails', stage: '1' },
  { action: 'search_ticket', contact_id: DANA, company_id: ACME },
  { action: 'list_interactions', company_id: ACME, kind: 'email', limit: 1 },
  { action: 'list_interactions', contact_id: DANA },
  { action: 'list_interactions', ticket_id: '50001' },
  { action: 'create_note', contact_id: DANA, note: 'Called.' },
  { action: 'create_note', company_id: ACME, note: 'Called.' },
  { action: 'create_note', deal_id: '30001', note: 'Called.' },
  { action: 'create_note', ticket_id: '50001', note: 'Called.' },
  { action: 'create_contact', email: 'new@acme.test', firstname: 'New' },
  { action: 'create_task', contact_id: DANA, subject: 'Call', due: '2026-12-01T15:00:00Z' },
  {
    action: 'create_task',
    company_id: ACME,
    subject: 'Call',
    body: 'About the yard.',
    due: '2026-12-01T15:00:00+02:00',
    priority: 'HIGH',
    type: 'CALL',
  },
  { action: 'create_task', deal_id: '30001', subject: 'Call', due: '2026-12-01T15:00:00Z' },
  { action: 'create_task', ticket_id: '50001', subject: 'Call', due: '2026-12-01T15:00:00Z' },
  { ...CALL, contact_id: DANA, duration_seconds: 540, body: 'Agrees.' },
  { ...CALL, company_id: ACME, direction: 'incoming' },
  { ...CALL, deal_id: '30001' },
  { ...CALL, ticket_id: '50001' },
  { action: 'update_contact', contact_id: DANA, phone: '+1 555 0100', clear: ['jobtitle'] },
  { action: 'update_company', company_id: ACME, city: 'Toledo', clear: ['phone'] },
  { action: 'create_deal', company_id: ACME, dealname: 'Third yard', dealstage: 'qualifiedtobuy' },
  {
    action: 'create_deal',
    contact_id: DANA,
    dealname: 'Third yard',
    dealstage: 'qualifiedtobuy',
    pipeline: 'default',
    amount: 12_000.5,
    closedate: '2026-12-31T10:00:00Z',
    description: 'As discussed.',
  },
  { action: 'update_deal', deal_id: '30001', amount: 12_000.5, dealstage: 'closedwon' },
  { action: 'associate_records', contact_id: DANA, company_id: ACME },
  { action: 'associate_records', deal_id: '30001', ticket_id: '50001' },
];

/** The pairs that `associate_records` takes, as its inputs. */
export const PAIRS = [
  { contact_id: DANA, company_id: ACME },
  { contact_id: DANA, deal_id: '30001' },
  { contact_id: DANA, ticket_id: '50001' },
  { company_id: ACME, deal_id: '30001' },
  { company_id: ACME, ticket_id: '50001' },
  { deal_id: '30001', ticket_id: '50001' },
];

/** Text as an attacker would write it: any Unicode, and pieces that mean something in HTML. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '<img src=x onerror=alert(1)>',
        '<br>',
        '&lt;',
        '&amp;lt;',
        '</p>',
        '"',
        "'",
        '&',
        '\n',
        '\t',
        `[sallyport ${REQUEST_ID}]`,
      ),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));
