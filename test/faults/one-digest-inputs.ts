import fc from 'fast-check';
import { ACTIONS, findAction } from '../../src/actions/catalogue.ts';
import { refusePrompt } from '../../src/core/prompt-rules.ts';

/** Records that one lane has to itself, so that no other lane's write makes its approvals stale. */
export interface LaneRecords {
  readonly contacts: readonly string[];
  readonly companies: readonly string[];
  readonly deals: readonly string[];
}

export type ActionInput = Record<string, unknown> & { readonly action: string };
type Inputs = fc.Arbitrary<Record<string, unknown>>;

/** Quotes, backslashes, HTML, control-like escapes, other scripts, emoji: what breaks careless encoders. */
const AWKWARD = [
  '"',
  '\\',
  '\\u0022',
  '<b>&amp;</b>',
  "'",
  '%2F',
  '\u00e9',
  'e\u0301',
  '\u{1F469}',
];

const line = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength }),
      fc.constantFrom('', ...AWKWARD),
      fc.string({ unit: 'grapheme-ascii', maxLength: 10 }),
    )
    .map((parts) => parts.join(''));

const text: fc.Arbitrary<string> = fc
  .array(line(40), { minLength: 1, maxLength: 5 })
  .chain((lines) => fc.constantFrom('\n', '\r\n', ' ', '\t').map((between) => lines.join(between)));

const when: fc.Arbitrary<string> = fc
  .tuple(
    fc.date({ min: new Date('2026-01-01'), max: new Date('2029-01-01'), noInvalidDate: true }),
    fc.constantFrom('Z', '+05:30', '-03:00'),
  )
  .map(([date, zone]) => date.toISOString().replace('Z', zone));

const email: fc.Arbitrary<string> = fc
  .tuple(fc.uuid(), fc.constantFrom('', '+tag', '.x', "o'"))
  .map(([id, odd]) => `${odd === "o'" ? odd : ''}${id}${odd === "o'" ? '' : odd}@one-digest.test`);

const money: fc.Arbitrary<number> = fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 100);

const opt = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const parent = ({ contacts, companies, deals }: LaneRecords): Inputs =>
  fc.oneof(
    fc.record({ contact_id: fc.constantFrom(...contacts) }),
    fc.record({ company_id: fc.constantFrom(...companies) }),
    fc.record({ deal_id: fc.constantFrom(...deals) }),
  );

const texts = {
  firstname: opt(line(20)),
  lastname: opt(line(20)),
  phone: opt(line(12)),
  jobtitle: opt(line(30)),
  company: opt(line(30)),
};

const withParent = (of: LaneRecords, own: Inputs): Inputs =>
  fc.tuple(parent(of), own).map(([one, rest]) => ({ ...one, ...rest }));

/** By name: every write action's inputs. An action without a row fails `writes without inputs`. */
const INPUTS: Readonly<Record<string, (of: LaneRecords) => Inputs>> = {
  create_note: (of) => withParent(of, fc.record({ note: text })),
  create_task: (of) =>
    withParent(
      of,
      fc.record({
        subject: line(60),
        body: opt(text),
        due: when,
        priority: opt(fc.constantFrom('LOW', 'MEDIUM', 'HIGH')),
        type: opt(fc.constantFrom('EMAIL', 'CALL', 'TODO')),
      }),
    ),
  create_contact: () => fc.record({ email, ...texts }),
  update_contact: ({ contacts }) =>
    fc.record({
      contact_id: fc.constantFrom(...contacts),
      ...texts,
      email: opt(email),
      lifecyclestage: opt(fc.constantFrom('lead', 'customer', 'opportunity')),
      clear: opt(fc.constantFrom(['phone'], ['jobtitle', 'company'], ['lastname'])),
    }),
  update_company: ({ companies }) =>
    fc.record({
      company_id: fc.constantFrom(...companies),
      name: opt(line(30)),
      city: opt(line(20)),
      phone: opt(line(12)),
      clear: opt(fc.constantFrom(['domain'], ['country', 'industry'])),
    }),
  create_deal: ({ contacts, companies }) =>
    fc
      .tuple(
        fc.oneof(
          fc.record({ contact_id: fc.constantFrom(...contacts) }),
          fc.record({ company_id: fc.constantFrom(...companies) }),
        ),
        fc.record({
          dealname: line(40),
          dealstage: fc.constantFrom('appointmentscheduled', 'contractsent'),
          amount: opt(money),
          closedate: opt(when),
          description: opt(text),
        }),
      )
      .map(([one, rest]) => ({ ...one, ...rest })),
  log_call: (of) =>
    withParent(
      of,
      fc.record({
        title: line(40),
        at: when,
        direction: fc.constantFrom('incoming', 'outgoing'),
        duration_seconds: opt(fc.integer({ min: 0, max: 7_200 })),
        body: opt(text),
      }),
    ),
  associate_records: ({ contacts, companies, deals }) =>
    fc.oneof(
      fc.record({
        contact_id: fc.constantFrom(...contacts),
        company_id: fc.constantFrom(...companies),
      }),
      fc.record({ contact_id: fc.constantFrom(...contacts), deal_id: fc.constantFrom(...deals) }),
    ),
  update_deal: ({ deals }) =>
    fc.record({
      deal_id: fc.constantFrom(...deals),
      dealname: opt(line(40)),
      amount: opt(money),
      dealstage: opt(fc.constantFrom('appointmentscheduled', 'closedwon', 'contractsent')),
      closedate: opt(when),
    }),
};

/** Fields that were left out are not there at all, as an agent's JSON has them. */
const withoutUndefined = (input: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));

const isTaken = (input: ActionInput): boolean =>
  findAction(input.action)?.input.safeParse(input).success === true &&
  refusePrompt({ userId: 'dana@acme.test', prompt: 'Please.', action: input }) === undefined;

function singles(name: string, of: LaneRecords): fc.Arbitrary<ActionInput> {
  const inputs = INPUTS[name];
  if (inputs === undefined) throw new Error(`no inputs of ${name} are known here`);
  return inputs(of)
    .map((input) => ({ ...withoutUndefined(input), action: name }))
    .filter(isTaken);
}

/**
 * `take_back` is not among them: no agent can submit it. That what is shown, approved and sent of it is
 * one digest, and nothing else stands in the record, is held in law-12-later-changes-win and take-back.
 */
const WRITES: readonly string[] = ACTIONS.filter(({ risk }) => risk !== 'read').map(
  ({ name }) => name,
);

/** Names of the catalogue that have no arbitrary here: an action that was added and is not proven. */
export const writesWithoutInputs = (): string[] => WRITES.filter((name) => !(name in INPUTS));

export const WRITE_NAMES: readonly string[] = [...WRITES, 'write_several'];

/** Valid inputs of one write action, `write_several` included. */
export function inputsOf(name: string, of: LaneRecords): fc.Arbitrary<ActionInput> {
  if (name !== 'write_several') return singles(name, of);
  const step = fc.oneof(...WRITES.map((write) => singles(write, of)));
  return fc
    .array(step, { minLength: 2, maxLength: 4 })
    .map((steps) => ({ action: name, steps }))
    .filter(isTaken);
}
