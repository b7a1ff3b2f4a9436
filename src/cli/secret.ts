import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { activateCredential } from '../gate/credentials.ts';
import { assertInstalled, withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, print, printJson, printTable, readHidden } from './output.ts';

const CREDENTIAL = /^hubspot\/([a-z0-9-]{1,40})$/;

/**
 * What the gateway makes for itself. Another sealing key leaves the whole store unreadable, another
 * signing key begins a log that nobody who has the old public key accepts, and another payload key
 * leaves the engine's histories closed.
 */
const OWN_SECRETS = /^(store|log|demo|temporal)\//;

/** A line break or a blank inside is a paste gone wrong; HubSpot would answer 401 to every call. */
const TOKEN = /^[\x21-\x7e]{8,1000}$/;

/** A HubSpot token becomes the credential in use with the same command. */
async function activate(
  { store }: Context,
  name: string,
  version: number,
  value: string,
): Promise<void> {
  const connection = CREDENTIAL.exec(name)?.[1];
  if (connection === undefined) return;
  const fingerprint = createHash('sha256').update(value).digest('hex').slice(0, 12);
  await store.commit((tx) =>
    activateCredential(tx, { connection, version, fingerprint, by: 'operator' }),
  );
  print(`Connection ${connection} uses it from now on (fingerprint ${fingerprint}).`);
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
  if (CREDENTIAL.test(name) && !TOKEN.test(value)) {
    throw new CommandError(
      'That is no HubSpot token: it is too short, or has blanks or line breaks in it.',
      'Nothing was stored. Copy it again.',
    );
  }
}

async function set(name: string, surplus: readonly string[]): Promise<void> {
  assertMaySet(name, surplus);
  assertInstalled();
  const value = await readHidden(`Value of ${name} (not shown): `);
  assertUsable(name, value);
  await withContext(async (context) => {
    const before = await context.secrets.get(name);
    const version = await context.secrets.put(name, value, before?.version ?? 0);
    print(`Stored ${name} as version ${version}.`);
    await activate(context, name, version, value);
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
    .action(set);
  withJson(secret.command('list').description('names and versions')).action(list);
}
