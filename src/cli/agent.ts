import type { Command } from 'commander';
import { ACTIONS } from '../actions/catalogue.ts';
import type { AgentRecord } from '../core/records.ts';
import { grantedActions } from '../gate/granted-actions.ts';
import { isOwnAgent } from '../gate/own-agent.ts';
import { addAgent, revokeAgent } from '../gate/roster.ts';
import type { Store } from '../ports/store.ts';
import { withContext, withPolicy } from './context.ts';
import { collectNames, type JsonOption, parseName, withJson } from './options.ts';
import { CommandError, oneLine, print, printJson, printTable, sayDamaged } from './output.ts';

const BY = 'operator';

const standingCalled = (agents: readonly AgentRecord[], called: string): AgentRecord[] =>
  agents.filter(({ name, revokedAt }) => name === called && revokedAt === null);

/** By id or by the name of an agent that is not revoked. `command` is what an id is given to. */
export async function findAgent(
  store: Store,
  named: string,
  command: string,
): Promise<AgentRecord> {
  const { rows: agents } = await store.agents.list();
  const byId = agents.find(({ id }) => id === named);
  if (byId !== undefined) return byId;
  const found = standingCalled(agents, named);
  const [agent] = found;
  if (agent === undefined)
    throw new CommandError(
      `There is no agent ${oneLine(named)}.`,
      '`npx sallyport agent list` lists them, revoked ones too; those go by their id.',
    );
  if (found.length > 1)
    throw new CommandError(
      `${found.length} agents are called ${named}. Name one by its id:`,
      found.map(({ id }) => `  npx sallyport ${command} ${id}`).join('\n'),
    );
  return agent;
}

interface AddOptions extends JsonOption {
  readonly group: readonly string[];
  readonly sameName?: true;
}

/** `freeze <name>` must mean one agent, at once, by the name that cards show. */
function assertNew(name: string, agents: readonly AgentRecord[]): void {
  const [namesake] = standingCalled(agents, name);
  if (namesake === undefined) return;
  throw new CommandError(
    `An agent is called ${name} already (${namesake.id}).`,
    `Take another name, or end that one first: npx sallyport agent revoke ${namesake.id}`,
  );
}

async function add(name: string, options: AddOptions): Promise<void> {
  const groups = options.group.length === 0 ? ['assistants'] : options.group;
  await withPolicy(async ({ store, policy, config: { connection } }) => {
    const { record, key } = await store.commit(async (tx) => {
      if (options.sameName !== true) assertNew(name, (await tx.agents.list()).rows);
      return addAgent(tx, { name, groups, by: BY });
    });
    if (options.json) {
      printJson({ id: record.id, name, groups, key });
      return;
    }
    print(`Agent ${name} (${record.id}) is in ${groups.join(', ')}.`);
    print();
    print('Its key, shown this once:');
    print(`  ${key}`);
    print();
    print('It sends it as: Authorization: Bearer <key>');
    const granted = grantedActions(policy, ACTIONS, { agent: record, connection });
    print(
      granted.length === 0
        ? 'Policy grants it nothing yet. `npx sallyport policy explain` shows what each group may do.'
        : `What it may do: npx sallyport policy explain --agent ${record.id}`,
    );
  });
}

function stateOf(id: string, revokedAt: Date | null): string {
  if (revokedAt !== null) return `revoked ${revokedAt.toISOString()}`;
  return isOwnAgent(id) ? 'active, the gateway’s own: it takes writes back' : 'active';
}

async function list(options: JsonOption): Promise<void> {
  const { rows: agents, damaged } = await withContext(({ store }) => store.agents.list());
  sayDamaged(damaged);
  if (options.json) {
    printJson(
      agents.map(({ id, name, groups, createdAt, revokedAt }) => ({
        id,
        name,
        groups,
        createdAt,
        revokedAt,
        own: isOwnAgent(id),
      })),
    );
    return;
  }
  printTable(
    ['ID', 'NAME', 'GROUPS', 'STATE'],
    agents.map(({ id, name, groups, revokedAt }) => [
      id,
      name,
      groups.join(', '),
      stateOf(id, revokedAt),
    ]),
  );
}

async function revoke(named: string): Promise<void> {
  await withContext(async ({ store }) => {
    const { id, name } = await findAgent(store, named, 'agent revoke');
    await store.commit((tx) => revokeAgent(tx, { id, by: BY }));
    print(`Agent ${name} (${id}) is revoked: its key opens nothing from now on.`);
  });
}

export function addAgentCommands(program: Command): void {
  const agent = program.command('agent').description('programs that may submit actions');
  withJson(agent.command('add').argument('<name>', 'shown on every card', parseName))
    .description('add an agent and show its key once')
    .option(
      '--group <group>',
      'policy group, may be repeated (assistants if absent)',
      collectNames,
      [],
    )
    .option('--same-name', 'although another agent is called so: cards show the same for both')
    .action(add);
  withJson(agent.command('list').description('all agents')).action(list);
  agent.command('revoke <id-or-name>').description('end its key, effective at once').action(revoke);
}
