import { decodeBase64, encodeBase64 } from './base64.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { LogFormatError } from './format-error.ts';
import { createLogFiles } from './log-folder.ts';
import { HASH_BYTES, type Hash, inclusionProof, leafHash, verifyInclusion } from './merkle.ts';
import { readCheckpoint } from './signed-checkpoint.ts';
import { createHashReader, readBundle } from './tile-reader.ts';
import { TILE_WIDTH, widthAt } from './tiles.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';

/** A tree of 2^53 leaves needs no more. */
const PROOF_HASHES_MAX = 64;

export interface EntryProof {
  /** The leaf as it lies in the log; the proof is about these bytes. */
  readonly leaf: Uint8Array;
  /** The proof as C2SP tlog-proof writes it, to be kept as a `.tlog-proof` file; at most 2 KB. */
  readonly text: string;
}

/**
 * Proves from the log's folder that entry `index` is in the signed log, O(log n) files. Throws
 * LogFormatError when the log has no such entry yet, or does not hold together on the way to it.
 */
export async function proveEntry(folder: string, vkey: string, index: number): Promise<EntryProof> {
  const files = createLogFiles(folder);
  const signed = await readCheckpoint(files, vkey);
  if (signed === undefined) throw new LogFormatError('the log has no checkpoint');
  const { size } = signed.checkpoint;
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new LogFormatError(`the signed log has no entry ${index}`);
  }
  const position = Math.floor(index / TILE_WIDTH);
  const width = widthAt('entries', position, size);
  const bundle = await readBundle(files, { level: 'entries', index: position, width });
  const leaf = bundle.items[index % TILE_WIDTH] as Uint8Array;
  const proof = await inclusionProof(index, size, createHashReader(files, size));
  const lines = [HEADER, `index ${index}`, ...proof.map(encodeBase64)];
  const text = `${lines.join('\n')}\n\n${signed.note}`;
  // What is handed out to be kept for years is checked once as its reader will check it.
  checkProof(text, vkey, leaf);
  return { leaf, text };
}

/**
 * Checks a proof without the log: that the key's owner signed a log which has this leaf at the returned
 * index. Throws LogFormatError for anything else.
 */
export function checkProof(
  text: string,
  vkey: string,
  leaf: Uint8Array,
): { readonly index: number; readonly checkpoint: Checkpoint } {
  const { index, proof, note } = parseProof(text);
  const checkpoint = openCheckpoint(note, vkey);
  if (!verifyInclusion(index, checkpoint.size, leafHash(leaf), proof, checkpoint.root)) {
    throw new LogFormatError('the proof does not lead from this entry to the signed root');
  }
  return { index, checkpoint };
}

/** Splits a proof (C2SP tlog-proof, "Format") without trusting it. An `extra` line is skipped. */
function parseProof(text: string): { index: number; proof: Hash[]; note: string } {
  // The first empty line ends the proof; the checkpoint after it has one of its own.
  const blank = text.indexOf('\n\n');
  const [header, ...lines] = text.slice(0, Math.max(blank, 0)).split('\n');
  if (header !== HEADER) throw new LogFormatError('the proof does not begin as a tlog-proof');
  const extra = lines[0]?.startsWith('extra ') === true ? lines.shift() : undefined;
  if (extra !== undefined && decodeBase64(extra.slice('extra '.length)) === undefined) {
    throw new LogFormatError('the extra line of the proof is malformed');
  }
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined) throw new LogFormatError('the proof has no valid index line');
  if (lines.length > PROOF_HASHES_MAX) throw new LogFormatError('the proof has too many hashes');
  return { index: Number(index), proof: lines.map(parseHash), note: text.slice(blank + 2) };
}

function parseHash(line: string): Hash {
  const hash = decodeBase64(line);
  if (hash?.length !== HASH_BYTES) throw new LogFormatError('a hash of the proof is malformed');
  return hash;
}
