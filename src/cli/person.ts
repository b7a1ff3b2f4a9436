import { type Command, InvalidArgumentError } from 'commander';
import { generateSecret, generateURI } from 'otplib';
import { z } from 'zod';
import { addPerson, linkSlackUser, revokePerson, unlinkSlackUser } from '../gate/roster.ts';
import type { StoreReads } from '../ports/store.ts';
import type { AbsenceRecord } from '../core/records.ts';
import { durationWords } from '../core/durations.ts';
import { absencesAt, isStanding } from '../gate/absences.ts';
import { createHabits, HABIT_LIMITS } from '../gate/habits.ts';
import { addAbsenceCommands } from './absence.ts';
import { withContext, withPolicy } from './context.ts';
import { collectNames, type JsonOption, parseName, withJson } from './options.ts';
import {
  CommandError,
  oneLine,
  print,
  printAside,
  printJson,
  printTable,
  sayDamaged,
} from './output.ts';
import { addPasskeyCommands, findPerson } from './passkey.ts';
import { addRolesCommand, assertRolesCount, USUAL_ROLE } from './person-roles.ts';
import { addWebhookCommands } from './webhook.ts';

const BY = 'operator';

interface AddOptions extends JsonOption {
  readonly email: string;
  readonly role: readonly string[];
  readonly newRole?: true;
}

const ADD_REMEDY =
  'Nobody was added. Name one of these with --role; with --new-role too where a rule is to ask for it later.';

async function assertNew({ people }: Pick<StoreReads, 'people'>, of: string): Promise<void> {
  const namesake = (await people.list()).find(
    ({ email, revokedAt }) => email === of.toLowerCase() && revokedAt === null,
  );
  if (namesake === undefined) return;
  throw new CommandError(
    `${namesake.email} is on the roster already: ${oneLine(namesake.name)} (${namesake.id}).`,
    `For other roles: npx sallyport person roles ${namesake.id} <roles>. For new keys first: npx sallyport person revoke ${namesake.id}`,
  );
}

async function add(name: string, options: AddOptions): Promise<void> {
  const roles = options.role.length === 0 ? [USUAL_ROLE] : options.role;
  const totpSecret = generateSecret();
  const of = { name, email: options.email, roles, totpSecret, by: BY };
  const { record, key } = await withPolicy(async ({ store, policy }) => {
    if (options.newRole !== true) assertRolesCount(roles, policy, ADD_REMEDY);
    await assertNew(store, options.email);
    return store.commit((tx) => addPerson(tx, of));
  });
  const totp = generateURI({ issuer: 'Sallyport', label: record.email, secret: totpSecret });
  if (options.json) {
    printJson({ id: record.id, name, email: record.email, roles, key, totp });
    return;
  }
  print(`${name} (${record.id}) has ${roles.join(', ')}.`);
  print();
  print('Shown this once. The key, for the API and `npx sallyport approve --key-file`:');
  print(`  ${key}`);
  print('The address for an authenticator app, for deciding in the Temporal UI:');
  print(`  ${totp}`);
  print();
  print(
    'Save the key as the one line of a file that only its owner can read (chmod 600), and name',
  );
  print('that file with --key-file. For the console they enrol a passkey; the link for it:');
  print(`  npx sallyport person invite ${record.email}`);
}

function awayWords(
  absences: readonly AbsenceRecord[],
  person: string,
  called: (person: string) => string,
): string | undefined {
  const now = new Date();
  const standing = absences.find((one) => one.personId === person && isStanding(one, now));
  if (standing === undefined) return undefined;
  const { until, delegateId } = standing;
  return `away until ${until.toISOString()}${delegateId === null ? '' : `, ${called(delegateId)} decides`}`;
}

async function list(options: JsonOption): Promise<void> {
  const { people, links, absences } = await withContext(async ({ store }) => ({
    people: await store.people.legible(),
    links: await store.slackUsers.legible(),
    absences: await absencesAt(store, new Date()),
  }));
  sayDamaged([...people.damaged, ...links.damaged]);
  const slackOf = (person: string): string[] =>
    links.rows.filter(({ personId }) => personId === person).map(({ slackUser }) => slackUser);
  const called = (person: string): string =>
    people.rows.find(({ id }) => id === person)?.name ?? person;
  if (options.json) {
    printJson(
      people.rows.map(({ id, name, email, roles, createdAt, revokedAt }) => ({
        id,
        name,
        email,
        roles,
        slack: slackOf(id),
        absences: absences.filter(({ personId }) => personId === id),
        createdAt,
        revokedAt,
      })),
    );
    return;
  }
  printTable(
    ['ID', 'NAME', 'E-MAIL', 'ROLES', 'SLACK', 'STATE'],
    people.rows.map(({ id, name, email, roles, revokedAt }) => [
      id,
      name,
      email,
      roles.join(', '),
      slackOf(id).join(', '),
      revokedAt === null
        ? (awayWords(absences, id, called) ?? 'active')
        : `revoked ${revokedAt.toISOString()}`,
    ]),
  );
}

/** Who approves nearly everything, and faster than a card can be read, is somebody to talk to. */
async function habits(options: JsonOption): Promise<void> {
  const found = await withContext(async ({ store }) => ({
    ...(await createHabits(store)(new Date())),
    people: (await store.people.legible()).rows,
  }));
  sayDamaged(found.damaged);
  if (options.json) {
    printJson(found.habits);
    return;
  }
  const nameOf = (person: string): string =>
    found.people.find(({ id }) => id === person)?.name ?? person;
  if (found.habits.length === 0) print('Nobody has decided on anything lately.');
  else
    printTable(
      ['NAME', 'DECIDED', 'APPROVED', 'HALF WITHIN', ''],
      found.habits.map(({ person, decisions, approved, median_seconds, is_rubber_stamp }) => [
        ...[nameOf(person), String(decisions), `${Math.round((100 * approved) / decisions)} %`],
        durationWords(median_seconds * 1_000),
        is_rubber_stamp ? 'half of them faster than a card can be read' : '',
      ]),
    );
  const { days, decisionsMax } = HABIT_LIMITS;
  printAside(`The last ${days} days, ${decisionsMax} decisions of each at most.`);
}

/** A name or a handle can be taken by anybody in the workspace; the member id cannot. */
function parseSlackUser(value: string): string {
  if (/^[UW][A-Z0-9]{2,20}$/.test(value)) return value;
  throw new InvalidArgumentError('It is no member id (U…): profile, "…", "Copy member ID".');
}

/** Undefined for nobody. A link that somebody was at can still be taken away, whomever it names. */
async function linkedTo(
  { slackUsers }: Pick<StoreReads, 'slackUsers'>,
  slackUser: string,
): Promise<string | undefined> {
  const { rows, damaged } = await slackUsers.legible();
  if (damaged.includes(slackUser)) return 'damaged';
  return rows.find((link) => link.slackUser === slackUser)?.personId;
}

async function slack(named: string, slackUser: string, options: { remove?: true }): Promise<void> {
  await withContext(async ({ store }) => {
    const person = await findPerson(store, named);
    if (options.remove === true) {
      const linked = await linkedTo(store, slackUser);
      if (linked !== person.id && linked !== 'damaged')
        throw new CommandError(`${slackUser} is not ${oneLine(person.name)}.`, 'Nothing changed.');
      await store.commit((tx) => unlinkSlackUser(tx, { slackUser, by: BY }));
      print(`${slackUser} is nobody from now on.`);
      return;
    }
    await store.commit((tx) => linkSlackUser(tx, { slackUser, personId: person.id, by: BY }));
    print(`What ${slackUser} decides in Slack is decided by ${person.name} (${person.id}).`);
  });
}

async function revoke(named: string): Promise<void> {
  await withContext(async ({ store }) => {
    const person = await findPerson(store, named);
    await store.commit((tx) => revokePerson(tx, { id: person.id, by: BY }));
    print(
      `${person.name} (${person.id}) is revoked: their key, codes, passkeys, sessions and unused approvals count no more.`,
    );
  });
}

/** A mistyped address would let a person approve what agents ask in that person's name. */
function parseEmail(value: string): string {
  const parsed = z.email().max(256).safeParse(value.trim());
  if (!parsed.success) throw new InvalidArgumentError('It is no e-mail address.');
  return parsed.data;
}

export function addPersonCommands(program: Command): void {
  const person = program.command('person').description('people who decide and operate');
  withJson(person.command('add').argument('<name>', 'as others know them', parseName))
    .description('add a person; key and authenticator address are shown once')
    .requiredOption('--email <address>', 'as agents name them in user_id', parseEmail)
    .option(
      '--role <role>',
      'approver, operator or a role of your policy; may be repeated (approver if absent)',
      collectNames,
      [],
    )
    .option('--new-role', 'also with a role that no rule of the policy asks for yet')
    .action(add);
  withJson(person.command('list').description('all people')).action(list);
  withJson(
    person.command('habits').description('how often each approves, and how long they take'),
  ).action(habits);
  person
    .command('slack')
    .argument('<id-or-email>')
    .argument('<member-id>', 'U…, from the Slack profile', parseSlackUser)
    .description('say which Slack user this person is')
    .option('--remove', 'this Slack user is nobody from now on')
    .action(slack);
  person
    .command('revoke <id-or-email>')
    .description('end their key, codes, passkeys and sessions, effective at once')
    .action(revoke);
  addRolesCommand(person);
  addAbsenceCommands(person);
  addPasskeyCommands(person);
  addWebhookCommands(person);
}
