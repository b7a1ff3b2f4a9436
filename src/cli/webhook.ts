import type { Command } from 'commander';
import { GatewayError } from '../core/gateway-error.ts';
import {
  addWebhookSigner,
  type MintedSigner,
  retireFormerSecret,
  revokeWebhookSigner,
  rotateWebhookSigner,
  type SignerDependencies,
} from '../gate/webhook-signers.ts';
import { withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, oneLine, print, printJson, printTable, sayDamaged } from './output.ts';
import { findPerson } from './passkey.ts';

const BY = 'operator';

const addressOf = (origin: string, id: string): string => `${origin}/v1/webhooks/approvals/${id}`;

/** Throws `CommandError` for a signer that is not there or revoked. */
const withSigners = async <T>(id: string, use: (deps: SignerDependencies) => Promise<T>) =>
  withContext(async ({ store, secrets }) => {
    try {
      return await use({ store, secrets, by: BY });
    } catch (error) {
      if (!(error instanceof GatewayError && error.code === 'request.not_found')) throw error;
      throw new CommandError(
        `There is no active webhook signer ${oneLine(id)}.`,
        '`npx sallyport person webhook list` lists them.',
      );
    }
  });

async function add(named: string, options: JsonOption): Promise<void> {
  const { person, signer, address } = await withContext(async ({ store, secrets, config }) => {
    const found = await findPerson(store, named);
    const minted = await addWebhookSigner({ store, secrets, by: BY }, found.id);
    return { person: found, signer: minted, address: addressOf(config.origin, minted.id) };
  });
  if (options.json) {
    printJson({ id: signer.id, person: person.id, address, secret: signer.secret });
    return;
  }
  print(
    `What ${signer.id} signs is decided by ${oneLine(person.name)} (${person.id}). It sends to`,
  );
  print(`  ${address}`);
  print();
  print('Shown this once, the secret that it signs with (Standard Webhooks):');
  print(`  ${signer.secret}`);
  print('Whoever has it decides as that person, where policy asks for no passkey.');
}

async function list(options: JsonOption): Promise<void> {
  const { rows, damaged } = await withContext(({ store }) => store.webhookSigners.list());
  sayDamaged(damaged);
  if (options.json) {
    printJson(rows);
    return;
  }
  printTable(
    ['ID', 'PERSON', 'ADDED', 'STATE'],
    rows.map(({ id, personId, createdAt, revokedAt }) => [
      id,
      personId,
      createdAt.toISOString(),
      revokedAt === null ? 'active' : `revoked ${revokedAt.toISOString()}`,
    ]),
  );
}

function sayRotated({ id, secret }: MintedSigner): void {
  print(`Shown this once, the second secret of ${id}:`);
  print(`  ${secret}`);
  print(`The one before holds beside it, until npx sallyport person webhook retire ${id}`);
}

async function rotate(id: string, options: JsonOption): Promise<void> {
  const minted = await withSigners(id, (deps) => rotateWebhookSigner(deps, id));
  if (options.json) printJson(minted);
  else sayRotated(minted);
}

async function retire(id: string): Promise<void> {
  const isChanged = await withSigners(id, (deps) => retireFormerSecret(deps, id));
  print(isChanged ? `The newest secret of ${id} alone holds.` : `${id} has one secret already.`);
}

async function revoke(id: string): Promise<void> {
  await withSigners(id, (deps) => revokeWebhookSigner(deps, id));
  print(`${id} is nobody from now on.`);
}

export function addWebhookCommands(person: Command): void {
  const webhook = person
    .command('webhook')
    .description('systems that send a person’s decisions, signed (docs/webhooks.md)');
  withJson(webhook.command('add').argument('<id-or-email>'))
    .description('let a system decide as this person; its secret is shown once')
    .action(add);
  withJson(webhook.command('list').description('all of them')).action(list);
  withJson(webhook.command('rotate').argument('<signer>'))
    .description('a second secret, which holds beside the present one')
    .action(rotate);
  webhook
    .command('retire <signer>')
    .description('end the former secret: the newest alone holds')
    .action(retire);
  webhook.command('revoke <signer>').description('end it, effective at once').action(revoke);
}
