import { Client, Connection } from '@temporalio/client';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { workflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import type { TestGateway } from './gateway.ts';

/** Whoever reaches the engine: with the codec server's help, or without. */
export interface Signaller {
  /** As the UI with its codec server: encrypted, for this request. */
  signal(requestId: string, ...args: readonly unknown[]): Promise<void>;
  /** As the `temporal` command without one. */
  signalInClear(requestId: string, ...args: readonly unknown[]): Promise<void>;
  /** What was encrypted for one request, sent to another. */
  signalCopied(requestId: string, from: string, ...args: readonly unknown[]): Promise<void>;
  /** What the UI shows under "Current Details". */
  details(requestId: string): Promise<string>;
  close(): Promise<void>;
}

export async function openSignaller({ context }: TestGateway, address: string): Promise<Signaller> {
  const { namespace } = context.config.temporal;
  const codec = createPayloadCodec({ keys: await loadPayloadKeys(context.secrets), namespace });
  const connection = await Connection.connect({ address });
  const dataConverter = createDataConverter(codec);
  const client = new Client({ connection, namespace, dataConverter });
  const inClear = new Client({ connection, namespace });
  const copying = (from: string): Client => {
    const workflowId = workflowIdOf(from);
    const boundTo = { type: 'workflow', namespace, workflowId } as const;
    const copied = {
      encode: (payloads: Parameters<typeof codec.encode>[0]) => codec.encode(payloads, boundTo),
      decode: codec.decode,
    };
    return new Client({ connection, namespace, dataConverter: createDataConverter(copied) });
  };
  const send = async (by: Client, requestId: string, args: readonly unknown[]): Promise<void> => {
    await by.workflow.getHandle(workflowIdOf(requestId)).signal('decide', ...args);
  };
  return {
    signal: (requestId, ...args) => send(client, requestId, args),
    signalInClear: (requestId, ...args) => send(inClear, requestId, args),
    signalCopied: (requestId, from, ...args) => send(copying(from), requestId, args),
    details: async (requestId) => {
      const handle = client.workflow.getHandle(workflowIdOf(requestId));
      const metadata: { currentDetails?: string } = await handle.query(
        '__temporal_workflow_metadata',
      );
      return metadata.currentDetails ?? '';
    },
    close: () => connection.close(),
  };
}
