import type { Command } from 'commander';
import { cardLines } from '../core/card-text.ts';
import { type Approval, type DoorOptions, openDoor, withDoor } from './door.ts';
import { oneLine, print, printJson, printTable } from './output.ts';

/** The card in full, with who has decided already. */
export function approvalLines(approval: Approval): string[] {
  const { id, status, card, decisions, waiting_for: waitingFor } = approval;
  const waits =
    waitingFor === undefined ? [] : [`  ${'Waits for'.padEnd(12)} ${oneLine(waitingFor)}`];
  const made = decisions.map(
    ({ person, decision, decided_at: at }) =>
      `  ${'Decided'.padEnd(12)} ${oneLine(`${decision} by ${person} at ${at}`)}`,
  );
  return [oneLine(`${id}, ${status}`), '', ...cardLines(card), ...waits, ...made, ''];
}

async function list(options: DoorOptions): Promise<void> {
  const waiting = await openDoor(options).waiting();
  if (options.json) printJson(waiting);
  else if (waiting.length === 0) print('Nothing waits for approval.');
  else
    printTable(
      ['REQUEST', 'UNTIL', 'AGENT', 'WHAT'],
      waiting.map(({ id, card }) => [id, card.expires_at, card.agent.name, card.sentence]),
    );
}

async function show(id: string, options: DoorOptions): Promise<void> {
  const approval = await openDoor(options).approval(id);
  if (options.json) printJson(approval);
  else approvalLines(approval).forEach(print);
}

export function addApprovalCommands(program: Command): void {
  const approvals = program.command('approvals').description('what waits for people');
  withDoor(approvals.command('list', { isDefault: true }))
    .description('one line for each (what `approvals` alone does)')
    .action(list);
  withDoor(approvals.command('show <request>'))
    .description('one card in full, also after it was decided')
    .action(show);
}
