import { readConfig } from './config.ts';
import { openContext } from './context.ts';
import { GatewayError } from './core/errors.ts';
import { type GatewayRoles, startGateway } from './gateway.ts';
import { say } from './start-text.ts';

/** Runs one production process to its end: config → context → run → stop on signal. */
export async function runProcess(roles: GatewayRoles): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        resolve();
      });
  });
  try {
    const config = readConfig();
    const { address } = config.temporal;
    if (address === undefined || config.hubspotUrl === undefined) {
      throw new GatewayError('config.invalid', {
        detail:
          'TEMPORAL_ADDRESS and SALLYPORT_HUBSPOT_URL are needed here; `npm start` runs without them.',
      });
    }
    const context = await openContext(config);
    const gateway = await startGateway(context, {
      roles,
      temporalAddress: address,
      hubspotUrl: config.hubspotUrl,
    });
    say(roles.api ? `API on http://${config.host}:${config.ports.api}` : 'Worker is running');
    await Promise.race([stopped, gateway.failed]);
    await gateway.stop();
    await context.close();
    process.exit(0);
  } catch (error) {
    say(
      error instanceof GatewayError
        ? `Cannot run. ${error.detail ?? error.code}`
        : `Cannot run. ${String(error)}`,
    );
    process.exit(1);
  }
}
