import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { GatewayError } from '../../core/errors.ts';
import type { Logger } from '../../ports/logger.ts';

export interface TemporalConnectOptions {
  /** host:port */
  readonly address: string;
  /** Temporal Cloud or a secured cluster; turns TLS on. */
  readonly apiKey?: string | undefined;
  readonly tls?:
    | true
    | {
        readonly serverRootCACertificate?: Buffer | undefined;
        readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer } | undefined;
      }
    | undefined;
}

let isInstalled = false;

/**
 * The SDK's native runtime is one per process and is set up before anything else of it. Its own lines
 * go to the gateway's logger; below a warning they are of no use to an operator.
 */
function installRuntime(logger: Logger): void {
  if (isInstalled) return;
  isInstalled = true;
  const sdkLogger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    const facts = { source: 'temporal', error: (meta as { error?: unknown } | undefined)?.error };
    if (level === 'ERROR') logger.error(message, facts);
    else logger.warn(message, facts);
  });
  Runtime.install({ logger: sdkLogger, shutdownSignals: [] });
}

/**
 * One connection for worker and client: only on the worker's own can a start be eager.
 *
 * @throws GatewayError `engine.unavailable`
 */
export async function connectTemporal(
  options: TemporalConnectOptions,
  logger: Logger,
): Promise<NativeConnection> {
  installRuntime(logger);
  const { address, apiKey, tls } = options;
  try {
    return await NativeConnection.connect({
      address,
      ...(apiKey === undefined ? {} : { apiKey, tls: tls ?? true }),
      ...(tls === undefined ? {} : { tls }),
    } as Parameters<typeof NativeConnection.connect>[0]);
  } catch (cause) {
    throw new GatewayError('engine.unavailable', {
      detail: `No Temporal server answers at ${address}. Start it, or correct TEMPORAL_ADDRESS.`,
      cause,
    });
  }
}
