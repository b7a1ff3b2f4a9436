import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSallyport, type Said } from './command.ts';
import type { TestGateway } from './gateway.ts';

export interface PersonDoor {
  /** `--api …` and `--key-file …`. */
  readonly door: readonly string[];
  /** `sallyport` on the data folder of that gateway. */
  sallyport(args: readonly string[]): Promise<Said>;
}

/** The command line of the gateway's approver, who has their key in a file of their own. */
export function personDoor({ config, approver }: TestGateway): PersonDoor {
  const keyFile = join(config.dataDir, 'approver.key');
  writeFileSync(keyFile, `${approver.key}\n`, { mode: 0o600 });
  const env = { PATH: process.env['PATH'], SALLYPORT_DATA_DIR: config.dataDir };
  return {
    door: ['--api', `http://127.0.0.1:${config.ports.api}`, '--key-file', keyFile],
    sallyport: (args) => runSallyport([...args], { env }),
  };
}
