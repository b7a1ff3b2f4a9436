import { GatewayError } from '../core/gateway-error.ts';
import { type Checkpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { InconsistentLogError, LogFormatError } from './format-error.ts';
import { CHECKPOINT_PATH, type LogFolder, TEMPORARY_PATH, createLogFolder } from './log-folder.ts';
import { type Hash, consistencyProof, rootOf, sameHash, verifyConsistency } from './merkle.ts';
import { type NoteSigner, parseVerifier } from './note.ts';
import { type SignedCheckpoint, readCheckpoint } from './signed-checkpoint.ts';
import { createHashReader, readHashTile } from './tile-reader.ts';
import { type TreeEdge, growTree } from './tree-edge.ts';
import { TILE_LEVELS, TILE_WIDTH, edgeTiles, hashesAt, partialsPath, rootOfEdge } from './tiles.ts';

/** Where the entries come from: the SQL store, in which they are sequenced for good. */
export interface LogSource {
  /** How many entries are sequenced; never fewer than before. */
  head(): Promise<{ readonly size: number }>;
  /** The leaves `from` to `to` (exclusive), in order; the same bytes every time. */
  entries(from: number, to: number): Promise<readonly Uint8Array[]>;
}

export interface PublisherDeps {
  /** The log's folder; made when it is not there. One publisher at a time writes into it. */
  readonly folder: string;
  readonly source: LogSource;
  readonly signer: NoteSigner;
  /** The log's identity; the same as the signer's name. */
  readonly origin: string;
  /** Verifier keys that may have signed the checkpoint in the folder before the present one did. */
  readonly formerVkeys?: readonly string[];
}

export interface Publisher {
  /**
   * Brings the folder up to the store's head and signs it; the answer covers every entry sequenced
   * before the call. One run at a time: callers during a run share the next one. O(new entries + log n),
   * and killing it anywhere leaves a folder that verifies and that the next run completes.
   *
   * Throws `log.unavailable`. When its cause is an InconsistentLogError, store and folder contradict
   * each other and nothing is signed until a person has looked.
   */
  publish(): Promise<SignedCheckpoint>;
  /**
   * The checkpoint in the folder, undefined before the first. It is one of ours, not behind what this
   * publisher signed, and not ahead of the store; throws as `publish` does.
   */
  last(): Promise<SignedCheckpoint | undefined>;
}

/** Throws `config.invalid` for keys of another log, LogFormatError for one that is none. */
export function createPublisher(deps: PublisherDeps): Publisher {
  const formerNames = (deps.formerVkeys ?? []).map((vkey) => parseVerifier(vkey).name);
  if ([deps.signer.name, ...formerNames].some((name) => name !== deps.origin)) {
    throw new GatewayError('config.invalid', { detail: "the log's origin is not its key's name" });
  }
  const folder = createLogFolder(deps.folder);
  let newest: Checkpoint | undefined;
  let running: Promise<SignedCheckpoint> | undefined;
  let waiting: Promise<SignedCheckpoint> | undefined;

  async function run(): Promise<SignedCheckpoint> {
    const signed = await publishOnce(deps, folder, newest);
    newest = signed.checkpoint;
    return signed;
  }

  function start(): Promise<SignedCheckpoint> {
    waiting = undefined;
    running = run()
      .catch((error: unknown) => {
        throw asUnavailable(error);
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  return {
    publish() {
      if (running === undefined) return start();
      // The run under way may have read the head before the caller's entry was sequenced.
      waiting ??= running.then(start, start);
      return waiting;
    },
    async last() {
      try {
        const last = await lastSigned(deps, folder, newest);
        // In this order: the store only grows, so what was signed before is in it.
        if (last !== undefined) await headFrom(deps, last.checkpoint.size);
        return last;
      } catch (error) {
        throw asUnavailable(error);
      }
    },
  };
}

async function publishOnce(
  deps: PublisherDeps,
  folder: LogFolder,
  newest: Checkpoint | undefined,
): Promise<SignedCheckpoint> {
  await folder.removeFolder(TEMPORARY_PATH);
  const last = await lastSigned(deps, folder, newest);
  const from = last?.checkpoint.size ?? 0;
  const edge = await loadEdge(folder, last?.checkpoint);
  const size = await headFrom(deps, from);
  if (last !== undefined && size === from) return last;
  const grown = await growTree(folder, deps.source, edge, size);
  // The tiles are on disk before anything claims them.
  await folder.sync();
  const checkpoint = { origin: deps.origin, size, root: rootOfEdge(grown.levels) };
  await assertExtends(folder, last?.checkpoint, checkpoint);
  const note = signCheckpoint(checkpoint, [deps.signer]);
  openCheckpoint(note, deps.signer.vkey);
  await folder.replace(CHECKPOINT_PATH, Buffer.from(note, 'utf8'));
  await prunePartials(folder, from, size);
  return { checkpoint, note };
}

/** The store's head, which never lies before what was signed. */
async function headFrom({ source }: PublisherDeps, from: number): Promise<number> {
  const { size } = await source.head();
  if (size >= from) return size;
  throw new InconsistentLogError(CHECKPOINT_PATH, `signs ${from} entries, the store has ${size}`);
}

async function lastSigned(
  { signer, formerVkeys = [] }: PublisherDeps,
  folder: LogFolder,
  newest: Checkpoint | undefined,
): Promise<SignedCheckpoint | undefined> {
  const reading = readCheckpoint(folder, [signer.vkey, ...formerVkeys]);
  const last = await reading.catch((error: unknown) => {
    throw asInconsistent(CHECKPOINT_PATH, error);
  });
  assertNotBehind(last?.checkpoint, newest);
  return last;
}

/** Who writes both store and folder under a running gateway could otherwise take back what it signed. */
function assertNotBehind(last: Checkpoint | undefined, newest: Checkpoint | undefined): void {
  if (newest === undefined || (last !== undefined && last.size > newest.size)) return;
  if (last?.size === newest.size && sameHash(last.root, newest.root)) return;
  const found = last === undefined ? 'is gone' : `signs ${last.size} entries or another history`;
  const problem = `${found}, this process has signed ${newest.size}`;
  throw new InconsistentLogError(CHECKPOINT_PATH, problem);
}

/** The right edge of the published tree, read from disk and held against what was signed. */
async function loadEdge(folder: LogFolder, checkpoint: Checkpoint | undefined): Promise<TreeEdge> {
  const size = checkpoint?.size ?? 0;
  const levels = Array.from({ length: TILE_LEVELS }, (): readonly Hash[] => []);
  for (const tile of edgeTiles(size)) {
    const read = readHashTile(folder, tile);
    const { items } = await read.catch((error: unknown) => {
      throw asInconsistent(CHECKPOINT_PATH, error);
    });
    levels[Number(tile.level)] = items;
  }
  if (!sameHash(rootOfEdge(levels), checkpoint?.root ?? rootOf([]))) {
    throw new InconsistentLogError(CHECKPOINT_PATH, 'signs another root than the tiles have');
  }
  return { size, levels };
}

/**
 * The last gate before the signature: a proof, made from the tiles as they lie on disk, that the new
 * tree extends the signed one. A log that signs two histories can never take either back.
 */
async function assertExtends(
  folder: LogFolder,
  last: Checkpoint | undefined,
  next: Checkpoint,
): Promise<void> {
  if (last === undefined || last.size === 0) return;
  const proof = await consistencyProof(last.size, next.size, createHashReader(folder, next.size));
  if (!verifyConsistency(last.size, next.size, proof, last.root, next.root)) {
    throw new InconsistentLogError(CHECKPOINT_PATH, 'the new tree does not extend the signed one');
  }
}

/** Removes partial tiles that have become full; without this a busy log would mostly be these. */
async function prunePartials(folder: LogFolder, from: number, to: number): Promise<void> {
  const levels = Array.from({ length: TILE_LEVELS }, (_, level) => level);
  for (const level of ['entries', ...levels] as const) {
    const edge = Math.floor(hashesAt(level, from) / TILE_WIDTH);
    // The one before is from a run that was killed between its checkpoint and this.
    for (const index of [edge - 1, edge]) {
      const isFull = hashesAt(level, to) >= (index + 1) * TILE_WIDTH;
      if (index >= 0 && isFull) await folder.removeFolder(partialsPath(level, index));
    }
  }
}

function asInconsistent(place: string, error: unknown): unknown {
  return error instanceof LogFormatError ? new InconsistentLogError(place, error.message) : error;
}

function asUnavailable(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const isContradiction = error instanceof InconsistentLogError;
  const detail = isContradiction
    ? 'The published log and the store contradict each other.'
    : undefined;
  return new GatewayError('log.unavailable', { cause: error, detail });
}
