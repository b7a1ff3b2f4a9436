import { createInterface } from 'node:readline/promises';
import { ERRORS, GatewayError } from '../core/errors.ts';

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Left-aligned columns, two blanks apart. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  for (const row of all) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** What went wrong and what to do, on standard error. */
export function reportError(error: unknown): void {
  const known =
    error instanceof GatewayError
      ? error
      : new GatewayError('internal.unexpected', { cause: error });
  const { title, remedy } = ERRORS[known.code];
  const lines = [
    `${known.code}: ${title}`,
    ...(known.detail === undefined ? [] : [known.detail]),
    ...(error instanceof GatewayError || !(error instanceof Error) ? [] : [error.message]),
    remedy,
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

export const isInteractive = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

export async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

/** A value that is not shown while it is typed, or all of standard input when that is a pipe. */
export async function readHidden(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8').trim();
  }
  const { Writable } = await import('node:stream');
  const muted = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  process.stdout.write(question);
  const terminal = createInterface({ input: process.stdin, output: muted, terminal: true });
  try {
    return (await terminal.question('')).trim();
  } finally {
    terminal.close();
    print();
  }
}
