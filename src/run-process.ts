import { readConfig } from './config.ts';
import { openContext } from './context.ts';
import { GatewayError } from './core/gateway-error.ts';
import { makeDataFolder, takeDataFolder } from './embedded/data-folder.ts';
import { type GatewayRoles, startGateway } from './gateway.ts';
import { type Life, runUntilStopped, type Started } from './run-until-stopped.ts';
import { say } from './start-text.ts';

async function start(roles: GatewayRoles, { parts, stopping }: Life): Promise<Started> {
  const config = readConfig();
  const { address } = config.temporal;
  if (address === undefined || config.hubspotUrl === undefined) {
    throw new GatewayError('config.invalid', {
      detail:
        'TEMPORAL_ADDRESS and SALLYPORT_HUBSPOT_URL are needed here; `npm start` runs without them.',
    });
  }
  if (roles.worker) {
    const lock = await takeDataFolder({ folder: config.dataDir, onWait: say, stopping });
    parts.defer(() => {
      lock.release();
    });
  } else await makeDataFolder(config.dataDir);
  const context = await openContext(config);
  parts.defer(() => context.close());
  const gateway = await startGateway(context, {
    roles,
    temporalAddress: address,
    hubspotUrl: config.hubspotUrl,
    stopping,
  });
  parts.defer(() => gateway.stop());
  say(roles.api ? `API on http://${config.host}:${config.ports.api}` : 'Worker is running');
  return gateway;
}

/** Runs one production process to its end: config → context → run → stop on signal. */
export function runProcess(roles: GatewayRoles): Promise<never> {
  return runUntilStopped((life) => start(roles, life));
}
