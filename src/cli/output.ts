import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { visible } from '../core/card-text.ts';
import { ERRORS } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { type Fit, fitRows, widthsOf } from './fit-table.ts';
import { terminalRemedy } from './terminal-remedy.ts';

/** What a command cannot do for a reason of its own, which no code of the API says. */
export class CommandError extends Error {
  /** One sentence: what the reader does now. */
  readonly remedy: string;

  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'CommandError';
    this.remedy = remedy;
  }
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** For people beside an answer that a program reads from standard output. */
export function printAside(line = ''): void {
  process.stderr.write(`${line}\n`);
}

/** Rows of the store that do not open, beside a list of those that do. */
export function sayDamaged(ids: readonly string[]): void {
  if (ids.length === 0) return;
  printAside(
    `Damaged, so not shown and not acted on: ${ids.map(oneLine).join(', ')}. Somebody or something changed the store: docs/playbook.md.`,
  );
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** One line of text that cannot steer the terminal: names of records come from outside. */
export const oneLine = (text: string): string => visible(text.replace(/\s+/g, ' '));

/** Of the terminal that reads the stream; undefined for a file or a program, which get everything whole. */
export const columnsOf = (stream: NodeJS.WriteStream): number | undefined =>
  stream.isTTY && stream.columns > 0 ? stream.columns : undefined;

/**
 * Left-aligned columns, two blanks apart, one line for each row. `cut`: the columns that give way where a terminal is
 * too narrow for all.
 */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  cut: Fit['cut'] = [],
): void {
  const whole = [head, ...rows.map((row) => row.map(oneLine))];
  const all = fitRows(whole, { width: columnsOf(process.stdout), cut });
  const widths = widthsOf(all);
  for (const row of all) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

function errorLines(error: unknown): readonly (string | undefined)[] {
  if (error instanceof GatewayError) {
    return [`${error.code}: ${ERRORS[error.code].title}`, error.detail, terminalRemedy(error.code)];
  }
  if (error instanceof CommandError) return [error.message, error.remedy];
  // Ctrl+C and Ctrl+D at a question (`node:readline`).
  if (error instanceof Error && error.name === 'AbortError') return ['Stopped; nothing was done.'];
  const message = error instanceof Error ? error.message : String(error);
  return [
    `internal.unexpected: ${ERRORS['internal.unexpected'].title}`,
    message,
    terminalRemedy('internal.unexpected'),
  ];
}

/** What went wrong and what to do, on standard error. */
export function reportError(error: unknown): void {
  const lines = errorLines(error).filter((line) => line !== undefined);
  for (const line of lines) printAside(visible(line));
}

export const isInteractive = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

export async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

/** The line break that ends what was typed or piped in is no part of it; everything else is. */
const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, '');

/** A value that is not shown while it is typed, or all of standard input when that is a pipe. */
export async function readHidden(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return withoutLastBreak(Buffer.concat(chunks).toString('utf8'));
  }
  const muted = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  process.stderr.write(question);
  const terminal = createInterface({ input: process.stdin, output: muted, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    printAside();
  }
}
