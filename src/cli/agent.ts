import type { Command } from 'commander';
import type { AgentRecord } from '../core/records.ts';
import { GatewayError } from '../core/errors.ts';
import { addAgent, revokeAgent } from '../gate/roster.ts';
import type { Store } from '../ports/store.ts';
import { withContext } from './context.ts';
import { print, printJson, printTable } from './output.ts';

const BY = 'operator';

/** By id or by the name of an agent that is not revoked. */
export async function findAgent(store: Store, named: string): Promise<AgentRecord> {
  const agents = await store.agents.list();
  const found = agents.filter(
    ({ id, name, revokedAt }) => id === named || (name === named && revokedAt === null),
  );
  const [agent] = found;
  if (agent === undefined)
    throw new GatewayError('request.not_found', { detail: `no agent ${named}` });
  if (found.length > 1)
    throw new GatewayError('config.invalid', {
      detail: `several agents are called ${named}: use the id`,
    });
  return agent;
}

async function add(name: string, options: { group: string[]; json?: true }): Promise<void> {
  const groups = options.group.length === 0 ? ['assistants'] : options.group;
  const { record, key } = await withContext(({ store }) =>
    store.commit((tx) => addAgent(tx, { name, groups, by: BY })),
  );
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
}

async function list(options: { json?: true }): Promise<void> {
  const agents = await withContext(({ store }) => store.agents.list());
  if (options.json) {
    printJson(
      agents.map(({ id, name, groups, createdAt, revokedAt }) => ({
        id,
        name,
        groups,
        createdAt,
        revokedAt,
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
      revokedAt === null ? 'active' : `revoked ${revokedAt.toISOString()}`,
    ]),
  );
}

async function revoke(named: string): Promise<void> {
  await withContext(async ({ store }) => {
    const { id, name } = await findAgent(store, named);
    await store.commit((tx) => revokeAgent(tx, { id, by: BY }));
    print(`Agent ${name} (${id}) is revoked: its key opens nothing from now on.`);
  });
}

const collect = (value: string, before: string[]): string[] => [...before, value];

export function addAgentCommands(program: Command): void {
  const agent = program.command('agent').description('programs that may submit actions');
  agent
    .command('add <name>')
    .description('add an agent and show its key once')
    .option('--group <group>', 'policy group, may be repeated (assistants if absent)', collect, [])
    .option('--json', 'machine-readable')
    .action(add);
  agent.command('list').option('--json', 'machine-readable').action(list);
  agent.command('revoke <id-or-name>').description('effective at once').action(revoke);
}
