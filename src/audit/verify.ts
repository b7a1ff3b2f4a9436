import { awaitSigned, hasWholeTileBeyond } from './await-signed.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { type Finding, type Findings, createFindings } from './findings.ts';
import { LogFormatError } from './format-error.ts';
import { CHECKPOINT_PATH, type LogFiles, createLogFiles } from './log-folder.ts';
import { consistencyProof, rootOf, sameHash, verifyConsistency } from './merkle.ts';
import { parseVerifier } from './note.ts';
import { readCheckpoint } from './signed-checkpoint.ts';
import { createHashReader } from './tile-reader.ts';
import { checkTree } from './verify-tree.ts';
import { type Unsigned, checkUnsigned } from './verify-unsigned.ts';

export interface VerifyOptions {
  readonly folder: string;
  /**
   * The log's public key, from anywhere but the folder; several when it was rotated. Each may have
   * signed the checkpoint, so none that leaked belongs here.
   */
  readonly vkey: string | readonly string[];
  /** A signed checkpoint seen earlier, which this log has to extend. */
  readonly since?: string | undefined;
  /**
   * Waits for the signature when whole tiles lie beyond the checkpoint: it is a finding when neither
   * moves for this long. Without it, unsigned tiles are listed and never a finding.
   */
  readonly patienceMs?: number;
  /** Called after each bundle of entries. */
  readonly onProgress?: (progress: { readonly entries: number; readonly size: number }) => void;
}

export interface VerifyReport {
  /** True when nothing at all was found. */
  readonly ok: boolean;
  /** What is signed; absent when no valid checkpoint was found, and nothing else was checked then. */
  readonly checkpoint: Checkpoint | undefined;
  /** Entries in the signed log. */
  readonly size: number;
  readonly findings: readonly Finding[];
  /** Further findings, beyond the 1,000 in the list. */
  readonly findingsOmitted: number;
  /**
   * Tiles beyond the checkpoint (at most 1,000 are listed): of a publisher that has not signed them
   * yet or was stopped before it could, or of someone who put an older checkpoint back. `since` tells
   * the two apart, and so does `patienceMs` beside a running publisher.
   */
  readonly unsigned: readonly string[];
  /** Entries in these tiles, from `size` on. */
  readonly unsignedEntries: number;
}

/**
 * Verifies a log from its folder and its public key alone: the signature, every entry against every
 * hash of every level up to the signed root, that nothing is missing, torn or foreign, that entries
 * are canonical JSON, and, with `since`, that nothing signed then was changed or removed.
 *
 * Linear in the log and in constant memory. What is wrong with the log is in the report; throws
 * LogFormatError only for a `vkey` that is none.
 */
export async function verifyLog(options: VerifyOptions): Promise<VerifyReport> {
  for (const vkey of [options.vkey].flat()) parseVerifier(vkey);
  const files = createLogFiles(options.folder);
  const findings = createFindings();
  const checkpoint = await findings.attempt(CHECKPOINT_PATH, signedCheckpoint(files, options.vkey));
  let unsigned: Unsigned = { paths: [], entries: 0 };
  if (checkpoint !== undefined) {
    const { size, root } = checkpoint;
    const onEntries = (entries: number) => options.onProgress?.({ entries, size });
    await checkTree({ files, size, root, findings, onEntries });
    unsigned = await checkUnsigned({ files, size, findings });
    if (options.since !== undefined) {
      await checkSince(files, findings, checkpoint, options.since, options.vkey);
    }
    await checkCovered(options, files, findings, checkpoint, unsigned.entries);
  }
  return {
    ok: findings.list.length === 0,
    checkpoint,
    size: checkpoint?.size ?? 0,
    findings: findings.list,
    findingsOmitted: findings.omitted(),
    unsigned: unsigned.paths,
    unsignedEntries: unsigned.entries,
  };
}

async function signedCheckpoint(files: LogFiles, vkey: VerifyOptions['vkey']): Promise<Checkpoint> {
  const signed = await readCheckpoint(files, vkey);
  if (signed === undefined) throw new LogFormatError('is missing');
  return signed.checkpoint;
}

async function checkSince(
  files: LogFiles,
  findings: Findings,
  now: Checkpoint,
  sinceNote: string,
  vkey: VerifyOptions['vkey'],
): Promise<void> {
  const opening = Promise.resolve(sinceNote).then((note) => openCheckpoint(note, vkey));
  const since = await findings.attempt('since', opening);
  if (since === undefined) return;
  if (now.size < since.size) {
    const problem = `signs ${now.size} entries, an earlier checkpoint ${since.size}: rolled back`;
    findings.add(CHECKPOINT_PATH, problem);
  } else if (!(await isExtension(files, since, now))) {
    const problem = `does not extend the earlier checkpoint of ${since.size} entries`;
    findings.add(CHECKPOINT_PATH, problem);
  }
}

/** What is found already needs no waiting for. */
async function checkCovered(
  { vkey, patienceMs }: VerifyOptions,
  files: LogFiles,
  findings: Findings,
  now: Checkpoint,
  entries: number,
): Promise<void> {
  const end = now.size + entries;
  const isWaiting = patienceMs !== undefined && findings.list.length === 0;
  if (!isWaiting || !hasWholeTileBeyond(now.size, end)) return;
  const read = () => signedCheckpoint(files, vkey);
  const awaiting = awaitSigned({ files, read, end, patienceMs });
  const isFine = await findings.attempt(
    CHECKPOINT_PATH,
    awaiting.then((later) => later !== undefined && isExtension(files, now, later)),
  );
  if (isFine !== false) return;
  const problem = `leaves ${entries} entries after it that no checkpoint covers which extends it`;
  findings.add(CHECKPOINT_PATH, problem);
}

async function isExtension(files: LogFiles, since: Checkpoint, now: Checkpoint): Promise<boolean> {
  if (since.size === 0) return sameHash(since.root, rootOf([]));
  const reader = createHashReader(files, now.size);
  const proof = await consistencyProof(since.size, now.size, reader).catch(() => undefined);
  return (
    proof !== undefined && verifyConsistency(since.size, now.size, proof, since.root, now.root)
  );
}
