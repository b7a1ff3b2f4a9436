import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { GatewayError } from '../core/errors.ts';
import { activateCredential } from '../gate/credentials.ts';
import { withContext } from './context.ts';
import { print, printJson, printTable, readHidden } from './output.ts';

const CREDENTIAL = /^hubspot\/([a-z0-9-]{1,40})$/;

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

async function set(name: string, surplus: readonly string[]): Promise<void> {
  if (surplus.length > 0) {
    throw new GatewayError('config.invalid', {
      detail:
        'A secret is never an argument: the shell keeps its history and every process can read it. Type it at the prompt or pipe it in.',
    });
  }
  const value = await readHidden(`Value of ${name} (not shown): `);
  if (value === '')
    throw new GatewayError('config.invalid', { detail: 'The value is empty; nothing was stored.' });
  await withContext(async (context) => {
    const before = await context.secrets.get(name);
    const version = await context.secrets.put(name, value, before?.version ?? 0);
    print(`Stored ${name} as version ${version}.`);
    await activate(context, name, version, value);
  });
}

async function list(options: { json?: true }): Promise<void> {
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
  secret.command('list').option('--json', 'machine-readable').action(list);
}
