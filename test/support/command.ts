import { spawn, spawnSync } from 'node:child_process';

export interface Said {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line as a process of its own; a server of the test's own can answer it meanwhile. */
export const runSallyport = (
  args: readonly string[],
  { env, input = '' }: { readonly env: NodeJS.ProcessEnv; readonly input?: string },
): Promise<Said> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['bin/sallyport.mjs', ...args], { env });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, ...said });
    });
    // It may have ended without reading.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });

/** util-linux's `script`, which lends a command a terminal. */
export const hasTerminal = spawnSync('script', ['--version']).status === 0;

/** The same at a terminal: what it says there, on either stream. */
export const atTerminal = (
  args: readonly string[],
  { env }: { readonly env: NodeJS.ProcessEnv },
): Promise<string> =>
  new Promise((resolve, reject) => {
    const command = [process.execPath, 'bin/sallyport.mjs', ...args].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], { env });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => {
      resolve(said);
    });
    child.stdin.on('error', () => undefined);
  });
