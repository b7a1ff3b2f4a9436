import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '../../audit/checkpoint.ts';
import type { NoteSigner } from '../../audit/note.ts';
import { createPublisher } from '../../audit/publisher.ts';
import type { AuditLog, CheckpointSeen } from '../../ports/audit-log.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';

const ROOT_PREFIX_CHARS = 12;

export interface FolderAuditLogOptions {
  readonly folder: string;
  readonly store: Pick<Store, 'log'>;
  readonly signer: NoteSigner;
  /** How often new entries are published, ms. */
  readonly everyMs: number;
  readonly logger: Logger;
}

export interface FolderAuditLog extends AuditLog {
  /** Publishes what the store has now. Throws `log.unavailable`. */
  publish(): Promise<void>;
  /** Publishes new entries as they come, until the returned function is called (which publishes the rest). */
  start(): () => Promise<void>;
}

/** The last checkpoint in the folder, by its text alone: what people saw on a card need not be re-verified here. */
async function lastCheckpoint(folder: string, vkey: string): Promise<CheckpointSeen> {
  try {
    const note = await readFile(join(folder, 'checkpoint'), 'utf8');
    const { size, root } = openCheckpoint(note, vkey);
    const rootPrefix = Buffer.from(root).toString('base64').slice(0, ROOT_PREFIX_CHARS);
    return { size, rootPrefix };
  } catch {
    return { size: 0, rootPrefix: '' };
  }
}

/** The audit log as a folder of C2SP tlog-tiles, published from the store's entries. */
export function createFolderAuditLog(options: FolderAuditLogOptions): FolderAuditLog {
  const { folder, store, signer, logger } = options;
  const publisher = createPublisher({
    folder,
    signer,
    origin: signer.name,
    source: {
      head: async () => ({ size: await store.log.size() }),
      entries: (from, to) => store.log.leaves(from, to),
    },
  });
  let publishedSize = -1;
  let isFailing = false;

  async function publish(): Promise<void> {
    const { checkpoint } = await publisher.publish();
    publishedSize = checkpoint.size;
  }

  /** A folder that cannot be written is said once, not every half second. */
  async function tick(): Promise<void> {
    try {
      if ((await store.log.size()) !== publishedSize) await publish();
      if (isFailing) logger.info('the audit log is published again');
      isFailing = false;
    } catch (error) {
      if (!isFailing) logger.error('the audit log cannot be published', { error });
      isFailing = true;
    }
  }

  return {
    publish,
    checkpoint: () => lastCheckpoint(folder, signer.vkey),
    start: () => {
      let running: Promise<void> = Promise.resolve();
      const timer = setInterval(() => {
        running = running.then(tick);
      }, options.everyMs);
      return async () => {
        clearInterval(timer);
        await running;
        await tick();
      };
    },
  };
}
