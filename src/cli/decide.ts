import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { DECISION_LIMITS } from '../contracts/decision.ts';
import { approvalLines } from './approvals.ts';
import { isConfirmed, type YesOption } from './confirm.ts';
import { withContext } from './context.ts';
import {
  type Approval,
  type Decided,
  type Door,
  type DoorOptions,
  openDoor,
  withDoor,
} from './door.ts';
import { cutTo } from './fit-table.ts';
import { textUpTo } from './options.ts';
import {
  ask,
  columnsOf,
  CommandError,
  isInteractive,
  oneLine,
  print,
  printAside,
  printJson,
} from './output.ts';
import { assertMayDecide, recordedWords } from './standing.ts';
import { terminalRemedy } from './terminal-remedy.ts';
import { whileWaiting } from './ticker.ts';

interface DecideOptions extends DoorOptions, YesOption {
  readonly reason?: string;
}
type Verb = 'approve' | 'reject';

const ASKED_READ_MAX = 1_000;
const OUTCOME_WAIT_MS = 10_000;
const OUTCOME_POLL_MS = 200;
const ON_THE_WAY: readonly string[] = ['approved', 'executing', 'outcome_unknown'];
const ENDED_BADLY: readonly string[] = ['failed', 'refused', 'expired'];

const CONTENT_MAX_CHARS = 60;
/** When a note is dated says little about it. */
const DATED = 'hs_timestamp';

/** The first words of what would be written. */
function contentOf({ changes }: Approval['card']): string {
  const said = changes.filter(({ property }) => property !== DATED);
  const text = oneLine(said.map(({ label, after }) => `${label}: ${after}`).join('; '));
  return cutTo(text, CONTENT_MAX_CHARS);
}

/** When each was asked, by id, when this machine has the gateway's own store: the API does not say. */
async function askedTimes(): Promise<ReadonlyMap<string, string>> {
  const statuses = ['awaiting_approval'] as const;
  try {
    const requests = await withContext(({ store }) =>
      store.requests.list({ statuses, limit: ASKED_READ_MAX }),
    );
    return new Map(requests.rows.map(({ id, createdAt }) => [id, createdAt.toISOString()]));
  } catch {
    return new Map();
  }
}

/** One line, or where the terminal is too narrow for it a second one with what it is about. */
export function pickerLines(which: string, what: string, width: number | undefined): string[] {
  const whole = `${which}  ${what}`;
  if (width === undefined || whole.length <= width) return [whole];
  return [cutTo(which, width), cutTo(`     ${what}`, width)];
}

async function numbered(waiting: readonly Approval[]): Promise<string[]> {
  const asked = await askedTimes();
  const width = columnsOf(process.stderr);
  return waiting.flatMap(({ id, card }, index) => {
    const when = asked.get(id);
    const which = `${String(index + 1).padStart(3)}  ${id}  ${
      when === undefined ? `until ${card.expires_at}` : `asked ${when}`
    }`;
    return pickerLines(which, `${oneLine(card.sentence)}  ${contentOf(card)}`, width);
  });
}

/** The only one that waits; of several, the one that is chosen by its number. */
async function choose(waiting: readonly Approval[]): Promise<Approval> {
  const [only] = waiting;
  if (only === undefined)
    throw new CommandError(
      'Nothing waits for approval.',
      '`npx sallyport requests` lists the rest.',
    );
  if (waiting.length === 1) return only;
  for (const line of await numbered(waiting)) printAside(line);
  const several = `${waiting.length} requests wait.`;
  if (!isInteractive()) throw new CommandError(several, 'Name one of them.');
  const chosen = waiting[Number(await ask('Which one? ')) - 1];
  if (chosen === undefined) throw new CommandError('None was chosen.', 'Nothing was decided.');
  return chosen;
}

/** Of a rejection the agent reads why: who is at a terminal is asked for it. Throws `CommandError` when it is too long. */
export async function reasonFor(
  verb: Verb,
  { reason, yes }: Pick<DecideOptions, 'reason' | 'yes'>,
  asking: ((question: string) => Promise<string>) | undefined,
): Promise<string | undefined> {
  if (verb === 'approve' || reason !== undefined || yes === true || asking === undefined)
    return reason;
  const said = await asking('Reason (the agent reads it, enter for none): ');
  if (said.length > DECISION_LIMITS.reasonMaxChars)
    throw new CommandError(
      `A reason has at most ${DECISION_LIMITS.reasonMaxChars} characters; this one has ${said.length}.`,
      'Nothing was decided. Say it in fewer words.',
    );
  return said === '' ? undefined : said;
}

interface Outcome {
  readonly status: string;
  /** Why it did not succeed, when this machine has the gateway's own store. */
  readonly why?: string;
  /** What to do now; with `why`. */
  readonly remedy?: string;
  /** In place of the words for the status. */
  readonly said?: string;
}

/** The API shows approvers a status; the code is in the record. A decision that was made stays made without it. */
async function reasonOf(id: string): Promise<Omit<Outcome, 'status'>> {
  try {
    const request = await withContext(({ store }) => store.requests.get(id));
    if (typeof request?.code !== 'string') return {};
    const { code, detail } = request;
    return {
      why: detail === null ? code : `${code}: ${detail}`,
      remedy: terminalRemedy(code),
    };
  } catch {
    return {};
  }
}

/** Of a yes after which it still waits: for whom, or until when. */
async function stillWaiting(door: Door, id: string): Promise<Outcome> {
  const said = await door.approval(id).then(recordedWords, () => 'Recorded. It still waits.');
  return { status: 'awaiting_approval', said };
}

function outcomeAfter(door: Door, { id, status }: Decided): Outcome | Promise<Outcome> {
  if (status === 'approved') return outcomeOf(door, id);
  return status === 'awaiting_approval' ? stillWaiting(door, id) : { status };
}

/** What became of an approved write, as far as it shows in a few seconds. */
async function outcomeOf(door: Door, id: string): Promise<Outcome> {
  const deadline = Date.now() + OUTCOME_WAIT_MS;
  for (;;) {
    const { status } = await door.approval(id);
    if (ENDED_BADLY.includes(status)) return { status, ...(await reasonOf(id)) };
    if (!ON_THE_WAY.includes(status) || Date.now() > deadline) return { status };
    await sleep(OUTCOME_POLL_MS);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  rejected: 'Rejected. Nothing is sent.',
  succeeded: 'Approved, and done in HubSpot: succeeded.',
  approved: 'Approved. It has not begun yet; the gateway does it as soon as it can.',
  executing: 'Approved. HubSpot has not answered yet.',
  outcome_unknown:
    "Approved. HubSpot's answer was lost; the gateway is finding out whether it was done.",
};

function printOutcome({ status, why, remedy, said }: Outcome): void {
  const words = said ?? WORDS[status] ?? `Approved, and not done: ${status}.`;
  print(oneLine(why === undefined ? words : `${words} ${why}`));
  if (remedy !== undefined) print(remedy);
}

/** An approval under a freeze is refused. A gateway that does not tell stops no decision. */
async function sayFrozen(door: Door, { card }: Approval): Promise<void> {
  const freezes = await door.freezes().catch(() => []);
  for (const { id, target, lifted_at: liftedAt } of freezes) {
    const isOurs = target.id === (target.kind === 'agent' ? card.agent.id : card.connection);
    if (liftedAt !== null || !isOurs) continue;
    printAside(
      `${target.kind} ${oneLine(target.id)} is frozen (${id}): nothing is approved until somebody lifts that.`,
    );
    printAside(`To approve it, first: npx sallyport unfreeze ${id}`);
  }
}

async function decide(verb: Verb, id: string | undefined, options: DecideOptions): Promise<void> {
  const door = openDoor(options);
  // Asked for by its id also when it was chosen from the list: that it was shown goes into the log.
  const approval = await door.approval(id ?? (await choose(await door.waiting())).id);
  if (options.json) approvalLines(approval, process.stderr).forEach(printAside);
  else approvalLines(approval, process.stdout).forEach(print);
  if (verb === 'approve') await sayFrozen(door, approval);
  // With --yes nobody is asked: the gateway refuses it, and its log has the attempt.
  if (options.yes !== true) assertMayDecide(verb, approval);
  const question = verb === 'approve' ? 'Approve?' : 'Reject?';
  if (!(await isConfirmed(question, options, 'Decide with --yes.'))) {
    printAside('Nothing was decided.');
    return;
  }
  const reason = await reasonFor(verb, options, isInteractive() ? ask : undefined);
  // The digest of the very card that was shown: had the request changed since, this is refused.
  const body = {
    decision: verb,
    digest: approval.card.digest,
    ...(reason === undefined ? {} : { reason }),
  };
  const answer = await whileWaiting('the gateway records it', () => door.decide(approval.id, body));
  const outcome = await whileWaiting('HubSpot has not answered yet', () =>
    outcomeAfter(door, answer),
  );
  if (options.json) printJson({ ...answer, outcome: outcome.status, why: outcome.why ?? null });
  else printOutcome(outcome);
  if (ENDED_BADLY.includes(outcome.status)) process.exitCode = 1;
}

export function addDecideCommands(program: Command): void {
  const reason = textUpTo(DECISION_LIMITS.reasonMaxChars);
  for (const [verb, use] of [
    ['approve', 'for people: `sallyport request` shows it; the agent does not read it'],
    ['reject', 'the agent reads it; at a terminal you are asked for it'],
  ] as const) {
    withDoor(program.command(`${verb} [request]`))
      .description(`show the card, ask, then ${verb}`)
      .option('--yes', 'do not ask')
      .option('--reason <text>', use, reason)
      .action((id: string | undefined, options: DecideOptions) => decide(verb, id, options));
  }
}
