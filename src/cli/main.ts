import { Command, CommanderError } from 'commander';
import { addAgentCommands } from './agent.ts';
import { addApprovalCommands } from './approvals.ts';
import { addAuditCommands } from './audit.ts';
import { addDoctorCommand } from './doctor.ts';
import { addFreezeCommands } from './freeze.ts';
import { reportError } from './output.ts';
import { addPersonCommands } from './person.ts';
import { addPolicyCommands } from './policy.ts';
import { addSecretCommands } from './secret.ts';

const EXIT = { failed: 1, usage: 2 } as const;

const program = new Command('sallyport')
  .description('The operator’s and approver’s side of the gateway.')
  .showHelpAfterError('(sallyport --help lists the commands)')
  .exitOverride();

addApprovalCommands(program);
addFreezeCommands(program);
addAgentCommands(program);
addPersonCommands(program);
addSecretCommands(program);
addAuditCommands(program);
addPolicyCommands(program);
addDoctorCommand(program);
// Subcommands were made before; commander does not hand the override down by itself.
for (const command of program.commands) {
  command.exitOverride();
  for (const nested of command.commands) nested.exitOverride();
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
  else {
    reportError(error);
    process.exitCode = EXIT.failed;
  }
}
