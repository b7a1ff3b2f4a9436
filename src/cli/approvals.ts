import { type Command, InvalidArgumentError } from 'commander';
import { type ChangeableField, type ChangedValues, typedValue } from '../contracts/change.ts';
import { DECISION_LIMITS } from '../contracts/decision.ts';
import { cardLines } from '../core/card-text.ts';
import { inOneLine } from '../core/notice-text.ts';
import { columnsIn, linesOf, type Row } from '../core/ruled-rows.ts';
import { isConfirmed, type YesOption } from './confirm.ts';
import {
  type Approval,
  type Changed,
  type Door,
  type DoorOptions,
  openDoor,
  withDoor,
} from './door.ts';
import { textUpTo } from './options.ts';
import {
  columnsOf,
  CommandError,
  oneLine,
  print,
  printAside,
  printJson,
  printTable,
} from './output.ts';
import { countWords } from './standing.ts';

const calledAs = ({ person, name }: { person: string; name?: string | undefined }): string =>
  name ?? person;

/** "reject by Robin at …: Wrong company." */
function decidedWords(made: Approval['decisions'][number]): string {
  const { decision, in_place_of: absent, decided_at: at, reason } = made;
  const place = absent === undefined ? '' : ` in the place of ${calledAs(absent)}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${decision} by ${calledAs(made)}${place} at ${at}${why}`;
}

const told = (name: string, text = ''): Row[] =>
  text === '' ? [] : [{ name, text: inOneLine(text) }];

/** The card in full, with who has decided already, as wide as the terminal that reads it. */
export function approvalLines(approval: Approval, stream: NodeJS.WriteStream): string[] {
  const width = columnsOf(stream);
  const { id, status, card, decisions, code, detail, waiting_for: waitingFor } = approval;
  const why = [code, detail].filter((part) => part !== undefined).join(': ');
  const count = status === 'awaiting_approval' ? countWords(approval) : undefined;
  const rows = [
    ...told('Waits for', waitingFor),
    ...told('Ended', why),
    ...told('So far', count),
    ...decisions.flatMap((made) => told('Decided', decidedWords(made))),
  ];
  return [
    oneLine(`${id}, ${status}`),
    '',
    ...cardLines(card, width),
    ...linesOf(rows, columnsIn(width)),
    '',
  ];
}

async function list(options: DoorOptions): Promise<void> {
  const waiting = await openDoor(options).waiting();
  if (options.json) printJson(waiting);
  else if (waiting.length === 0) print('Nothing waits for approval.');
  else
    printTable(
      ['REQUEST', 'UNTIL', 'AGENT', 'WHAT'],
      waiting.map(({ id, card }) => [id, card.expires_at, card.agent.name, card.sentence]),
      [2, 3],
    );
}

async function show(id: string, options: DoorOptions): Promise<void> {
  const approval = await openDoor(options).approval(id);
  if (options.json) printJson(approval);
  else approvalLines(approval, process.stdout).forEach(print);
}

interface Setting {
  readonly field: string;
  readonly text: string;
}

interface ChangeOptions extends DoorOptions, YesOption {
  readonly set: readonly Setting[];
  readonly reason?: string;
}

function collectSettings(value: string, before: readonly Setting[]): Setting[] {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Say it as field=value; field= leaves it out.');
  return [...before, { field: value.slice(0, at).trim(), text: value.slice(at + 1) }];
}

/** Nobody is asked for a yes that is then refused. Throws `CommandError` with the fields that there are. */
function assertFields(set: readonly Setting[], fields: readonly ChangeableField[]): void {
  const known = fields.map(({ field, label }) => `  ${field} (${label})`).join('\n');
  if (set.length === 0)
    throw new CommandError('No value was given.', `Add --set field=value. Fields:\n${known}`);
  const unknown = set.find(({ field }) => !fields.some((one) => one.field === field));
  if (unknown !== undefined)
    throw new CommandError(
      `${oneLine(unknown.field)} cannot be changed. Nothing was changed.`,
      `The fields that can be:\n${known}`,
    );
}

/** Value by value, with what the agent asked for. */
function sayChanges(set: readonly Setting[], fields: readonly ChangeableField[]): void {
  for (const { field, text } of set) {
    const asked = fields.find((one) => one.field === field)?.asked ?? '';
    const [before, after] = [String(asked), text].map((one) => oneLine(one) || '(nothing)');
    printAside(`${field}: ${before} -> ${after}`);
  }
}

async function change(id: string, options: ChangeOptions): Promise<void> {
  const door = openDoor(options);
  const fields = await door.changeable(id);
  assertFields(options.set, fields);
  sayChanges(options.set, fields);
  if (!(await isConfirmed('Change it?', options, 'Change it with --yes.'))) {
    printAside('Nothing was changed.');
    return;
  }
  const { card } = await door.approval(id);
  const input: ChangedValues = Object.fromEntries(
    options.set.map(({ field, text }) => [
      field,
      typedValue(text, fields.find((one) => one.field === field)?.kind),
    ]),
  );
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const changed = await door.change(id, { digest: card.digest, input, ...reason });
  if (options.json) printJson({ id, ...changed });
  else await say(door, changed, `${id} is changed: nothing of it is sent.`, 'takes its place');
}

/** The request that takes another's place, as its card shows it. */
async function say(door: Door, { successor }: Changed, what: string, does: string): Promise<void> {
  printAside(`${what} ${successor.id} ${does}:`);
  if (successor.status === 'awaiting_approval')
    approvalLines(await door.approval(successor.id), process.stdout).forEach(print);
  print(`To send it: npx sallyport approve ${successor.id}`);
}

async function renew(id: string, options: DoorOptions): Promise<void> {
  const door = openDoor(options);
  const renewed = await door.renew(id);
  if (options.json) printJson({ id, ...renewed });
  else await say(door, renewed, `${id} was out of date.`, 'asks the same anew');
}

export function addApprovalCommands(program: Command): void {
  const approvals = program.command('approvals').description('what waits for people');
  withDoor(approvals.command('list', { isDefault: true }))
    .description('one line for each (what `approvals` alone does)')
    .action(list);
  withDoor(approvals.command('show <request>'))
    .description('one card in full, also after it was decided')
    .action(show);
  withDoor(approvals.command('change <request>'))
    .description(
      'ask, then put other values in; the request that takes its place is decided by itself',
    )
    .option('--set <field=value>', 'may be repeated', collectSettings, [])
    .option('--yes', 'do not ask')
    .option('--reason <text>', 'reaches the agent', textUpTo(DECISION_LIMITS.reasonMaxChars))
    .action(change);
  withDoor(approvals.command('renew <request>'))
    .description('have a new card made of what was out of date, on the record as it is now')
    .action(renew);
}
