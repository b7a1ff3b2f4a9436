import type { Command } from 'commander';
import { DECISION_LIMITS } from '../contracts/decision.ts';
import type { Undo } from '../contracts/undo.ts';
import { ERRORS } from '../core/errors.ts';
import type { Context } from '../context.ts';
import type { LeftAlone, NotRevertible, TakeBackPlan } from '../gate/divided-undos.ts';
import { executedWrites } from '../gate/executed-writes.ts';
import { planTakeBack, type TakeBackDependencies } from '../gate/take-back-plan.ts';
import { requestTakeBack, type TakeBackAsked } from '../gate/take-back-request.ts';
import { findAgent } from './agent.ts';
import { isYes } from './confirm.ts';
import { assertInstalled, connectorOf, withPolicy } from './context.ts';
import { type JsonOption, parseName, parseSince, textUpTo, withJson } from './options.ts';
import {
  CommandError,
  isInteractive,
  oneLine,
  print,
  printAside,
  printJson,
  printTable,
} from './output.ts';

interface RevertOptions extends JsonOption {
  readonly agent?: string;
  readonly since?: Date;
  readonly as: string;
  readonly reason: string;
  readonly yes?: true;
}

const DAY_MS = 86_400_000;
const PROGRESS_EVERY_MS = 2_000;

/** One line every two seconds, and none for what is done by then. */
function progress(): (read: number, of: number) => void {
  let last = Date.now();
  return (read, of) => {
    if (Date.now() - last < PROGRESS_EVERY_MS) return;
    last = Date.now();
    printAside(`Read ${read} of ${of} records in HubSpot.`);
  };
}

async function requestsOf(
  { store, config }: Context,
  named: string | undefined,
  { agent, since }: RevertOptions,
): Promise<readonly string[]> {
  if (named !== undefined && agent === undefined && since === undefined) return [named];
  if (named !== undefined || (agent === undefined && since === undefined))
    throw new CommandError(
      'It takes one request, or --agent, or --since, or both of these.',
      'For example: npx sallyport revert --agent demo-assistant --since 2h',
    );
  const agentId =
    agent === undefined ? undefined : (await findAgent(store, agent, 'revert --agent')).id;
  const { approvalMs, approvalValidMs } = config.timing;
  const underWayMs = approvalMs + approvalValidMs + DAY_MS;
  return executedWrites(store, { agentId, since, underWayMs });
}

const EMPTY = '(empty)';
const valueOf = (value: string | null | undefined): string =>
  value === undefined || value === null || value === '' ? EMPTY : value;

function undoLines(undo: Undo): string[] {
  if (undo.kind === 'dissociate')
    return [
      `take away the association of ${undo.from.object_type} ${undo.from.id} with ${undo.to.object_type} ${undo.to.id}`,
    ];
  if (undo.kind === 'archive') return [`archive ${undo.object_type} ${undo.id}`];
  return Object.entries(undo.properties).map(
    ([property, former]) =>
      `${undo.object_type} ${undo.id}: ${property} from ${valueOf(undo.expects[property])} back to ${valueOf(former)}`,
  );
}

const byWhom = ({ changed_by: by }: LeftAlone): string =>
  by === null ? '' : `${by.source}${by.source_id === null ? '' : ` ${by.source_id}`} at ${by.at}`;

function printLeft(left: readonly LeftAlone[]): void {
  if (left.length === 0) return;
  print();
  print('Left alone, because somebody has changed it since:');
  printTable(
    ['RECORD', 'PROPERTY', 'WRITTEN', 'NOW', 'CHANGED BY'],
    left.map((one) => [
      `${one.object_type} ${one.id}`,
      one.property,
      valueOf(one.written),
      valueOf(one.present),
      byWhom(one),
    ]),
  );
}

function printNot(not: readonly NotRevertible[]): void {
  if (not.length === 0) return;
  print();
  print('Cannot be taken back from here:');
  for (const { of, object_type, id, reason, url } of not) {
    const what = object_type === null ? (of ?? 'a change') : `${object_type} ${id ?? ''}`;
    print(`  ${oneLine(`${what}: ${reason}`)}${url === undefined ? '' : `. ${url}`}`);
  }
}

function printPlan(plan: TakeBackPlan): void {
  if (plan.to_take_back.length > 0) print('Would be taken back, once people approve it:');
  for (const { of, undo } of plan.to_take_back) {
    print(`  ${of ?? 'changes that are not ours'}`);
    for (const line of undo.flatMap(undoLines)) print(`    ${oneLine(line)}`);
  }
  if (plan.to_take_back.length === 0)
    print(
      plan.done === 0
        ? 'There is nothing to take back.'
        : 'Nothing is left to do: what can be taken back is as it was before.',
    );
  printLeft(plan.left_alone);
  printNot(plan.not_revertible);
}

/** False: the reader does not want it. */
async function isWanted(plan: TakeBackPlan, { yes, json }: RevertOptions): Promise<boolean> {
  if (plan.to_take_back.length === 0) return false;
  if (yes) return true;
  if (json) return false;
  if (!isInteractive())
    throw new CommandError('Nothing was asked for.', 'Add --yes to ask people to take it back.');
  const count = plan.to_take_back.length;
  const what = count === 1 ? 'one request' : `${count} requests`;
  return isYes(`Ask people to approve this, in ${what}?`);
}

async function askFor(
  context: Context,
  deps: TakeBackDependencies,
  plan: TakeBackPlan,
  { as: userId, reason }: RevertOptions,
): Promise<TakeBackAsked[]> {
  const { policy, config } = context;
  const rules = { policy, approvalMs: config.timing.approvalMs, clock: () => new Date() };
  const asked: TakeBackAsked[] = [];
  for (const order of plan.to_take_back)
    asked.push(await requestTakeBack(deps, rules, { ...order, userId, reason, by: 'operator' }));
  return asked;
}

const ASKED: Readonly<Record<Exclude<TakeBackAsked['kind'], 'refused'>, string>> = {
  asked: 'asked for',
  waiting: 'asked for before, and not ended yet',
  nothing: 'was taken back before',
};

function printAsked(asked: readonly TakeBackAsked[]): void {
  print();
  for (const one of asked) {
    const said =
      one.kind === 'refused'
        ? `refused: ${one.code}, ${one.detail ?? ERRORS[one.code].title}`
        : ASKED[one.kind];
    print(`  ${one.requestId}  ${oneLine(said)}`);
  }
  const [open] = asked.filter(({ kind }) => kind === 'asked' || kind === 'waiting');
  if (open === undefined) return;
  print();
  print('The running gateway makes their cards within seconds. People decide as on any write:');
  print('  npx sallyport approvals');
  print(`  npx sallyport approve ${open.requestId}`);
}

async function revert(named: string | undefined, options: RevertOptions): Promise<void> {
  assertInstalled();
  await withPolicy(async (context) => {
    const ids = await requestsOf(context, named, options);
    const { store, crm } = await connectorOf(context);
    const deps = { store, crm, connection: context.config.connection };
    const plan = await planTakeBack(deps, ids, { onProgress: progress() });
    if (!options.json) printPlan(plan);
    const asked = (await isWanted(plan, options)) ? await askFor(context, deps, plan, options) : [];
    if (options.json) printJson({ ...plan, asked });
    else if (asked.length > 0) printAsked(asked);
    if (asked.some(({ kind }) => kind === 'refused'))
      throw new CommandError('Not everything could be asked for.', 'The codes above say why.');
  });
}

export function addRevertCommand(program: Command): void {
  const reason = textUpTo(DECISION_LIMITS.reasonMaxChars);
  withJson(program.command('revert [request]'))
    .description('take executed writes back, as far as nobody has changed them since')
    .option('--agent <id-or-name>', 'all that this agent wrote')
    .option('--since <when>', 'what was executed since then: 30m, 2h, 1d, or a time', parseSince)
    .option(
      '--as <person>',
      'id or e-mail of who asks; they cannot approve it',
      parseName,
      'operator',
    )
    .option('--reason <text>', 'shown to those who decide', reason, 'Taking back what was written.')
    .option('--yes', 'ask for it without a question')
    .action(revert);
}
