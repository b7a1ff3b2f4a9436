import { Argument, type Command } from 'commander';
import { DECISION_LIMITS } from '../contracts/decision.ts';
import type { SettlementBody } from '../contracts/settlement.ts';
import { type DoorOptions, openDoor, withDoor } from './door.ts';
import { textUpTo } from './options.ts';
import { CommandError, oneLine, print, printJson, printTable } from './output.ts';

interface SettleOptions extends DoorOptions {
  readonly reason?: string;
  readonly record?: string;
}

async function listLost(options: DoorOptions): Promise<void> {
  const lost = await openDoor(options).lost();
  if (options.json) printJson(lost);
  else if (lost.length === 0) print('There is no write whose outcome is unknown.');
  else {
    printTable(
      ['REQUEST', 'SINCE', 'WHAT'],
      lost.map(({ id, since, action, sentence }) => [id, since, sentence ?? action]),
    );
    print(
      'Most settle by themselves. Of one that does not, look in HubSpot, then say what you saw:',
    );
    print('  npx sallyport settle <request> executed|not_executed --reason "…"');
  }
}

const WORDS: Readonly<Record<string, string>> = {
  succeeded: 'Settled: HubSpot has it. The agent gets its result.',
  executing: 'Settled: that step was executed, and the next one goes on.',
  failed: 'Settled: HubSpot does not have it. The agent is told so.',
};

async function settle(
  id: string | undefined,
  outcome: SettlementBody['outcome'] | undefined,
  options: SettleOptions,
): Promise<void> {
  if (id === undefined) return listLost(options);
  const { reason, record } = options;
  if (outcome === undefined || reason === undefined)
    throw new CommandError(
      'It takes what became of it, and what you saw in HubSpot.',
      `npx sallyport settle ${oneLine(id)} executed|not_executed --reason "…"`,
    );
  const body = { outcome, reason, ...(record === undefined ? {} : { record_id: record }) };
  const answer = await openDoor(options).settle(id, body);
  if (options.json) printJson(answer);
  else print(WORDS[answer.status] ?? `Settled: ${answer.status}.`);
}

export function addSettleCommand(program: Command): void {
  const reason = textUpTo(DECISION_LIMITS.reasonMaxChars);
  const outcome = new Argument(
    '[outcome]',
    'executed: you saw it in HubSpot; not_executed: it is not there',
  ).choices(['executed', 'not_executed']);
  withDoor(program.command('settle'))
    .argument('[request]')
    .addArgument(outcome)
    .description('lost answers: list them, or say what became of one')
    .option('--reason <text>', 'what you saw in HubSpot; for the log', reason)
    .option('--record <id>', 'the HubSpot id of the record that it made')
    .action(settle);
}
