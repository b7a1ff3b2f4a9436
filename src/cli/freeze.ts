import type { Command } from 'commander';
import { GatewayError } from '../core/errors.ts';
import type { FreezeTarget } from '../core/records.ts';
import { liftFreeze, placeFreeze } from '../gate/freezes.ts';
import type { Context } from '../context.ts';
import { findAgent } from './agent.ts';
import { withContext } from './context.ts';
import { print, printJson, printTable } from './output.ts';

const BY = 'operator';

/** Nothing or the connection's name means the connection; anything else is an agent. */
async function targetOf(
  { config, store }: Context,
  named: string | undefined,
): Promise<FreezeTarget> {
  if (named === undefined || named === 'connection' || named === config.connection) {
    return { kind: 'connection', id: config.connection };
  }
  const { id } = await findAgent(store, named);
  return { kind: 'agent', id };
}

async function freeze(
  named: string | undefined,
  options: { reason: string; json?: true },
): Promise<void> {
  await withContext(async (context) => {
    const target = await targetOf(context, named);
    const of = { target, reason: options.reason, by: BY };
    const placed = await context.store.commit((tx) => placeFreeze(tx, of));
    if (options.json) {
      printJson(placed);
      return;
    }
    print(`Frozen: ${target.kind} ${target.id} (${placed.id}).`);
    print(
      'No call to HubSpot starts from now on; approved writes that have not begun are refused.',
    );
    print(`Lift it with: sallyport unfreeze ${placed.id}`);
  });
}

async function unfreeze(named: string | undefined): Promise<void> {
  await withContext(async (context) => {
    const { store } = context;
    const isId = named?.startsWith('frz_') ?? false;
    const standing = isId
      ? await store.freezes.get(named ?? '')
      : await store.freezes.standing([await targetOf(context, named)]);
    if (standing === undefined || standing.liftedAt !== null) {
      throw new GatewayError('request.not_found', {
        detail: `nothing is frozen there; sallyport freezes lists what is`,
      });
    }
    await store.commit((tx) => liftFreeze(tx, { freezeId: standing.id, by: BY }));
    print(`Lifted: ${standing.target.kind} ${standing.target.id} works again (${standing.id}).`);
  });
}

async function list(options: { json?: true }): Promise<void> {
  const freezes = await withContext(({ store }) => store.freezes.list());
  if (options.json) {
    printJson(freezes);
    return;
  }
  printTable(
    ['ID', 'TARGET', 'PLACED', 'BY', 'LIFTED', 'REASON'],
    freezes.map(({ id, target, placedAt, placedBy, liftedAt, reason }) => [
      id,
      `${target.kind} ${target.id}`,
      placedAt.toISOString(),
      placedBy,
      liftedAt?.toISOString() ?? 'stands',
      reason,
    ]),
  );
}

export function addFreezeCommands(program: Command): void {
  program
    .command('freeze [connection|agent]')
    .description('stop a connection (the default) or an agent at once, also with the engine down')
    .option('--reason <text>', 'for the log', 'by hand')
    .option('--json', 'machine-readable')
    .action(freeze);
  program
    .command('unfreeze [freeze|connection|agent]')
    .description('lift a freeze')
    .action(unfreeze);
  program
    .command('freezes')
    .description('all freezes')
    .option('--json', 'machine-readable')
    .action(list);
}
