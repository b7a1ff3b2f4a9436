import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSignerKey, parseSigner } from '../../src/audit/note.ts';
import { type TestLog, createTestLog, sampleEntries, scratchFolder } from '../audit/support.ts';

/** What golang.org/x/mod of test/independent/tlogcheck/go.mod asks for. */
const GO_MINOR_MIN = 26;
const BUILD_TIMEOUT_MS = 300_000;

/** Fills a tile of the second level, so that the log has tiles of three. */
const LONG = 70_000;
const KINDS = [
  'checkpoint',
  'tile/entries/000',
  'tile/entries/273.p/112',
  'tile/0/000',
  'tile/0/273.p/112',
  'tile/1/000',
  'tile/1/001.p/17',
  'tile/2/000.p/1',
];

const isCi = process.env['SALLYPORT_CI'] === '1';

function hasGo(): boolean {
  const { status, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  const minor = status === 0 ? /go1\.(\d+)/.exec(stdout)?.[1] : undefined;
  return minor !== undefined && Number(minor) >= GO_MINOR_MIN;
}

let program: string;

/** The verdict of a program that shares no line with ours. */
function judge(
  folder: string,
  vkey: string,
): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(program, [folder, vkey], { encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

/** Published by the product in uneven runs, as a log grows that is alive. */
async function grownLog(size: number, folder: string): Promise<TestLog> {
  const log = createTestLog(folder, generateSignerKey(`log.example/independent-${size}`));
  const all = sampleEntries(size);
  for (const part of [0.001, 0.13, 0.4, 0.401, 0.999, 1]) {
    for (const entry of all.slice(log.entries.length, Math.ceil(size * part)))
      log.entries.push(entry);
    await log.publish();
  }
  return log;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe.skipIf(!isCi && !hasGo())(
  `a verifier in Go that shares no code with ours (skipped: Go 1.${GO_MINOR_MIN} or newer is not on PATH)`,
  () => {
    const built = mkdtempSync(join(tmpdir(), 'sallyport-tlogcheck-'));
    let long: TestLog;

    beforeAll(async () => {
      program = join(built, 'tlogcheck');
      const cwd = join(import.meta.dirname, 'tlogcheck');
      execFileSync('go', ['build', '-buildvcs=false', '-o', program, '.'], {
        cwd,
        stdio: 'inherit',
      });
      long = await grownLog(LONG, mkdtempSync(join(built, 'log-')));
    }, BUILD_TIMEOUT_MS);

    afterAll(() => {
      rmSync(built, { recursive: true });
    });

    it.each([1, 2, 255, 256, 257, 600, LONG])(
      'agrees on size and root of a log of %i entries',
      async (size) => {
        const log = size === LONG ? long : await grownLog(size, scratchFolder());
        const { checkpoint } = await log.publish();
        expect(judge(log.folder, log.signer.vkey)).toEqual({
          status: 0,
          said: `ok ${size} ${base64(checkpoint.root)}\n`,
        });
      },
    );

    it.each(KINDS)('and refuses it after a change of one byte in %s', (path) => {
      const file = join(long.folder, path);
      const good = readFileSync(file);
      for (const at of [0, Math.floor(good.length / 2), good.length - 1]) {
        const bad = Buffer.from(good);
        bad[at]! ^= 1;
        writeFileSync(file, bad);
        expect(judge(long.folder, long.signer.vkey), `byte ${at}`).toMatchObject({ status: 1 });
      }
      writeFileSync(file, good);
      expect(judge(long.folder, long.signer.vkey)).toMatchObject({ status: 0 });
    });

    it('and refuses it for another key', () => {
      const other = parseSigner(generateSignerKey(long.signer.name));
      expect(judge(long.folder, other.vkey)).toMatchObject({ status: 1 });
    });
  },
);
