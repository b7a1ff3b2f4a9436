import { decodeBase64, encodeBase64 } from './base64.ts';
import { LogFormatError } from './format-error.ts';
import { HASH_BYTES, type Hash, isSize } from './merkle.ts';
import { type NoteSigner, openNote, parseVerifier, signNote } from './note.ts';

/** What a log says of itself at one size (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** The log's identity; for our logs also the name of the signing key. */
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** RFC 6962 Merkle Tree Hash of the first `size` entries. */
  readonly root: Hash;
  /** Opaque further lines; ours has none. */
  readonly extensions?: readonly string[];
}

/** The note text of a checkpoint. Throws LogFormatError when it would not read back as given. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions = [] } = checkpoint;
  const text = [origin, String(size), encodeBase64(root), ...extensions, ''].join('\n');
  const back = parseCheckpoint(text);
  if (back.origin !== origin || back.extensions?.length !== extensions.length) {
    throw new LogFormatError('a checkpoint line has a newline in it');
  }
  return text;
}

/** Reads the note text of a checkpoint, without trusting it. Throws LogFormatError. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new LogFormatError('the checkpoint does not end in a newline');
  const [origin, sizeLine, rootLine, ...extensions] = lines;
  if (origin === undefined || sizeLine === undefined || rootLine === undefined) {
    throw new LogFormatError('the checkpoint has fewer than three lines');
  }
  if (lines.includes('')) throw new LogFormatError('the checkpoint has an empty line');
  const size = /^(0|[1-9][0-9]{0,15})$/.test(sizeLine) ? Number(sizeLine) : NaN;
  if (!isSize(size)) throw new LogFormatError('the checkpoint has no valid tree size');
  const root = decodeBase64(rootLine);
  if (root?.length !== HASH_BYTES) throw new LogFormatError('the checkpoint has no valid root');
  return { origin, size, root, extensions };
}

/**
 * Signs a checkpoint with one key, or with several while one replaces another. The caller has made
 * sure that it extends every checkpoint signed before.
 */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  return signNote(formatCheckpoint(checkpoint), signers);
}

/**
 * The checkpoint in a signed note, if one of the given verifier keys signed it. Its origin must be that
 * key's name: otherwise a checkpoint of another log of the same owner could stand in for this one.
 * Throws LogFormatError.
 */
export function openCheckpoint(
  note: string | Uint8Array,
  vkeys: string | readonly string[],
): Checkpoint {
  const verifiers = [vkeys].flat().map(parseVerifier);
  const checkpoint = parseCheckpoint(openNote(note, verifiers));
  if (!verifiers.every((verifier) => verifier.name === checkpoint.origin)) {
    throw new LogFormatError('the checkpoint has another origin than the key');
  }
  return checkpoint;
}
