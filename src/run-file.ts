import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Context } from './context.ts';
import type { DemoKeys } from './demo.ts';
import type { SimulatorProcess } from './embedded/simulator-process.ts';

/**
 * Where everything is, and the demo's keys beside the simulator, for scripts and the CLI. Readable by
 * the owner alone, and whole whenever it is read.
 */
export function writeRunFile(
  { config, signer }: Context,
  of: {
    readonly address: string;
    readonly simulator: SimulatorProcess | undefined;
    readonly keys: DemoKeys | undefined;
  },
): void {
  const isOwnEngine = config.temporal.address === undefined;
  const run = {
    api: `http://127.0.0.1:${config.ports.api}`,
    origin: config.origin,
    temporal_ui: isOwnEngine ? `http://127.0.0.1:${config.ports.temporalUi}` : null,
    temporal_address: of.address,
    temporal_namespace: config.temporal.namespace,
    simulator: of.simulator?.url ?? null,
    simulator_control: of.simulator?.controlUrl ?? null,
    agent_key: of.keys?.agentKey ?? null,
    approver_key: of.keys?.approverKey ?? null,
    log_dir: config.files.log,
    log_vkey: signer.vkey,
  };
  const next = `${config.files.run}.next`;
  // Whatever lies under the names is replaced, so that its rights are not taken over.
  rmSync(next, { force: true, recursive: true });
  writeFileSync(next, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(next, config.files.run);
}
