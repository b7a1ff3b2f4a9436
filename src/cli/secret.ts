import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { ERRORS } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { connectAccount } from '../gate/connection.ts';
import { activateCredential, fingerprintOf } from '../gate/credentials.ts';
import { storeNewKey } from '../gate/new-key.ts';
import type { SecretStage } from '../ports/secret-store.ts';
import { isYes } from './confirm.ts';
import { assertInstalled, connectorOf, isDemoFolder, withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import {
  CommandError,
  isInteractive,
  oneLine,
  print,
  printAside,
  printJson,
  printTable,
  readHidden,
} from './output.ts';

interface SetOptions {
  readonly yes?: true;
}

/**
 * What the gateway makes for itself. Another sealing key leaves the whole store unreadable, another
 * signing key begins a log that nobody who has the old public key accepts, and another payload key
 * leaves the engine's histories closed.
 */
const OWN_SECRETS = /^(store|log|demo|temporal|gateway)\//;

/** Somebody chose it: it may be short and have blanks, also around it. A line break is a paste gone wrong. */
const PASSWORD_NAME = 'smtp/password';

/** What the ways to people are configured with: docs/slack-setup.md, docs/webhooks.md. */
const CHANNEL_SECRETS = new Set([
  ...['slack/bot-token', 'slack/signing-secret', 'slack/app-token'],
  ...['webhook/out', PASSWORD_NAME],
]);

/** A line break or a blank inside is a paste gone wrong; HubSpot would answer 401 to every call. */
const TOKEN = /^[\x21-\x7e]{8,1000}$/;

/** While an incident asks for it, the new key is verified before it counts. */
async function supplied(context: Context, value: string): Promise<boolean> {
  const incident = await context.store.incidents.open(context.config.connection);
  const isAsked = ['containing', 'rotating', 'verifying'].some(
    (stage) => stage === incident?.stage,
  );
  if (incident === undefined || !isAsked) return false;
  await storeNewKey(context, { incidentId: incident.id, value, by: 'operator' });
  print(`Stored for incident ${incident.id}. It counts once every check has passed:`);
  print('  npx sallyport incident show');
  return true;
}

/** The token becomes the credential in use with the same command. */
async function activate({ store, config }: Context, version: number, value: string): Promise<void> {
  const { connection } = config;
  const fingerprint = fingerprintOf(value);
  await store.commit((tx) =>
    activateCredential(tx, { connection, version, fingerprint, by: 'operator' }),
  );
  print(`Connection ${connection} uses it from now on (fingerprint ${fingerprint}).`);
}

/** A connected account is called on a new token only once it was seen to open it; until then on the one before. */
async function tryKey(
  context: Context,
  name: string,
  key: { readonly version: number; readonly value: string },
): Promise<void> {
  const { connection } = context.config;
  const { version } = key;
  print('Checking which account it opens …');
  try {
    const inUse = await context.store.credentials.active(connection);
    const isInUse = inUse?.version === version;
    const candidate = isInUse ? undefined : { version, fingerprint: fingerprintOf(key.value) };
    const of = { connection, by: 'operator', isPortalForced: false, candidate };
    const { portalId } = await connectAccount(await connectorOf(context), of);
    print(
      `It opens HubSpot account ${portalId}, as the one before did, and is in use from now on.`,
    );
  } catch (cause) {
    throw new CommandError(
      `The key is stored, and not in use: ${messageOf(cause)}`,
      'The one before stays in use. Set the right key, or run npx sallyport connect once HubSpot can be reached.',
      cause,
    );
  }
  // It is in use: a label that cannot be written is no reason to say that it is not.
  await context.secrets.promote(name, version).catch(() => undefined);
}

function messageOf(error: unknown): string {
  if (!(error instanceof GatewayError)) return 'it could not be checked.';
  const { code, detail } = error;
  return `${code}, ${detail ?? ERRORS[code].title}`;
}

/** A misspelt name would be stored, and nobody would ever read it. */
function assertRead(name: string, connection: string): void {
  if (name === `hubspot/${connection}` || CHANNEL_SECRETS.has(name)) return;
  const known = [`hubspot/${connection}`, ...CHANNEL_SECRETS];
  throw new CommandError(
    `Nothing here reads a secret called ${oneLine(name)}.`,
    `Nothing was stored. Names that are read: ${known.join(', ')}. The HubSpot token: npx sallyport secret set hubspot/${connection}`,
  );
}

/** A real token among the demo's keys, and a demo that calls its simulator with it: both are mistakes. */
async function assertNotTheDemo(config: Config, isSure: boolean): Promise<void> {
  if (isSure || !isDemoFolder(config)) return;
  const found = `${config.dataDir} is the demo's data folder: the simulator stands in for HubSpot there, and refuses any other key than its own.`;
  const remedy =
    'For a real key set SALLYPORT_DATA_DIR to the live folder, for example export SALLYPORT_DATA_DIR=data-live (README, "Connect a real HubSpot").';
  if (!isInteractive())
    throw new CommandError(found, `Nothing was stored. ${remedy} --yes stores it here.`);
  printAside(found);
  printAside(remedy);
  if (!(await isYes('Store it in the demo all the same?')))
    throw new CommandError('Nothing was stored.', 'The demo keeps its key.');
}

function assertMaySet(name: string, surplus: readonly string[]): void {
  if (surplus.length > 0) {
    throw new CommandError(
      'A secret is never an argument: the shell keeps its history and every process can read it.',
      'Type it at the prompt or pipe it in. This one is known now: make a new one.',
    );
  }
  if (OWN_SECRETS.test(name)) {
    throw new CommandError(
      `${name} is the gateway's own: it made the value, and opens what it stored with it.`,
      'Nothing was changed. To put secrets back, see "Backup and restore" in docs/operations.md.',
    );
  }
}

function assertUsable(name: string, value: string): void {
  if (value === '') throw new CommandError('The value is empty.', 'Nothing was stored.');
  if (name === PASSWORD_NAME) {
    if (/\p{Cc}/u.test(value))
      throw new CommandError(
        'That is no password: it has a line break or another control character in it.',
        'Nothing was stored. Copy it again.',
      );
    return;
  }
  if (!TOKEN.test(value)) {
    throw new CommandError(
      'That is no token: it is too short, or has blanks or line breaks in it.',
      'Nothing was stored. Copy it again.',
    );
  }
}

/** Versions are numbered by the secret store: one that is behind the record would be called on before it was tried. */
async function assertNotBehind({ store, secrets, config }: Context, name: string): Promise<void> {
  const active = await store.credentials.active(config.connection);
  const newest = await secrets.get(name);
  if (active === undefined || (newest?.version ?? 0) >= active.version) return;
  throw new CommandError(
    `The secret store has version ${newest?.version ?? 0} of ${name} as its newest, and the record calls on version ${active.version}: they are of two installations or backups.`,
    'Nothing was stored. Restore the secrets that belong to this record (docs/operations.md, "Backup and restore").',
  );
}

/** A key whose check could not be made is stored already: it is tried again, not stored again. */
async function storeValue(
  { secrets }: Context,
  name: string,
  value: string,
  stage: SecretStage,
): Promise<number> {
  const before = await secrets.get(name);
  if (stage === 'pending' && before?.value === value) return before.version;
  const version = await secrets.put(name, value, before?.version ?? 0, stage);
  print(`Stored ${name} as version ${version}.`);
  return version;
}

async function set(name: string, surplus: readonly string[], options: SetOptions): Promise<void> {
  const config = readConfig();
  assertMaySet(name, surplus);
  assertRead(name, config.connection);
  assertInstalled(config);
  if (!CHANNEL_SECRETS.has(name)) await assertNotTheDemo(config, options.yes === true);
  const typed = await readHidden(`Value of ${name} (not shown): `);
  const value = name === PASSWORD_NAME ? typed : typed.trim();
  assertUsable(name, value);
  await withContext(async (context) => {
    if (!CHANNEL_SECRETS.has(name) && (await supplied(context, value))) return;
    const isKey = !CHANNEL_SECRETS.has(name);
    const known = await context.store.connections.get(config.connection);
    const isTried = isKey && known !== undefined;
    if (isTried) await assertNotBehind(context, name);
    const version = await storeValue(context, name, value, isTried ? 'pending' : 'current');
    if (isTried) await tryKey(context, name, { version, value });
    else if (isKey) await activate(context, version, value);
  });
}

async function list(options: JsonOption): Promise<void> {
  const secrets = await withContext(async ({ secrets: store }) => {
    const names = await store.names();
    return Promise.all(
      names.map(async (name) => ({ name, version: (await store.get(name))?.version ?? 0 })),
    );
  });
  if (options.json) printJson(secrets);
  else
    printTable(
      ['NAME', 'VERSION'],
      secrets.map(({ name, version }) => [name, String(version)]),
    );
}

export function addSecretCommands(program: Command): void {
  const secret = program.command('secret').description('the secret store; values are never shown');
  secret
    .command('set <name> [surplus...]')
    .description(
      'store a new version, read from a prompt or standard input (hubspot/main is the token)',
    )
    .option('--yes', 'also in the data folder of the demo')
    .action(set);
  withJson(secret.command('list').description('names and versions')).action(list);
}
