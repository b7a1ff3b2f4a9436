import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { addAgentCommands } from './agent.ts';
import { addAlertsCommand } from './alerts.ts';
import { addApprovalCommands } from './approvals.ts';
import { addAuditCommands } from './audit.ts';
import { addConnectCommand } from './connect.ts';
import { addDecideCommands } from './decide.ts';
import { addDoctorCommand } from './doctor.ts';
import { addDrillCommands } from './drill.ts';
import { addFreezeCommands } from './freeze.ts';
import { addGrantCommands } from './grant.ts';
import { addHelp } from './help.ts';
import { addIncidentCommands } from './incident.ts';
import { addNoticeCommands } from './notices.ts';
import { reportError } from './output.ts';
import { addPersonCommands } from './person.ts';
import { addPolicyCommands } from './policy.ts';
import { addProveCommand } from './prove.ts';
import { addRadarCommand } from './radar.ts';
import { addRequestCommands } from './requests.ts';
import { addRevertCommand } from './revert.ts';
import { addSecretCommands } from './secret.ts';
import { addSettleCommand } from './settle.ts';

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

const EXIT = { failed: 1, usage: 2 } as const;

const program = new Command('sallyport')
  .description('The operator’s and approver’s side of the gateway.')
  .version(version())
  .exitOverride();

addApprovalCommands(program);
addDecideCommands(program);
addRequestCommands(program);
addSettleCommand(program);
addRevertCommand(program);
addNoticeCommands(program);
addAlertsCommand(program);
addFreezeCommands(program);
addGrantCommands(program);
addIncidentCommands(program);
addAgentCommands(program);
addPersonCommands(program);
addSecretCommands(program);
addConnectCommand(program);
addRadarCommand(program);
addAuditCommands(program);
addPolicyCommands(program);
addDoctorCommand(program);
addProveCommand(program);
addDrillCommands(program);
addHelp(program);
// A reader that has seen enough (`| head`) is no failure; what was done stays done.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
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
