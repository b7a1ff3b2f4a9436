import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { ERRORS } from '../core/errors.ts';
import { MARKED_TYPES, REQUEST_PROPERTY } from '../core/setup-calls.ts';
import { connectAccount, type ConnectReport, type FirstRead } from '../gate/connection.ts';
import { newestCandidate } from '../gate/credentials.ts';
import type { Preparation } from '../gate/connection-properties.ts';
import type { ScopeReport } from '../gate/connection-scopes.ts';
import { assertInstalled, connectorOf, withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, oneLine, print, printJson } from './output.ts';
import { whileWaiting } from './ticker.ts';

interface ConnectOptions extends JsonOption {
  readonly forcePortal?: true;
}

function assertKnown({ connection }: Config, named: string): void {
  if (named === connection) return;
  throw new CommandError(
    `There is no connection called ${oneLine(named)}.`,
    `The connection of this gateway is ${connection}: npx sallyport connect ${connection}`,
  );
}

function line(name: string, text: string): void {
  print(`  ${name.padEnd(16)}  ${oneLine(text)}`);
}

const TOKENS = {
  private_app_or_service_key: 'private app or service key',
  unknown: 'of a kind that HubSpot says nothing about',
} as const;

function printAccount({ connection, portalId, accountType, timeZone, token }: ConnectReport): void {
  print(`Connected: ${connection}`);
  line('HubSpot account', `${portalId}${accountType === null ? '' : ` (${accountType})`}`);
  line('Time zone', timeZone ?? 'not known: the token may not read it (scope oauth)');
  const app = token.appId === null ? '' : `, app ${token.appId}`;
  line('Token', `version ${token.version}, ${TOKENS[token.type]}${app}`);
}

function printFirstRead(read: FirstRead): void {
  const { objectType } = read;
  if ('found' in read) line('First read', `HubSpot answered; it has ${read.found} ${objectType}`);
  else {
    const { code, detail } = read;
    line('First read', `FAILED on ${objectType}: ${code}, ${detail ?? ERRORS[code].title}`);
  }
}

function printScopes(scopes: ScopeReport | null): void {
  print('');
  if (scopes === null) {
    print('Scopes: HubSpot does not say what this token may do, so nothing was compared.');
    return;
  }
  const { missing, surplus } = scopes;
  if (missing.length === 0) print('Scopes: every action has what it needs.');
  else print('Scopes: these are missing, and HubSpot will refuse the actions beside them.');
  for (const { scope, actions } of missing) print(`  missing  ${scope}  (${actions.join(', ')})`);
  if (missing.length > 0)
    print('  Add them to the key in HubSpot and run this again, or leave them out on purpose.');
  for (const scope of surplus) print(`  surplus  ${scope}`);
  if (surplus.length > 0)
    print(
      '  Warning: no action needs these; whoever stole the key could use them. Take them away.',
    );
}

const STATES = {
  prepared: 'prepared',
  already_there: 'already there',
  could_not: 'could not',
} as const;

function printProperties(properties: readonly Preparation[]): void {
  print('');
  print(`Unique property ${REQUEST_PROPERTY} ("Sallyport request") for created records:`);
  for (const { objectType, state, reason } of properties)
    print(`  ${objectType.padEnd(10)} ${STATES[state]}${reason === null ? '' : `: ${reason}`}`);
  const isWithout = properties.filter(({ state }) => state === 'could_not');
  if (isWithout.some(({ objectType }) => MARKED_TYPES.has(objectType)))
    print('  A note, task or call is found without it, by the mark in its text.');
  if (isWithout.every(({ objectType }) => MARKED_TYPES.has(objectType))) return;
  print(
    '  It is optional, and needs crm.schemas.<object>.write (for tickets: tickets) on the key only',
  );
  print(
    '  while this runs. Without it a record whose creation got no answer cannot be found by its',
  );
  print('  request, so such a write may stay unknown until a person looks.');
}

async function connect(named: string, options: ConnectOptions): Promise<void> {
  const config = readConfig();
  assertKnown(config, named);
  assertInstalled(config);
  await withContext(async (context) => {
    // A key that was stored and could not be checked then.
    const candidate = await newestCandidate(context, named);
    const report = await whileWaiting('HubSpot is asked, call by call', async () =>
      connectAccount(await connectorOf(context), {
        ...{ connection: named, by: 'operator', candidate },
        isPortalForced: options.forcePortal === true,
      }),
    );
    // It is in use: a label that cannot be written is no reason to say that it is not.
    const { version } = report.token;
    await context.secrets.promote(`hubspot/${named}`, version).catch(() => undefined);
    if (options.json) {
      printJson(report);
      return;
    }
    printAccount(report);
    printFirstRead(report.firstRead);
    printScopes(report.scopes);
    printProperties(report.properties);
  });
}

export function addConnectCommand(program: Command): void {
  withJson(program.command('connect [connection]'))
    .description('check the HubSpot token, its account and scopes, and prepare the account')
    .option('--force-portal', 'the connection is to lead to another HubSpot account from now on')
    .action((named: string | undefined, options: ConnectOptions) =>
      connect(named ?? 'main', options),
    );
}
