import type { Command } from 'commander';
import { FREEZE_LIMITS } from '../contracts/freeze.ts';
import type { FreezeRecord, FreezeTarget } from '../core/records.ts';
import { liftFreeze, placeFreeze } from '../gate/freezes.ts';
import type { Context } from '../context.ts';
import { findAgent } from './agent.ts';
import { withContext } from './context.ts';
import { agentNames, peopleNames } from './names.ts';
import { type JsonOption, textUpTo, withJson } from './options.ts';
import { CommandError, print, printJson, printTable } from './output.ts';

const BY = 'operator';

/** Nothing or the connection's name means the connection; anything else is an agent. */
async function targetOf(
  { config, store }: Context,
  named: string | undefined,
  verb: 'freeze' | 'unfreeze',
): Promise<FreezeTarget> {
  if (named === undefined || named === 'connection' || named === config.connection) {
    return { kind: 'connection', id: config.connection };
  }
  const { id } = await findAgent(store, named, verb);
  return { kind: 'agent', id };
}

interface FreezeOptions extends JsonOption {
  readonly reason: string;
}

const targetText = ({ target }: FreezeRecord): string => `${target.kind} ${target.id}`;

function printPlaced(placed: FreezeRecord): void {
  const whose = placed.target.kind === 'agent' ? " of this agent's" : '';
  print(`Frozen: ${targetText(placed)} (${placed.id}).`);
  print(`No call${whose} to HubSpot starts from now on, in any process.`);
  print('Approved writes that have not begun are refused; a call on its way ends by itself.');
  print(`Lift it with: npx sallyport unfreeze ${placed.id}`);
}

async function freeze(named: string | undefined, options: FreezeOptions): Promise<void> {
  await withContext(async (context) => {
    const target = await targetOf(context, named, 'freeze');
    const of = { target, reason: options.reason, by: BY, configured: context.config.connection };
    const placed = await context.store.commit((tx) => placeFreeze(tx, of));
    if (options.json) printJson(placed);
    else printPlaced(placed);
  });
}

async function standingFreeze(context: Context, named: string | undefined): Promise<FreezeRecord> {
  const { freezes } = context.store;
  const found = named?.startsWith('frz_')
    ? await freezes.get(named)
    : await freezes.standing([await targetOf(context, named, 'unfreeze')]);
  if (found?.liftedAt === null) return found;
  throw new CommandError('Nothing is frozen there.', '`npx sallyport freezes` lists what is.');
}

async function unfreeze(named: string | undefined, options: JsonOption): Promise<void> {
  await withContext(async (context) => {
    const { store } = context;
    const { id } = await standingFreeze(context, named);
    await store.commit((tx) => liftFreeze(tx, { freezeId: id, by: BY }));
    const all = await store.freezes.list();
    const lifted = all.filter((each) => each.id === id);
    const standing = all.filter(({ liftedAt }) => liftedAt === null);
    if (options.json) {
      printJson({ lifted: lifted[0], standing });
      return;
    }
    for (const each of lifted) print(`Lifted: ${targetText(each)} (${id}).`);
    for (const each of standing) print(`Still frozen: ${targetText(each)} (${each.id}).`);
    if (standing.length === 0) print('Nothing is frozen now.');
  });
}

/** A name with the id that tells it from others of the name; what has no name goes by its id. */
const beside = (name: string | undefined, id: string): string =>
  name === undefined ? id : `${name} (${id})`;

async function list(options: JsonOption): Promise<void> {
  const { freezes, agents, people } = await withContext(async ({ store }) => ({
    freezes: await store.freezes.list(),
    agents: await agentNames(store),
    people: await peopleNames(store),
  }));
  if (options.json) {
    printJson(freezes);
    return;
  }
  if (freezes.length === 0) {
    print('Nothing was ever frozen.');
    return;
  }
  printTable(
    ['ID', 'TARGET', 'PLACED', 'BY', 'LIFTED', 'REASON'],
    freezes.map(({ id, target, placedAt, placedBy, liftedAt, reason }) => [
      id,
      `${target.kind} ${beside(agents.get(target.id), target.id)}`,
      placedAt.toISOString(),
      beside(people.get(placedBy.replace(/^person:/, '')), placedBy),
      liftedAt?.toISOString() ?? 'stands',
      reason,
    ]),
    [1, 3, 5],
  );
}

export function addFreezeCommands(program: Command): void {
  withJson(program.command('freeze [connection|agent]'))
    .description('stop a connection (the default) or an agent at once, also with the engine down')
    .option('--reason <text>', 'for the log', textUpTo(FREEZE_LIMITS.reasonMaxChars), 'by hand')
    .action(freeze);
  withJson(program.command('unfreeze [freeze|connection|agent]'))
    .description('lift a freeze')
    .action(unfreeze);
  withJson(program.command('freezes').description('all freezes')).action(list);
}
