import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createLogFiles, walk } from '../audit/log-folder.ts';
import { verifyLog } from '../audit/verify.ts';
import type { Law, Tally } from './guarantee.ts';
import { approveSurely, ended, submitWrite, submitWrites } from './moves.ts';
import type { Rig } from './rig.ts';
import { untilTrue } from './wait.ts';
import { NotApplicableError } from './unproven.ts';

const FILES_CHANGED_MAX = 40;
/** After ten seconds without a publication nothing begins; and some to spare. */
const STALLED_AFTER_MS = 11_500;
const WOULD_BE_SENT_BY_MS = 2_500;

async function verifies(rig: Rig, tally: Tally): Promise<void> {
  const { length } = await rig.log.leaves();
  const { findings, size } = await verifyLog({ folder: rig.log.folder, vkey: rig.logKey });
  tally.sure(size >= length, `${size} entries are signed and ${length} are published`);
  for (let i = 0; i < size; i += 1) tally.held(true, '');
  for (const { place, problem } of findings) tally.held(false, `${place}: ${problem}`);
  const { status, out } = await rig.command('audit', 'verify');
  tally.held(status === 0, `npx sallyport audit verify: ${out}`);
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path, kind } of walk(createLogFiles(folder)))
    if (kind === 'file') paths.push(path);
  return paths;
}

/** Of a copy, so that the log itself stays whole. */
async function withCopy(rig: Rig, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = join(rig.scratch.folder, 'log-copy');
  await rig.log.leaves();
  // What the publisher is just replacing is copied anew until the copy is whole.
  await untilTrue('a copy of the log verifies', async () => {
    rmSync(folder, { recursive: true, force: true });
    try {
      cpSync(rig.log.folder, folder, { recursive: true });
    } catch {
      return false;
    }
    return (await verifyLog({ folder, vkey: rig.logKey })).ok;
  });
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const kindOf = (path: string): string => path.replaceAll(/x?\d{3}/g, '').replace(/\d+$/, '');

async function everyChangeIsFound(rig: Rig, tally: Tally): Promise<void> {
  await withCopy(rig, async (folder) => {
    const all = rig.random.some(await filesOf(folder), Number.MAX_SAFE_INTEGER);
    // One of each kind at least, then as many as there is time for.
    const kinds = new Map(all.map((path) => [kindOf(path), path]));
    const chosen = new Set([...kinds.values(), ...all.slice(0, FILES_CHANGED_MAX)]);
    for (const path of chosen) {
      const good = readFileSync(join(folder, path));
      const bad = Buffer.from(good);
      const at = rig.random.integer(bad.length);
      bad[at] = (bad[at] ?? 0) ^ (1 << rig.random.integer(8));
      writeFileSync(join(folder, path), bad);
      const { ok } = await verifyLog({ folder, vkey: rig.logKey });
      tally.held(!ok, `byte ${at} of ${path} was changed and nothing was found`);
      writeFileSync(join(folder, path), good);
    }
  });
}

async function extendsWhatWasSeen(rig: Rig, tally: Tally): Promise<void> {
  await withCopy(rig, async (folder) => {
    const since = rig.firstCheckpoint;
    const now = await verifyLog({ folder, vkey: rig.logKey, since });
    tally.held(now.ok, 'the log does not extend its own beginning');
    const newest = readFileSync(join(folder, 'checkpoint'), 'utf8');
    tally.sure(newest !== since, 'the log has not grown since its beginning');
    writeFileSync(join(folder, 'checkpoint'), since);
    const cut = await verifyLog({ folder, vkey: rig.logKey, since: newest });
    tally.held(!cut.ok, 'a log that was set back to its beginning is not found out');
  });
}

const LogRowSchema = z.object({
  idx: z.number(),
  event: z.string(),
  leaf: z.instanceof(Uint8Array),
});

/** A log can be whole and leave things out: what the store has must be in it, each at its place. */
async function nothingLeftOut(rig: Rig, tally: Tally): Promise<void> {
  const published = await rig.log.leaves();
  const stored = rig.store.all('SELECT idx, event, leaf FROM log_entries ORDER BY idx');
  for (const row of stored) {
    const { idx, event, leaf } = LogRowSchema.parse(row);
    if (idx >= published.length) continue;
    const isSame = Buffer.from(published[idx] ?? []).equals(leaf);
    tally.held(isSame, `entry ${idx} (${event}) is not published as it was written`);
  }
}

/** What HubSpot itself saw happen is told by an entry: of its effects, each names its request's. */
async function everyEffectIsTold(rig: Rig, tally: Tally): Promise<void> {
  const effects = (await rig.simulator.effects()).filter(({ source }) => source === 'api');
  const entries = await rig.log.entries();
  const intents = entries.filter(({ facts }) => facts['purpose'] === 'execute');
  for (let i = 0; i < effects.length; i += 1)
    tally.held(
      i < intents.length,
      `HubSpot has ${effects.length} changes, the log tells of ${intents.length}`,
    );
}

async function nothingPersonal(rig: Rig, tally: Tally): Promise<void> {
  const words = ['bluebell', 'prove-requester', '@prove.test', '@acme.test', 'prove-0'];
  await rig.log.leaves();
  for (const path of await filesOf(rig.log.folder)) {
    let text: string;
    try {
      text = readFileSync(join(rig.log.folder, path), 'latin1');
    } catch {
      continue;
    }
    for (const word of words) tally.held(!text.includes(word), `"${word}" is in ${path} in clear`);
  }
}

async function unseenIsNotSent(rig: Rig, tally: Tally): Promise<void> {
  if (process.getuid?.() === 0)
    throw new NotApplicableError(
      'this runs as root, who may write into any folder; L01.4 takes the right to write away in another way',
    );
  const [waiting] = await submitWrites(rig, 1);
  if (waiting === undefined) return;
  await rig.log.leaves();
  chmodSync(rig.log.folder, 0o500);
  try {
    await submitWrite(rig).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, STALLED_AFTER_MS));
    await approveSurely(rig, waiting);
    await new Promise((resolve) => setTimeout(resolve, WOULD_BE_SENT_BY_MS));
    const times = await rig.simulator.timesWritten(waiting.text);
    tally.held(times === 0, 'it was sent while nobody outside could have seen that it was logged');
  } finally {
    chmodSync(rig.log.folder, 0o700);
  }
  tally.held((await ended(rig, waiting, 60_000)).state === 'succeeded', 'it does not heal');
}

export const LAW_11: Law = {
  number: 11,
  title: 'The published log verifies with the public key alone',
  guarantees: [
    {
      id: 'L11.1',
      title: 'every entry of this whole run is under the signed root',
      isLast: true,
      prove: verifies,
    },
    {
      id: 'L11.2',
      title: 'one bit changed in a file of each kind, and in others: found',
      isLast: true,
      prove: everyChangeIsFound,
    },
    {
      id: 'L11.3',
      title: 'it extends the checkpoint of its beginning; set back to that, it is found out',
      isLast: true,
      prove: extendsWhatWasSeen,
    },
    {
      id: 'L11.4',
      title: 'what the store has logged is published, each entry at its place',
      isLast: true,
      prove: nothingLeftOut,
    },
    {
      id: 'L11.5',
      title: 'for each change that HubSpot saw, the log tells of a call that was to make one',
      isLast: true,
      prove: everyEffectIsTold,
    },
    {
      id: 'L11.6',
      title: 'it holds no prompt, name or address in clear',
      isLast: true,
      prove: nothingPersonal,
    },
    {
      id: 'L11.7',
      title: 'while the log cannot be published, no approved write begins',
      prove: unseenIsNotSent,
    },
  ],
};
