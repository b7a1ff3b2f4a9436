import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { GatewayError } from '../../core/gateway-error.ts';
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
  /** Gives up when aborted, with the signal's reason. */
  readonly stopping?: AbortSignal | undefined;
}

/** A server that takes the connection and says nothing holds the SDK's own attempts for half a minute. */
const CONNECT_MAX_MS = 10_000;

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

function unavailable(problem: string, cause?: unknown): GatewayError {
  return new GatewayError('engine.unavailable', {
    detail: `${problem}. Start it, or correct TEMPORAL_ADDRESS.`,
    cause,
  });
}

/** Settles as `connecting` does, or rejects at the deadline or the stop; a later connection is closed. */
async function inTime(
  connecting: Promise<NativeConnection>,
  { address, stopping }: TemporalConnectOptions,
): Promise<NativeConnection> {
  const late = AbortSignal.timeout(CONNECT_MAX_MS);
  const ends = stopping === undefined ? late : AbortSignal.any([late, stopping]);
  const given = Promise.withResolvers<never>();
  const giveUp = (): void => {
    const isLate = late.aborted && stopping?.aborted !== true;
    const problem = `The Temporal server at ${address} does not answer within ${CONNECT_MAX_MS / 1000} s`;
    given.reject(isLate ? unavailable(problem) : (ends.reason as Error));
    connecting
      .then(
        (connection) => connection.close(),
        () => undefined,
      )
      .catch(() => undefined);
  };
  ends.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([connecting, given.promise]);
  } finally {
    ends.removeEventListener('abort', giveUp);
  }
}

/**
 * One connection for worker and client: only on the worker's own can a start be eager.
 *
 * @throws GatewayError `engine.unavailable` when nobody is there or answers within ten seconds
 */
export async function connectTemporal(
  options: TemporalConnectOptions,
  logger: Logger,
): Promise<NativeConnection> {
  installRuntime(logger);
  const { address, apiKey, tls, stopping } = options;
  stopping?.throwIfAborted();
  const connecting = NativeConnection.connect({
    address,
    ...(apiKey === undefined ? {} : { apiKey, tls: tls ?? true }),
    ...(tls === undefined ? {} : { tls }),
  } as Parameters<typeof NativeConnection.connect>[0]).catch((cause: unknown) => {
    throw unavailable(`No Temporal server answers at ${address}`, cause);
  });
  return inTime(connecting, options);
}
