import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { CHECKPOINT_PATH, type LogFiles } from './log-folder.ts';
import { NOTE_LIMITS } from './note.ts';

export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The signed note, as in the folder. */
  readonly note: string;
}

/**
 * The checkpoint in a log's folder; undefined when there is none. Throws LogFormatError for one that is
 * there and that none of these keys signed: that is never the same as none.
 */
export async function readCheckpoint(
  files: LogFiles,
  vkeys: string | readonly string[],
): Promise<SignedCheckpoint | undefined> {
  const bytes = await files.read(CHECKPOINT_PATH, NOTE_LIMITS.noteMaxBytes);
  if (bytes === undefined) return undefined;
  return { checkpoint: openCheckpoint(bytes, vkeys), note: bytes.toString('utf8') };
}
