import { fileURLToPath } from 'node:url';
import type { DataConverter, PayloadCodec } from '@temporalio/common';

/** For the workflow bundler, which needs the converter's path but no codec. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(
  new URL('./failure-converter.ts', import.meta.url),
);

/**
 * The one data converter of client, worker and codec server. The failure converter without the codec
 * would leave messages as readable JSON, the codec without it would never see them.
 */
export function createDataConverter(codec: PayloadCodec): DataConverter {
  return { payloadCodecs: [codec], failureConverterPath: FAILURE_CONVERTER_PATH };
}
