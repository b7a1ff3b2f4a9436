import { createSimulator } from './server.ts';

const DEFAULT_PORT = 8610;
const PARENT_POLL_MS = 1_000;

/** @throws when the variable is set to something that is not a port */
function portFrom(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${name} must be a port number, not ${text}`);
  return port;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A simulator must not outlive the test or gateway that started it, however that one ended. */
function exitWithParent(stop: () => void): void {
  const pid = Number(process.env['SIMULATOR_PARENT_PID'] ?? '');
  if (!Number.isInteger(pid) || pid <= 0) return;
  setInterval(() => {
    if (!isAlive(pid)) stop();
  }, PARENT_POLL_MS).unref();
}

async function main(): Promise<void> {
  const port = portFrom('SIMULATOR_PORT', DEFAULT_PORT);
  const simulator = await createSimulator({
    dataDir: process.env['SIMULATOR_DATA_DIR'] ?? 'data/simulator',
    port,
    controlPort: portFrom('SIMULATOR_CONTROL_PORT', port === 0 ? 0 : port + 1),
  });
  const stop = (): void => {
    void simulator.close().finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  exitWithParent(stop);
  const addresses = { simulator: simulator.url, simulator_control: simulator.controlUrl };
  process.stdout.write(`${JSON.stringify(addresses)}\n`);
  process.stderr.write(
    `A HubSpot stand-in with a demo account listens at ${simulator.url}. Mint a token for it with:\n` +
      `  curl -s -X POST ${simulator.controlUrl}/tokens -H 'content-type: application/json' -d '{"scopes":"all"}'\n`,
  );
}

await main();
