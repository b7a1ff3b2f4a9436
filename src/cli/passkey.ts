import type { Command } from 'commander';
import type { PersonRecord } from '../core/records.ts';
import { enrolmentLink, invite } from '../gate/enrolment.ts';
import { revokePasskey } from '../gate/passkeys.ts';
import type { StoreReads } from '../ports/store.ts';
import { readRunFile, withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, oneLine, print, printJson, printTable } from './output.ts';

const BY = 'operator';

/** By id, or by the e-mail of somebody who is still on the roster. Throws `CommandError`. */
export async function findPerson(
  { people }: Pick<StoreReads, 'people'>,
  named: string,
): Promise<PersonRecord> {
  const { rows } = await people.legible();
  const person = rows.find(
    ({ id, email, revokedAt }) =>
      id === named || (email === named.toLowerCase() && revokedAt === null),
  );
  if (person !== undefined) return person;
  throw new CommandError(
    `There is no person ${oneLine(named)}.`,
    '`npx sallyport person list` lists them, by id and e-mail.',
  );
}

async function invitePerson(named: string, options: JsonOption): Promise<void> {
  const { person, link, expiresAt } = await withContext(async ({ store, config }) => {
    const found = await findPerson(store, named);
    const invited = await store.commit((tx) => invite(tx, { personId: found.id, by: BY }));
    // The running gateway's: a port may have been set for its start alone.
    const origin = readRunFile(config)?.origin ?? config.origin;
    const link = enrolmentLink(origin, invited.token);
    return { person: found, link, expiresAt: invited.expiresAt };
  });
  if (options.json) {
    printJson({ person: person.id, link, expiresAt });
    return;
  }
  print(`Shown this once. ${oneLine(person.name)} (${person.id}) opens it and enrols a passkey:`);
  print(`  ${link}`);
  print();
  print(`It works once, until ${expiresAt.toISOString()}. Whoever has it becomes that person, so`);
  print('give it to them alone.');
}

async function list(named: string, options: JsonOption): Promise<void> {
  const { person, passkeys } = await withContext(async ({ store }) => {
    const found = await findPerson(store, named);
    return { person: found, passkeys: await store.passkeys.of(found.id) };
  });
  if (options.json) {
    printJson(
      passkeys.map(({ id, label, createdAt, lastUsedAt, revokedAt }) => ({
        id,
        label,
        createdAt,
        lastUsedAt,
        revokedAt,
      })),
    );
    return;
  }
  if (passkeys.length === 0) {
    print(`${oneLine(person.name)} (${person.id}) has no passkey yet.`);
    print(`For a link to enrol one: npx sallyport person invite ${person.email}`);
    return;
  }
  printTable(
    ['ID', 'LABEL', 'ENROLLED', 'LAST USED', 'STATE'],
    passkeys.map(({ id, label, createdAt, lastUsedAt, revokedAt }) => [
      id,
      label,
      createdAt.toISOString(),
      lastUsedAt?.toISOString() ?? 'never',
      revokedAt === null ? 'active' : `revoked ${revokedAt.toISOString()}`,
    ]),
  );
}

async function revoke(id: string): Promise<void> {
  await withContext(async ({ store }) => {
    const passkey = await store.passkeys.get(id);
    if (passkey === undefined)
      throw new CommandError(
        `There is no passkey ${oneLine(id)}.`,
        '`npx sallyport person passkeys <id-or-email>` lists those of a person.',
      );
    await store.commit((tx) => revokePasskey(tx, { id, by: BY }));
    print(
      `${oneLine(passkey.label)} (${id}) is revoked, and every session that it began has ended.`,
    );
  });
}

export function addPasskeyCommands(person: Command): void {
  withJson(person.command('invite').argument('<id-or-email>'))
    .description('a link with which they enrol a passkey, once and within a day')
    .action(invitePerson);
  const passkeys = withJson(person.command('passkeys').argument('<id-or-email>'))
    .description('the passkeys of a person')
    .action(list);
  passkeys
    .command('revoke <passkey>')
    .description('end a passkey and its sessions, effective at once')
    .action(revoke);
}
