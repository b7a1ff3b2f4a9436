import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Connection } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';

const POLL_MS = 25;
const CALL_TIMEOUT_MS = 5_000;
const HOUR_MS = 60 * 60 * 1000;
const WORKFLOW_SERVICE = 'temporal.api.workflowservice.v1.WorkflowService';
/** grpc.health.v1 HealthCheckResponse.ServingStatus */
const SERVING = 1;

/** temporal.api.enums.v1.IndexedValueType, by the names that the CLI takes. */
const VALUE_TYPES = {
  Text: 1,
  Keyword: 2,
  Int: 3,
  Double: 4,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
} as const;

type SearchAttributeTypeName = keyof typeof VALUE_TYPES;
export type SearchAttributes = Readonly<Record<string, SearchAttributeTypeName>>;

export interface NamespaceOptions {
  readonly port: number;
  readonly namespace: string;
  readonly searchAttributes: SearchAttributes;
  /** How long closed workflows are kept; the dev server's default is 24. At least 1. */
  readonly retentionHours?: number | undefined;
}

/**
 * Waits until the server on this loopback port answers its gRPC health check (its UI answers
 * earlier), then makes sure that the namespace is there and set up as asked. Never gives up by
 * itself: whoever calls ends it through the signal.
 */
export async function prepareNamespace(
  options: NamespaceOptions,
  signal: AbortSignal,
): Promise<void> {
  const { port, namespace } = options;
  // gRPC waits a full second after a refused connection, so the first one has to succeed.
  await until(signal, () => accepts(port));
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  try {
    const call = <T>(run: () => Promise<T>): Promise<T> =>
      connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, run);
    await until(signal, async () => {
      const check = () => connection.healthService.check({ service: WORKFLOW_SERVICE });
      const status: number = (await call(check)).status;
      return status === SERVING;
    });
    await until(signal, async () => {
      await call(() => connection.workflowService.describeNamespace({ namespace }));
      return true;
    });
    await call(() => addMissingAttributes(connection, options));
    await call(() => setRetention(connection, options));
  } finally {
    await connection.close();
  }
}

/** The CLI registers search attributes only in a namespace it has just made, not in an older file. */
async function addMissingAttributes(
  connection: Connection,
  { namespace, searchAttributes }: NamespaceOptions,
): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(searchAttributes).filter(([name]) => !(name in customAttributes));
  if (missing.length === 0) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      missing.map(([name, type]) => [name, VALUE_TYPES[type]] as const),
    ),
  });
}

async function setRetention(
  connection: Connection,
  { namespace, retentionHours }: NamespaceOptions,
): Promise<void> {
  if (retentionHours === undefined) return;
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const wantedMs = retentionHours * HOUR_MS;
  const presentTtl = config?.workflowExecutionRetentionTtl;
  if (presentTtl && tsToMs(presentTtl) === wantedMs) return;
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(wantedMs) },
  });
}

/** Tries until it is true; a refusal while the server is coming up only means "not yet". */
async function until(signal: AbortSignal, isSo: () => Promise<boolean>): Promise<void> {
  for (;;) {
    if (await isSo().catch(() => false)) return;
    await sleep(POLL_MS, undefined, { signal });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (isOpen: boolean) => (): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });
}
