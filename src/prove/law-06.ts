import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Law, Tally } from './guarantee.ts';
import { read, reading } from './moves.ts';
import type { Rig } from './rig.ts';
import { untilTrue } from './wait.ts';
import { NotApplicableError } from './unproven.ts';

/** Base64 of a text depends on where in a group of three bytes it begins. */
function base64Forms(token: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(`${'\0'.repeat(offset)}${token}`).toString('base64url');
    // The first and last characters also hold bits of the neighbours.
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
}

function formsOf(token: string): readonly Buffer[] {
  const base64 = base64Forms(token);
  const texts = [
    token,
    ...base64,
    ...base64.map((form) => form.replaceAll('-', '+').replaceAll('_', '/')),
    Buffer.from(token).toString('hex'),
    encodeURIComponent(token),
    Array.from(token).reverse().join(''),
  ];
  return [...[...new Set(texts)].map((text) => Buffer.from(text)), Buffer.from(token, 'utf16le')];
}

const holds = (bytes: Buffer, forms: readonly Buffer[]): boolean =>
  forms.some((form) => bytes.includes(form));

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** What each file holds, once. One that is just being put in place is found under its own name at the next look. */
function* contentsUnder(folder: string): Generator<{ path: string; bytes: Buffer }> {
  const read = new Set<string>();
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const path of filesUnder(folder).filter((one) => !read.has(one))) {
      const bytes = readIfThere(path);
      if (bytes === undefined) isMoving = true;
      else yield { path, bytes };
      read.add(path);
    }
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A search that finds nothing proves nothing unless it finds what was put there. */
function assertFinds(rig: Rig, tally: Tally, forms: readonly Buffer[]): void {
  const planted = join(rig.scratch.folder, 'planted.txt');
  for (const form of forms) {
    writeFileSync(planted, Buffer.concat([Buffer.from('around '), form, Buffer.from(' it')]));
    tally.sure(holds(readFileSync(planted), forms), 'a planted token was not found');
  }
  writeFileSync(planted, '');
}

/** HubSpot refuses the credential: the way on which a careless program prints it. */
async function provokeErrors(rig: Rig): Promise<void> {
  if (rig.cast.reading === undefined) return;
  await rig.simulator.arm({ mode: '401', times: 1 });
  await read(rig);
  await rig.simulator.disarm();
  await untilTrue('it reads again', async () => (await read(rig)).status === 200);
}

async function inNoFile(rig: Rig, tally: Tally): Promise<void> {
  const forms = formsOf(rig.token);
  assertFinds(rig, tally, forms);
  await provokeErrors(rig);
  await rig.gateway.kill();
  await rig.gateway.start();
  for (const { path, bytes } of contentsUnder(rig.scratch.folder))
    tally.held(!holds(bytes, forms), `the token is in ${path}`);
}

function inNoProcess(rig: Rig, tally: Tally): Promise<void> {
  const pids = [...rig.watch.sightings.processes].filter((pid) => pid !== process.pid);
  if (!rig.watch.sightings.isPossible)
    throw new NotApplicableError('this system does not show processes under /proc');
  const forms = formsOf(rig.token);
  for (const pid of pids) {
    for (const what of ['cmdline', 'environ']) {
      try {
        const bytes = readFileSync(`/proc/${pid}/${what}`);
        tally.held(!holds(bytes, forms), `the token is in ${what} of process ${pid}`);
      } catch {
        // It has ended.
      }
    }
  }
  return Promise.resolve();
}

async function inNoAnswer(rig: Rig, tally: Tally): Promise<void> {
  const forms = formsOf(rig.token);
  reading(rig);
  await provokeErrors(rig);
  for (const line of readFileSync(rig.answersFile, 'utf8').split('\n'))
    if (line !== '') tally.held(!holds(Buffer.from(line), forms), 'an answer holds the token');
  for (const leaf of await rig.log.leaves())
    tally.held(!holds(Buffer.from(leaf), forms), 'an entry of the log holds the token');
}

export const LAW_06: Law = {
  number: 6,
  title: 'The HubSpot token is in nothing that is written',
  guarantees: [
    {
      id: 'L06.1',
      title:
        'in no file: store, log, engine’s histories, process logs, simulator; plain or encoded',
      isLast: true,
      prove: inNoFile,
    },
    {
      id: 'L06.2',
      title: 'in no answer of the API and no entry of the log, errors of HubSpot’s included',
      isLast: true,
      prove: inNoAnswer,
    },
    {
      id: 'L06.3',
      title: 'in no argument and no environment of a process',
      isLast: true,
      prove: inNoProcess,
    },
  ],
};
