import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A log longer than this is set aside as `<name>.1` at the next start; one old log is kept. */
const LOG_BYTES_MAX = 10 * 1024 * 1024;
const TAIL_CHARS_MAX = 4_000;
const TAIL_LINES_MAX = 10;

export interface ChildLog {
  write(chunk: Buffer): void;
  /** The last lines written, for the error of a child that ended too early. */
  tail(): string;
  close(): void;
}

/** Appends to `path`, readable by this user alone. A full disk loses log lines and stops nothing. */
export async function openChildLog(path: string): Promise<ChildLog> {
  await mkdir(dirname(path), { recursive: true });
  if ((await bytesOf(path)) > LOG_BYTES_MAX) await rename(path, `${path}.1`);
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  file.on('error', () => undefined);
  let recent = '';
  return {
    write: (chunk) => {
      recent = (recent + chunk.toString('utf8')).slice(-TAIL_CHARS_MAX);
      file.write(chunk);
    },
    tail: () => recent.trimEnd().split('\n').slice(-TAIL_LINES_MAX).join('\n'),
    close: () => {
      file.end();
    },
  };
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
