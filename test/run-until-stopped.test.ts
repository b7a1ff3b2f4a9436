import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const LIVES_ON = fileURLToPath(new URL('./lives-on.ts', import.meta.url));

/** As npm starts it: a shell between, which dies of a signal without passing it on. */
async function shellIsKilled(event: string): Promise<string> {
  const command = `"${process.execPath}" "${LIVES_ON}"; true`;
  const shell = spawn('sh', ['-c', command], {
    env: { ...process.env, npm_lifecycle_event: event },
    detached: true,
  });
  let said = '';
  for (const stream of [shell.stdout, shell.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  try {
    await expect.poll(() => said, { timeout: 20_000 }).toContain('running');
    shell.kill('SIGTERM');
    await sleep(2_500);
    return said;
  } finally {
    try {
      // The whole group, should it live on.
      process.kill(-shell.pid!, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
}

describe('a process whose parent was stopped', () => {
  it('stops as by a signal where npm started it', async () => {
    const said = await shellIsKilled('start');
    expect(said).toContain('Stopping');
    expect(said).toContain('Stopped.');
  });

  it('lives on otherwise, as a service does whose launcher has gone', async () => {
    expect(await shellIsKilled('')).not.toContain('Stopping');
  });
});
