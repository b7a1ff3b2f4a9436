import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandResult, runCommand } from './product.ts';

/** Of a person who may decide nothing, whatever the policy says. */
export const NO_ROLE = 'prove-no-role';
/** Where the policy asks for no role. */
export const ANY_ROLE = 'approver';

/**
 * The user's policy with a rule that names these roles and changes nothing: the command line adds nobody with a role
 * that no rule asks for, and the cast has such people.
 */
const enrollingPolicy = (text: string): string =>
  [NO_ROLE, ANY_ROLE].reduce(
    (all, role) =>
      `${all}\nforbid (principal, action, resource) when { Role::"${role}".approvals > 99 };\n`,
    text,
  );

/** The command line while the cast is enrolled. The gateway itself never reads the policy that this makes. */
export function enrollingBy(
  of: Parameters<typeof runCommand>[0] & { readonly folder: string },
  policyText: string,
): (...args: readonly string[]) => Promise<CommandResult> {
  const file = join(of.folder, 'enrolling.cedar');
  writeFileSync(file, enrollingPolicy(policyText));
  const env = { ...of.env, SALLYPORT_POLICY: file };
  return (...args) => runCommand({ product: of.product, env }, args);
}
