import type { Command } from 'commander';
import { verifyLog } from '../audit/verify.ts';
import { errorCodeOf, ERRORS, GatewayError } from '../core/errors.ts';
import { readRunFile, withContext } from './context.ts';
import { print } from './output.ts';

interface Check {
  readonly what: string;
  readonly run: () => Promise<string>;
}

async function askReadiness(api: string): Promise<string> {
  const response = await fetch(`${api}/readyz`).catch(() => {
    throw new GatewayError('engine.unavailable', {
      detail: `no gateway answers at ${api}; is npm start running?`,
    });
  });
  const { parts } = (await response.json()) as { parts: { name: string; up: boolean }[] };
  const down = parts.filter(({ up }) => !up).map(({ name }) => name);
  if (down.length > 0)
    throw new GatewayError('engine.unavailable', { detail: `down: ${down.join(', ')}` });
  return parts.map(({ name }) => name).join(', ');
}

function checks(): Check[] {
  const run = readRunFile();
  const needRun = (): NonNullable<typeof run> => {
    if (run === undefined)
      throw new GatewayError('config.invalid', {
        detail: 'run.json is missing: npm start writes it',
      });
    return run;
  };
  return [
    { what: 'gateway answers', run: () => askReadiness(needRun().api) },
    {
      what: 'policy, store, secrets open',
      run: () =>
        withContext(({ policy }) => Promise.resolve(`policy ${policy.digest.slice(0, 12)}`)),
    },
    {
      what: 'credential is set',
      run: () =>
        withContext(async ({ store, config }) => {
          const active = await store.credentials.active(config.connection);
          if (active === undefined) throw new GatewayError('credential.missing');
          return `version ${active.version}, fingerprint ${active.fingerprint}`;
        }),
    },
    {
      what: 'audit log verifies',
      run: async () => {
        const { log_dir: folder, log_vkey: vkey } = needRun();
        const report = await verifyLog({ folder, vkey });
        if (!report.ok)
          throw new GatewayError('log.unavailable', {
            detail: `${report.findings.length} findings; see sallyport audit verify`,
          });
        return `${report.size} entries`;
      },
    },
  ];
}

async function doctor(): Promise<void> {
  for (const { what, run } of checks()) {
    try {
      print(`ok    ${what.padEnd(30)} ${await run()}`);
    } catch (error) {
      process.exitCode = 1;
      const detail = error instanceof GatewayError ? (error.detail ?? error.code) : String(error);
      print(`FAIL  ${what.padEnd(30)} ${detail}`);
      print(`      ${ERRORS[errorCodeOf(error)].remedy}`);
    }
  }
}

export function addDoctorCommand(program: Command): void {
  program.command('doctor').description('check that everything is in place').action(doctor);
}
