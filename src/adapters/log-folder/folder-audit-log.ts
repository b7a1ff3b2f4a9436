import { InconsistentLogError } from '../../audit/format-error.ts';
import type { NoteSigner } from '../../audit/note.ts';
import { proveEntry } from '../../audit/proof.ts';
import { createPublisher } from '../../audit/publisher.ts';
import type { SignedCheckpoint } from '../../audit/signed-checkpoint.ts';
import { verifyLog } from '../../audit/verify.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { AuditLog, CheckpointSeen, EntryProven } from '../../ports/audit-log.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';

const ROOT_PREFIX_CHARS = 12;

const CONTRADICTION =
  'store and log contradict each other: nothing is published, and no card is made, until a person ' +
  'has looked and this process is started again; keep both as they are (docs/operations.md)';

export interface FolderAuditLogOptions {
  readonly folder: string;
  readonly store: Pick<Store, 'log'>;
  readonly signer: NoteSigner;
  /** Verifier keys of this log that were rotated out; the folder's checkpoint may still be of one. */
  readonly formerVkeys?: readonly string[];
  /** How often new entries are published, ms. */
  readonly everyMs: number;
  readonly logger: Logger;
}

/**
 * Store and folder that contradict each other are an incident and no disk error: it is said once, at
 * error level, and from then on every method throws it until the process is started again.
 */
export interface FolderAuditLog extends AuditLog {
  /** Publishes what the store has now. Throws `log.unavailable`. */
  publish(): Promise<void>;
  /** Publishes new entries as they come, until the returned function is called (which publishes the rest). */
  start(): () => Promise<void>;
}

function seen(signed: SignedCheckpoint | undefined): CheckpointSeen {
  if (signed === undefined) return { size: 0, rootPrefix: '' };
  const { size, root } = signed.checkpoint;
  return { size, rootPrefix: Buffer.from(root).toString('base64').slice(0, ROOT_PREFIX_CHARS) };
}

/** The contradiction behind an error, when it is one. */
function contradictionIn(error: unknown): InconsistentLogError | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof InconsistentLogError ? cause : undefined;
}

async function prove(folder: string, vkey: string, index: number): Promise<EntryProven> {
  try {
    const { leaf, text } = await proveEntry(folder, vkey, index);
    return { leaf, proof: text, vkey };
  } catch (cause) {
    throw new GatewayError('log.unavailable', { cause });
  }
}

/** Says the first contradiction, and lets nothing run after it. */
function createGuard(logger: Logger) {
  let closedBy: { readonly error: unknown } | undefined;

  function notice(error: unknown): void {
    const found = contradictionIn(error);
    if (found === undefined || closedBy !== undefined) return;
    closedBy = { error };
    logger.error(CONTRADICTION, { place: found.place, error: found });
  }

  return {
    isClosed: () => closedBy !== undefined,
    async run<T>(work: () => Promise<T>): Promise<T> {
      if (closedBy !== undefined) throw closedBy.error;
      try {
        return await work();
      } catch (error) {
        notice(error);
        throw error;
      }
    },
  };
}

/** The audit log as a folder of C2SP tlog-tiles, published from the store's entries. */
export function createFolderAuditLog(options: FolderAuditLogOptions): FolderAuditLog {
  const { folder, store, signer, formerVkeys = [], logger } = options;
  const publisher = createPublisher({
    folder,
    signer,
    formerVkeys,
    origin: signer.name,
    source: {
      head: async () => ({ size: await store.log.size() }),
      entries: (from, to) => store.log.leaves(from, to),
    },
  });
  let publishedSize = -1;
  let isFailing = false;
  const guard = createGuard(logger);
  const last = (): Promise<SignedCheckpoint | undefined> => guard.run(() => publisher.last());

  async function publish(): Promise<void> {
    const { checkpoint } = await guard.run(() => publisher.publish());
    publishedSize = checkpoint.size;
  }

  /** A folder that cannot be written is said once, not every half second. */
  async function tick(): Promise<void> {
    if (guard.isClosed()) return;
    try {
      if ((await store.log.size()) === publishedSize) await last();
      else await publish();
      if (isFailing) logger.info('the audit log is published again');
      isFailing = false;
    } catch (error) {
      const isNews = !isFailing && contradictionIn(error) === undefined;
      if (isNews) logger.error('the audit log cannot be published', { error });
      isFailing = true;
    }
  }

  return {
    publish,
    checkpoint: async () => seen(await last()),
    prove: async (index) => {
      const size = (await last())?.checkpoint.size ?? 0;
      return index < size ? prove(folder, signer.vkey, index) : undefined;
    },
    note: async () => (await last())?.note,
    verify: async (since) => {
      const vkey = [signer.vkey, ...formerVkeys];
      const { size, findings } = await verifyLog({ folder, vkey, since });
      return { size, findings: findings.map(({ place, problem }) => `${place} ${problem}`) };
    },
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
