import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { CardSchema } from '../contracts/card.ts';
import { cardLines } from '../core/card-text.ts';
import { GatewayError, isErrorCode } from '../core/errors.ts';
import { readRunFile } from './context.ts';
import { ask, isInteractive, print, printJson, printTable } from './output.ts';

const ApprovalSchema = z.object({
  id: z.string(),
  status: z.string(),
  card: CardSchema,
  decisions: z.array(
    z.object({ person: z.string(), decision: z.string(), decided_at: z.string() }),
  ),
});
type Approval = z.infer<typeof ApprovalSchema>;

interface DoorOptions {
  readonly api?: string;
  readonly keyFile?: string;
  readonly json?: true;
}
interface DecideOptions extends DoorOptions {
  readonly yes?: true;
  readonly reason?: string;
}

const OUTCOME_WAIT_MS = 10_000;
const OUTCOME_POLL_MS = 200;
const ON_THE_WAY = new Set(['approved', 'executing', 'outcome_unknown']);

/** The API as this person: key from a file, else the one of the demo approver in run.json. */
function doorFor(
  options: DoorOptions,
): (method: string, path: string, body?: unknown) => Promise<unknown> {
  const run = readRunFile();
  const api = options.api ?? run?.api;
  const key =
    options.keyFile === undefined
      ? run?.approver_key
      : readFileSync(options.keyFile, 'utf8').trim();
  if (api === undefined || key === undefined) {
    throw new GatewayError('config.invalid', {
      detail:
        'No running gateway is known here. Run npm start, or name it with --api and --key-file.',
    });
  }
  return async (method, path, body) => {
    const response = await fetch(`${api}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new GatewayError('config.invalid', {
        detail: `No gateway answers at ${api}. Is it running?`,
        cause,
      });
    });
    const answer = (await response.json()) as { code?: string; detail?: string };
    if (response.ok) return answer;
    const code =
      answer.code !== undefined && isErrorCode(answer.code) ? answer.code : 'internal.unexpected';
    throw new GatewayError(code, { detail: answer.detail });
  };
}

type Door = ReturnType<typeof doorFor>;

async function waitingApprovals(door: Door): Promise<Approval[]> {
  const answer = await door('GET', '/v1/approvals');
  return z.object({ approvals: z.array(ApprovalSchema) }).parse(answer).approvals;
}

async function choose(waiting: readonly Approval[]): Promise<Approval> {
  const [only] = waiting;
  if (only === undefined)
    throw new GatewayError('approval.not_found', { detail: 'Nothing waits for approval.' });
  if (waiting.length === 1) return only;
  waiting.forEach(({ id, card }, index) => {
    print(`${String(index + 1).padStart(3)}  ${id}  ${card.sentence}`);
  });
  if (!isInteractive())
    throw new GatewayError('approval.not_found', {
      detail: `${waiting.length} requests wait: name one.`,
    });
  const chosen = waiting[Number(await ask('Which one? ')) - 1];
  if (chosen === undefined)
    throw new GatewayError('approval.not_found', { detail: 'None was chosen.' });
  return chosen;
}

async function findApproval(door: Door, id: string | undefined): Promise<Approval> {
  if (id === undefined) return choose(await waitingApprovals(door));
  return ApprovalSchema.parse(await door('GET', `/v1/approvals/${encodeURIComponent(id)}`));
}

function showCard({ id, card, decisions }: Approval): void {
  print(id);
  print();
  for (const line of cardLines(card)) print(line);
  for (const { person, decision, decided_at: at } of decisions)
    print(`  ${'Decided'.padEnd(12)} ${decision} by ${person} at ${at}`);
  print();
}

/** What became of an approved write, as far as it shows in a few seconds. */
async function outcomeOf(door: Door, id: string): Promise<string> {
  const deadline = Date.now() + OUTCOME_WAIT_MS;
  for (;;) {
    const { status } = ApprovalSchema.parse(await door('GET', `/v1/approvals/${id}`));
    if (!ON_THE_WAY.has(status) || Date.now() > deadline) return status;
    await sleep(OUTCOME_POLL_MS);
  }
}

function decide(decision: 'approve' | 'reject') {
  return async (id: string | undefined, options: DecideOptions): Promise<void> => {
    const door = doorFor(options);
    const approval = await findApproval(door, id);
    if (!options.json) showCard(approval);
    if (!options.yes) {
      if (!isInteractive())
        throw new GatewayError('config.invalid', {
          detail: 'Without a terminal, decide with --yes.',
        });
      const word = decision === 'approve' ? 'Approve' : 'Reject';
      if (!/^y(es)?$/i.test(await ask(`${word} this? [y/N] `))) {
        print('Nothing was decided.');
        return;
      }
    }
    // The digest of the very card that was shown: had the request changed since, this is refused.
    const body = {
      decision,
      digest: approval.card.digest,
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    };
    const answer = (await door('POST', `/v1/approvals/${approval.id}/decisions`, body)) as {
      status: string;
    };
    const outcome =
      answer.status === 'approved' ? await outcomeOf(door, approval.id) : answer.status;
    if (options.json) printJson({ ...answer, outcome });
    else
      print(
        `Recorded. The request is now: ${outcome}${outcome === 'awaiting_approval' ? ' (more people are needed)' : ''}`,
      );
    if (decision === 'approve' && ['failed', 'refused'].includes(outcome)) process.exitCode = 1;
  };
}

async function list(options: DoorOptions): Promise<void> {
  const waiting = await waitingApprovals(doorFor(options));
  if (options.json) printJson(waiting);
  else if (waiting.length === 0) print('Nothing waits for approval.');
  else
    printTable(
      ['REQUEST', 'UNTIL', 'WHAT'],
      waiting.map(({ id, card }) => [id, card.expires_at, card.sentence]),
    );
}

export function addApprovalCommands(program: Command): void {
  const withDoor = (command: Command): Command =>
    command
      .option('--api <url>', 'the gateway, if not the one of run.json')
      .option('--key-file <file>', 'your key, if not the demo approver’s')
      .option('--json', 'machine-readable');
  withDoor(program.command('approvals').description('what waits for people')).action(list);
  withDoor(program.command('approve [request]').description('show the card, then approve'))
    .option('--yes', 'do not ask')
    .option('--reason <text>', 'for the log')
    .action(decide('approve'));
  withDoor(program.command('reject [request]').description('show the card, then reject'))
    .option('--yes', 'do not ask')
    .option('--reason <text>', 'reaches the agent')
    .action(decide('reject'));
}
