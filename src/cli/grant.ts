import { type Command, InvalidArgumentError } from 'commander';
import { GRANT_ENDS, GRANT_LIMITS, type GrantRecord } from '../core/grants.ts';
import { errorCodeOf } from '../core/gateway-error.ts';
import { endGrant } from '../gate/grants.ts';
import { findAgent } from './agent.ts';
import { isConfirmed, type YesOption } from './confirm.ts';
import { withContext } from './context.ts';
import { type DoorOptions, openDoor, withDoor } from './door.ts';
import { agentNames, peopleNames } from './names.ts';
import { type JsonOption, withJson } from './options.ts';
import {
  CommandError,
  oneLine,
  print,
  printAside,
  printJson,
  printTable,
  sayDamaged,
} from './output.ts';

const LISTED_MAX = 100;

const wholeUpTo =
  (max: number) =>
  (text: string): number => {
    const value = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > max) throw new InvalidArgumentError(`It is 1 to ${max}.`);
    return value;
  };

interface AddOptions extends DoorOptions, YesOption {
  readonly hours: number;
  readonly uses: number;
}

async function add(agent: string, action: string, options: AddOptions): Promise<void> {
  const { id, name } = await withContext(({ store }) => findAgent(store, agent, 'grant add'));
  const { hours, uses: max_uses } = options;
  const times = max_uses === 1 ? 'one' : `the next ${max_uses}`;
  const hourly = hours === 1 ? 'one hour' : `${hours} hours`;
  printAside(
    `${oneLine(action)} by ${oneLine(name)}: ${times} within ${hourly}, in your name, without anybody looking.`,
  );
  if (!(await isConfirmed('Allow this ahead?', options, 'Allow it with --yes.'))) {
    printAside('Nothing was allowed.');
    return;
  }
  const given = await openDoor(options).giveGrant({ agent: id, action, hours, max_uses });
  if (options.json) {
    printJson(given);
    return;
  }
  print(
    `Allowed ahead: ${given.action} by ${given.agent.name}, until ${given.ends_at} (${given.id}).`,
  );
  print(`At most ${given.max_uses} are sent in your name, without anybody looking at them.`);
  print(
    'Not among them: what is high risk, takes two people or a passkey, or was asked for by you.',
  );
  print(
    `Any freeze and any revert of its writes ends it, and so does: npx sallyport grant end ${given.id}`,
  );
}

const standsText = ({ endedBy, endsAt }: GrantRecord): string =>
  endedBy === null ? `until ${endsAt.toISOString()}` : `ended: ${GRANT_ENDS[endedBy].words}`;

async function list(options: JsonOption): Promise<void> {
  const { rows, damaged, agents, people } = await withContext(async ({ store }) => ({
    ...(await store.grants.list(LISTED_MAX)),
    agents: await agentNames(store),
    people: await peopleNames(store),
  }));
  if (options.json) {
    printJson(rows);
    sayDamaged(damaged);
    return;
  }
  if (rows.length === 0) print('Nothing was ever allowed ahead.');
  else
    printTable(
      ['ID', 'AGENT', 'ACTION', 'BY', 'USED', 'STANDS'],
      rows.map((grant) => [
        ...[grant.id, agents.get(grant.agentId) ?? grant.agentId, grant.action],
        ...[people.get(grant.personId) ?? grant.personId],
        ...[`${grant.uses} of ${grant.maxUses}`, standsText(grant)],
      ]),
      [1, 2, 3, 5],
    );
  sayDamaged(damaged);
}

function sayUnknown(id: string, error: unknown): never {
  if (errorCodeOf(error) !== 'request.not_found') throw error;
  throw new CommandError(
    `There is no grant ${oneLine(id)}.`,
    '`npx sallyport grant list` lists them.',
    error,
  );
}

async function end(id: string, options: JsonOption): Promise<void> {
  await withContext(async ({ store }) => {
    if (!id.startsWith('gra_'))
      throw new CommandError('A grant goes by its id.', '`npx sallyport grant list` shows them.');
    const stood = await store
      .commit((tx) => endGrant(tx, { id, by: 'operator' }))
      .catch((error: unknown) => sayUnknown(id, error));
    if (options.json) printJson({ ended: id });
    else if (stood) print(`Ended: ${id}. What it had approved and has not begun is refused.`);
    else print(`${id} has ended already: npx sallyport grant list says why.`);
  });
}

export function addGrantCommands(program: Command): void {
  const grant = program
    .command('grant')
    .description('allow one action of one agent ahead, for some hours; list and end that');
  withDoor(grant.command('add <agent> <action>'))
    .description('ask, then send the next writes of this kind in your name, unseen')
    .requiredOption(
      '--hours <n>',
      `1 to ${GRANT_LIMITS.hoursMax}`,
      wholeUpTo(GRANT_LIMITS.hoursMax),
    )
    .option(
      '--uses <n>',
      `1 to ${GRANT_LIMITS.usesMax}`,
      wholeUpTo(GRANT_LIMITS.usesMax),
      GRANT_LIMITS.usesDefault,
    )
    .option('--yes', 'do not ask')
    .action(add);
  withJson(grant.command('list').description('what stands, and what has ended and why')).action(
    list,
  );
  withJson(grant.command('end <grant>'))
    .description('end it at once, also with the engine down')
    .action(end);
}
