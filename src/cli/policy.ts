import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { ACTIONS, POLICY_ACTIONS } from '../actions/catalogue.ts';
import { readConfig } from '../config.ts';
import { actionsFor } from '../gate/own-agent.ts';
import { explainPolicy } from '../policy/explain-text.ts';
import { loadPolicy } from '../policy/load.ts';
import { findAgent } from './agent.ts';
import { readNamedFile, withPolicy } from './context.ts';
import { print, printAside } from './output.ts';
import { otherPolicyInForce } from './readiness.ts';

/** What is said of the file holds for a gateway that runs only once it has started with it. */
async function sayInForce(digest: string): Promise<void> {
  const other = await otherPolicyInForce(digest);
  if (other !== undefined) printAside(`${other}: restart it.`);
}

async function explain(options: { agent?: string }): Promise<void> {
  await withPolicy(async ({ store, policy, config }) => {
    const agents =
      options.agent === undefined
        ? (await store.agents.list()).rows.filter(({ revokedAt }) => revokedAt === null)
        : [await findAgent(store, options.agent, 'policy explain --agent')];
    const people = (await store.people.list()).filter(({ revokedAt }) => revokedAt === null);
    const { connection } = config;
    await sayInForce(policy.digest);
    print(explainPolicy(policy, ACTIONS, agents, { people, connection, actionsFor }));
  });
}

async function check(file: string | undefined): Promise<void> {
  const own = readConfig().files.policy;
  const path = file === undefined ? own : resolve(file);
  const remedy = 'Set SALLYPORT_POLICY, or name the file: npx sallyport policy check <file>';
  const text = readNamedFile(path, remedy);
  const { digest } = loadPolicy({
    text,
    file: relative(process.cwd(), path),
    actions: POLICY_ACTIONS,
  });
  print(`${relative(process.cwd(), path)} is valid (digest ${digest.slice(0, 16)}).`);
  if (path === own) await sayInForce(digest);
}

export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('what each agent may do');
  policy
    .command('explain')
    .description('in plain words, by asking the policy itself')
    .option('--agent <id-or-name>', 'only this one')
    .action(explain);
  policy
    .command('check [file]')
    .description('read a policy file and name its mistakes')
    .action(check);
}
