import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sqlitePlace } from './sqlite-place.ts';

const APPENDER = fileURLToPath(new URL('./appender.ts', import.meta.url));
const COUNT = 20;

/** A letter for each system call that matters: `w`rite to the WAL, `s`ync of the WAL, `a`cknowledgement. */
function orderIn(trace: string): string {
  return trace
    .split('\n')
    .map((line) => {
      if (/ pwrite64\(\d+<[^>]*-wal>/.test(line)) return 'w';
      if (/ f(data)?sync\(\d+<[^>]*-wal>/.test(line)) return 's';
      return / write\(1</.test(line) ? 'a' : '';
    })
    .join('');
}

// The kernel's own account of the order; without strace the setting itself is checked in `group commit`.
describe.runIf(spawnSync('strace', ['-f', 'true']).status === 0)('the SQLite store', () => {
  it('acknowledges an entry only after its fsync', async () => {
    const place = await sqlitePlace();
    const trace = join(place.folder, 'trace');
    const calls = ['-f', '-y', '-e', 'trace=pwrite64,write,fsync,fdatasync', '-o', trace];
    const appender = [process.execPath, APPENDER, place.file, 'a', String(COUNT), '1'];
    expect(spawnSync('strace', [...calls, ...appender]).status).toBe(0);
    const order = orderIn(readFileSync(trace, 'utf8'));
    expect(order.match(/w+s+a/g)).toHaveLength(COUNT);
    expect(order.match(/a/g)).toHaveLength(COUNT);
    await place.close();
  });
});
