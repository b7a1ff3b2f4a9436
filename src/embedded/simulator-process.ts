import { type ChildExit, startChild } from './child-process.ts';

export interface SimulatorProcess {
  readonly url: string;
  readonly controlUrl: string;
  /** Resolves when it is gone; `expected` is false when it went by itself. */
  readonly exited: Promise<ChildExit>;
  stop(): Promise<void>;
}

/** Starts the HubSpot simulator in its own process, ready when it has said where it listens. */
export async function startSimulatorProcess(options: {
  /** `src/simulator/main.ts` */
  readonly main: string;
  readonly port: number;
  readonly controlPort: number;
  readonly dataDir: string;
  readonly logFile: string;
  readonly path: string;
  readonly stopping?: AbortSignal | undefined;
}): Promise<SimulatorProcess> {
  let announce: (line: string) => void = () => undefined;
  const announced = new Promise<string>((resolve) => {
    announce = resolve;
  });
  const child = await startChild({
    name: 'the HubSpot simulator',
    command: process.execPath,
    args: [options.main],
    env: {
      PATH: options.path,
      SIMULATOR_PORT: String(options.port),
      SIMULATOR_CONTROL_PORT: String(options.controlPort),
      SIMULATOR_DATA_DIR: options.dataDir,
    },
    logFile: options.logFile,
    onLine: (line) => {
      if (line.startsWith('{"simulator"')) announce(line);
    },
    readyWhen: async () => {
      await announced;
    },
    failureCode: 'hubspot.unavailable',
    stopping: options.stopping,
  });
  const where = JSON.parse(await announced) as { simulator: string; simulator_control: string };
  return {
    url: where.simulator,
    controlUrl: where.simulator_control,
    exited: child.exited,
    stop: () => child.stop(),
  };
}
