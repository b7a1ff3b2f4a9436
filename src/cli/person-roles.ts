import type { Command } from 'commander';
import type { PersonRecord } from '../core/records.ts';
import { OPERATOR_ROLE, OWN_ROLES } from '../core/roles.ts';
import { errorCodeOf } from '../core/gateway-error.ts';
import { changeRoles } from '../gate/roster.ts';
import type { Policy } from '../policy/policy.ts';
import { withPolicy } from './context.ts';
import { parseName } from './options.ts';
import { CommandError, oneLine, print } from './output.ts';
import { findPerson } from './passkey.ts';

/** Where policy asks for no role at all, any word does; this one is said of whoever is added without one. */
export const USUAL_ROLE = 'approver';

/** A misspelt role would count for nothing, and nobody would notice before an approval does not count. */
export function assertRolesCount(
  roles: readonly string[],
  { roles: asked }: Pick<Policy, 'roles'>,
  remedy: string,
): void {
  const known = [...new Set([...(asked.length === 0 ? [USUAL_ROLE] : asked), ...OWN_ROLES])];
  const unknown = roles.filter((role) => !known.includes(role));
  if (unknown.length === 0) return;
  throw new CommandError(
    `No rule of the policy asks for ${unknown.join(', ')}. Roles that count: ${known.join(', ')}.`,
    remedy,
  );
}

const REMEDY =
  'Nobody’s roles were changed. Name some of these; with --new-role also where a rule is to ask for it later.';

const parseRoles = (text: string): readonly string[] => text.split(',').map(parseName);

const sayLast =
  ({ name }: PersonRecord) =>
  (error: unknown): never => {
    if (errorCodeOf(error) !== 'person.last_operator') throw error;
    throw new CommandError(
      `Without ${oneLine(name)} nobody would have the role ${OPERATOR_ROLE}. Nothing changed.`,
      `Give it to somebody else first: npx sallyport person roles <id-or-email> ${USUAL_ROLE},${OPERATOR_ROLE}`,
      error,
    );
  };

async function change(
  named: string,
  roles: readonly string[],
  options: { readonly newRole?: true },
): Promise<void> {
  await withPolicy(async ({ store, policy }) => {
    const person = await findPerson(store, named);
    const added = roles.filter((role) => !person.roles.includes(role));
    if (options.newRole !== true) assertRolesCount(added, policy, REMEDY);
    const of = { id: person.id, roles, by: 'operator' };
    const changed = await store.commit((tx) => changeRoles(tx, of)).catch(sayLast(person));
    print(`${oneLine(changed.name)} (${changed.id}) has ${changed.roles.join(', ')} from now on.`);
    print('What waits, and what was approved and has not begun, is asked of policy with these.');
  });
}

export function addRolesCommand(person: Command): void {
  person
    .command('roles')
    .argument('<id-or-email>')
    .argument('<roles>', 'all that they have from now on, with commas between', parseRoles)
    .description('change their roles, effective at once')
    .option('--new-role', 'also with a role that no rule of the policy asks for yet')
    .action(change);
}
