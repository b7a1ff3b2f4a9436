import { NativeConnection } from '@temporalio/worker';
import { GatewayError } from '../../core/errors.ts';

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

/**
 * One connection for worker and client: only on the worker's own can a start be eager.
 *
 * @throws GatewayError `engine.unavailable`
 */
export async function connectTemporal(options: TemporalConnectOptions): Promise<NativeConnection> {
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
