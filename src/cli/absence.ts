import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { errorCodeOf, GatewayError } from '../core/gateway-error.ts';
import type { AbsenceRecord, PersonRecord } from '../core/records.ts';
import { absencesAt, endAbsence, noteAbsence } from '../gate/absences.ts';
import { withContext } from './context.ts';
import { CommandError, oneLine, print } from './output.ts';
import { findPerson } from './passkey.ts';

const BY = 'operator';

/** A time with its zone, or a day: its first moment in UTC, on whatever machine it is said. */
function parseTime(text: string): Date {
  const time = z.iso.datetime({ offset: true }).safeParse(text).data;
  if (time !== undefined) return new Date(time);
  if (z.iso.date().safeParse(text).success) return new Date(`${text}T00:00:00Z`);
  throw new InvalidArgumentError('Say it as 2026-12-04, or as 2026-12-04T08:00:00+01:00.');
}

interface AwayOptions {
  readonly until: Date;
  readonly from?: Date;
  readonly delegate?: string;
}

const named = ({ name, id }: PersonRecord): string => `${oneLine(name)} (${id})`;

async function away(who: string, options: AwayOptions): Promise<void> {
  await withContext(async ({ store }) => {
    const person = await findPerson(store, who);
    const { from, until } = options;
    const delegate =
      options.delegate === undefined ? undefined : await findPerson(store, options.delegate);
    const of = { personId: person.id, from, until, delegateId: delegate?.id ?? null, by: BY };
    const absence = await store.commit((tx) => noteAbsence(tx, of)).catch(sayInvalid(person));
    print(
      `${named(person)} is away from ${absence.from.toISOString()} until ${absence.until.toISOString()}.`,
    );
    print(
      delegate === undefined
        ? 'Nobody decides in their place; the others are asked.'
        : `${named(delegate)} decides in their place, with their roles, and gets their mail.`,
    );
  });
}

/** The way out of each refusal of `gate/absences.ts`, by its words. */
function wayOut(detail: string, { email }: PersonRecord): string {
  if (detail.startsWith('it overlaps'))
    return `To say it otherwise, end that one first: npx sallyport person back ${email}`;
  return /delegate|own place/.test(detail)
    ? 'Name somebody else with --delegate, or nobody.'
    : 'Give another --until, or another --from.';
}

const sayInvalid =
  (person: PersonRecord) =>
  (error: unknown): never => {
    if (!(error instanceof GatewayError) || errorCodeOf(error) !== 'absence.invalid') throw error;
    const { detail = '' } = error;
    throw new CommandError(`Nothing was noted: ${detail}.`, wayOut(detail, person), error);
  };

async function back(who: string): Promise<void> {
  await withContext(async ({ store }) => {
    const person = await findPerson(store, who);
    const isTheirs = ({ personId }: AbsenceRecord): boolean => personId === person.id;
    const noted = (await absencesAt(store, new Date())).filter(isTheirs);
    if (noted.length === 0)
      throw new CommandError(`${named(person)} is not away.`, 'Nothing changed.');
    await store.commit(async (tx) => {
      for (const { id } of noted) await endAbsence(tx, { id, by: BY });
    });
    print(`${named(person)} is back. What was approved in their place and has not begun`);
    print('counts no more; they decide for themselves.');
  });
}

export function addAbsenceCommands(person: Command): void {
  person
    .command('away')
    .argument('<id-or-email>')
    .description('say that a person is away, and who decides in their place')
    .requiredOption(
      '--until <time>',
      'the day they are back (from 00:00 UTC), or a time; within 90 days of its beginning',
      parseTime,
    )
    .option('--from <time>', 'a day (from 00:00 UTC) or a time, instead of now', parseTime)
    .option('--delegate <id-or-email>', 'who decides in their place, with their roles')
    .action(away);
  person
    .command('back <id-or-email>')
    .description('end their absences before their time')
    .action(back);
}
