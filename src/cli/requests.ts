import { type Command, InvalidArgumentError, Option } from 'commander';
import { cardLines, visible } from '../core/card-text.ts';
import { saidRows } from '../core/card-rows.ts';
import { changedTo } from '../core/changed.ts';
import { ERRORS } from '../core/errors.ts';
import type { AgentRecord, DecisionRecord, LedgerRecord, RequestRecord } from '../core/records.ts';
import { isTerminal, REQUEST_STATUSES, type RequestStatus } from '../core/request-state.ts';
import { columnsIn, linesOf } from '../core/ruled-rows.ts';
import type { Store } from '../ports/store.ts';
import { type SaidSettlement, settlementsIn } from '../gate/settlements.ts';
import { withContext } from './context.ts';
import { peopleNames } from './names.ts';
import { type JsonOption, withJson } from './options.ts';
import {
  columnsOf,
  CommandError,
  oneLine,
  print,
  printJson,
  printTable,
  sayDamaged,
} from './output.ts';
import { terminalRemedy } from './terminal-remedy.ts';

interface ListOptions extends JsonOption {
  readonly status?: RequestStatus;
  readonly limit: number;
}

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1_000;

/** For programs: what a person may read, without the plan's wire form. */
const summaryOf = (request: RequestRecord) => ({
  id: request.id,
  status: request.status,
  code: request.code,
  detail: request.detail,
  action: request.action,
  risk: request.risk,
  agent_id: request.agentId,
  connection: request.connection,
  digest: request.digest,
  created_at: request.createdAt,
  updated_at: request.updatedAt,
  expires_at: request.expiresAt,
});

async function list(options: ListOptions): Promise<void> {
  const { requests, agents } = await withContext(async ({ store }) => ({
    requests: await store.requests.list({
      limit: options.limit,
      ...(options.status === undefined ? {} : { statuses: [options.status] }),
    }),
    agents: await store.agents.list(),
  }));
  const { rows, damaged } = requests;
  sayDamaged(damaged);
  if (options.json) {
    printJson(rows.map(summaryOf));
    return;
  }
  if (rows.length === 0 && damaged.length === 0) {
    print('There are no such requests.');
    return;
  }
  const names = new Map(agents.rows.map(({ id, name }) => [id, name]));
  printTable(
    ['REQUEST', 'CREATED', 'AGENT', 'ACTION', 'STATUS', 'CODE'],
    rows.map(({ id, createdAt, agentId, action, status, code }) => [
      id,
      createdAt.toISOString(),
      names.get(agentId) ?? agentId,
      action,
      status,
      code ?? '',
    ]),
    [2, 3, 4, 5],
  );
}

interface Known {
  readonly request: RequestRecord;
  readonly agent: AgentRecord | undefined;
  readonly decisions: readonly DecisionRecord[];
  readonly ledger: readonly LedgerRecord[];
  readonly settlements: readonly SaidSettlement[];
  /** Of people, by id. */
  readonly names: ReadonlyMap<string, string>;
}

async function readKnown(store: Store, id: string): Promise<Known> {
  const request = await store.requests.get(id);
  if (request === undefined)
    throw new CommandError(
      `There is no request ${oneLine(id)}.`,
      '`npx sallyport requests` lists them.',
    );
  return {
    request,
    agent: await store.agents.get(request.agentId),
    decisions: await store.decisions.of(id),
    ledger: await store.ledger.of(id),
    settlements: settlementsIn((await store.log.trace(id)).records),
    names: await peopleNames(store),
  };
}

const row = (label: string, value: string): string => `  ${label.padEnd(12)} ${oneLine(value)}`;

function statusLines(request: RequestRecord): string[] {
  const { status, code, detail } = request;
  if (code === null) return [];
  const { title } = ERRORS[code];
  const successor = changedTo(request)?.successor;
  return [
    row(isTerminal(status) ? 'Code' : 'Waits for', `${code}: ${title}`),
    row('', detail ?? ''),
    row('', terminalRemedy(code)),
    row('', successor === undefined ? '' : `npx sallyport request ${successor}`),
  ].filter((line) => line.trim() !== '');
}

function headLines({ request, agent }: Known): string[] {
  return [
    `${request.id}, ${request.status}`,
    '',
    row('Action', `${request.action} (${request.risk}) on ${request.connection}`),
    row('Agent', `${agent?.name ?? 'unknown'} (${request.agentId})`),
    row('Created', request.createdAt.toISOString()),
    row('Changed', request.updatedAt.toISOString()),
    ...statusLines(request),
    ...(request.digest === null ? [] : [row('Digest', request.digest)]),
  ];
}

const operationLines = ({ plan }: RequestRecord): string[] =>
  (plan?.operations ?? []).map(({ method, path }) => row('HubSpot', `${method} ${path}`));

/** A request that was never shown to anyone has no card: then its own words, marked as the agent's. */
function askedLines({ card, submission }: RequestRecord): string[] {
  const width = columnsOf(process.stdout);
  if (card !== null) return ['', ...cardLines(card, width)];
  const { userId, prompt, action } = submission;
  return [
    '',
    ...linesOf(
      [...saidRows(userId, prompt), { name: '  asks', text: JSON.stringify(action) }],
      columnsIn(width),
    ),
  ];
}

function decisionLines({ decisions, names }: Known): string[] {
  const called = (id: string): string => names.get(id) ?? id;
  return decisions.map(({ decision, personId, inPlaceOf, proof, decidedAt, reason }) => {
    const place = inPlaceOf === null ? '' : ` in the place of ${called(inPlaceOf)}`;
    const why = reason === null ? '' : `: ${reason}`;
    const by = `${decision} by ${called(personId)}${place}`;
    return row('Decided', `${by} (${proof}) at ${decidedAt.toISOString()}${why}`);
  });
}

const settledLines = ({ settlements, names }: Known): string[] =>
  settlements.map(({ personId, outcome, settledAt, reason }) => {
    const why = reason === null ? '' : `: ${reason}`;
    return row('Settled', `${outcome} by ${names.get(personId) ?? personId} at ${settledAt}${why}`);
  });

const ledgerLines = (ledger: readonly LedgerRecord[]): string[] =>
  ledger.flatMap(({ objectType, objectId, before, after, executedAt }) => [
    row('Written', `${objectType} ${objectId} at ${executedAt.toISOString()}`),
    ...Object.entries(after).map(([property, value]) =>
      row('', `${property}: ${before[property] ?? '(empty)'} -> ${value ?? '(empty)'}`),
    ),
  ]);

function resultLines({ result }: RequestRecord): string[] {
  if (result === null || result === undefined) return [];
  const text = visible(JSON.stringify(result, null, 2));
  return ['', '  Result', ...text.split('\n').map((line) => `    ${line}`)];
}

async function show(id: string, options: JsonOption): Promise<void> {
  const known = await withContext(({ store }) => readKnown(store, id));
  const { request, decisions, settlements, ledger } = known;
  if (options.json) {
    const { submission, card, result } = request;
    printJson({ ...summaryOf(request), submission, card, decisions, settlements, ledger, result });
    return;
  }
  const lines = [
    ...headLines(known),
    ...operationLines(request),
    ...askedLines(request),
    ...decisionLines(known),
    ...settledLines(known),
    ...ledgerLines(ledger),
    ...resultLines(request),
    '',
    `The log has it step by step: npx sallyport audit show ${id}`,
  ];
  for (const line of lines) print(line);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`It is 1 to ${LIMIT_MAX}.`);
}

export function addRequestCommands(program: Command): void {
  const status = new Option('--status <status>', 'only these').choices(REQUEST_STATUSES);
  withJson(program.command('requests').description('what agents asked for, newest first'))
    .addOption(status)
    .option('--limit <count>', `at most so many (up to ${LIMIT_MAX})`, parseLimit, LIMIT_DEFAULT)
    .action(list);
  withJson(program.command('request <request>'))
    .description('one request in full, with its decisions and what it wrote')
    .action(show);
}
