import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCheckpoint } from '../audit/checkpoint.ts';
import { createLogFiles } from '../audit/log-folder.ts';
import { readBundle } from '../audit/tile-reader.ts';
import { TILE_WIDTH, widthAt } from '../audit/tiles.ts';
import { type AuditEntry, AuditEntrySchema } from '../contracts/audit-entry.ts';
import type { StoreFile } from './store-file.ts';
import { until } from './wait.ts';

const PUBLISHED_WITHIN_MS = 20_000;

/** The scratch gateway's log as outsiders have it: the published folder and nothing else. */
export interface PublishedLog {
  readonly folder: string;
  /** The signed checkpoint as it lies there. */
  checkpoint(): string;
  /** The published leaves, once everything is published that was in the store when this was asked. */
  leaves(): Promise<readonly Uint8Array[]>;
  entries(): Promise<readonly AuditEntry[]>;
  entriesOf(requestId: string): Promise<readonly AuditEntry[]>;
}

export function createPublishedLog(folder: string, store: StoreFile): PublishedLog {
  const files = createLogFiles(folder);
  const checkpoint = (): string => readFileSync(join(folder, 'checkpoint'), 'utf8');
  /** What is read here is held against the signature by the guarantees of law 11. */
  function publishedSize(): number {
    const text = checkpoint();
    return parseCheckpoint(text.slice(0, text.indexOf('\n\n') + 1)).size;
  }
  const storedSize = (): number =>
    Number(store.all('SELECT count(*) AS size FROM log_entries')[0]?.['size'] ?? 0);

  async function bundles(size: number): Promise<readonly Uint8Array[]> {
    const leaves: Uint8Array[] = [];
    for (let index = 0; index * TILE_WIDTH < size; index += 1) {
      const width = widthAt('entries', index, size);
      leaves.push(...(await readBundle(files, { level: 'entries', index, width })).items);
    }
    return leaves;
  }

  async function leaves(): Promise<readonly Uint8Array[]> {
    const stored = storedSize();
    return until(
      'the log is published',
      async () => {
        try {
          const size = publishedSize();
          return size < stored ? undefined : await bundles(size);
        } catch {
          // The publisher is just replacing what was looked for.
          return undefined;
        }
      },
      PUBLISHED_WITHIN_MS,
    );
  }

  const entries = async (): Promise<readonly AuditEntry[]> =>
    (await leaves()).map((leaf) =>
      AuditEntrySchema.parse(JSON.parse(new TextDecoder().decode(leaf))),
    );
  return {
    folder,
    checkpoint,
    leaves,
    entries,
    entriesOf: async (requestId) =>
      (await entries()).filter(({ request_id }) => request_id === requestId),
  };
}
