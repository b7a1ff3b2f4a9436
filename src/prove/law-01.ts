import { spawnSync } from 'node:child_process';
import type { Law, Tally } from './guarantee.ts';
import { approveSurely, callsDuring, ended, read, reading, submitWrite } from './moves.ts';
import type { Answer } from './http.ts';
import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { Rig } from './rig.ts';
import { untilTrue } from './wait.ts';
import { NotApplicableError } from './unproven.ts';

const READS_WHILE_CLOSED = 8;

/** What differs between a path as called and as it is logged: an address is masked there. */
const shapeOf = (path: string): string =>
  decodeURIComponent(path.split('?')[0] ?? '')
    .split('/')
    .map((part) => (part.includes('@') || part === '{email}' ? '{email}' : part))
    .join('/');

/** Times of intents by method and path, to be used up by calls. */
function intentsByShape(entries: readonly AuditEntry[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { event, hubspot_endpoint: path, timestamp, facts } of entries) {
    const { method } = facts;
    if (event !== 'hubspot.intended' || path === null || typeof method !== 'string') continue;
    const shape = `${method} ${shapeOf(path)}`;
    const times = found.get(shape) ?? [];
    times.push(Date.parse(timestamp));
    found.set(shape, times);
  }
  return found;
}

async function everyCallIntended(rig: Rig, tally: Tally): Promise<void> {
  const calls = await rig.simulator.calls();
  const intents = intentsByShape(await rig.log.entries());
  for (const { method, path, at } of calls) {
    const times = intents.get(`${method} ${shapeOf(path)}`) ?? [];
    const index = times.findIndex((time) => time <= Date.parse(at));
    if (index !== -1) times.splice(index, 1);
    tally.held(index !== -1, `HubSpot got ${method} ${path} at ${at} without an intent before it`);
  }
}

function isRefusedFor(answer: Answer, codes: readonly string[]): boolean {
  return (
    answer.status === 503 && codes.includes(answer.code ?? '') && answer.body.retryable === true
  );
}

/** Asks again and again while nothing can be written, and looks that nothing was called and that it heals. */
async function closedWhile(rig: Rig, tally: Tally, close: () => () => void): Promise<void> {
  tally.sure((await read(rig)).status === 200, 'the reader cannot read before');
  const open = close();
  try {
    const calls = await callsDuring(rig, async () => {
      const answers = await Promise.all(
        Array.from({ length: READS_WHILE_CLOSED }, () => read(rig)),
      );
      for (const answer of answers) {
        const what = `answered ${answer.status} ${answer.code ?? ''} while nothing could be logged`;
        tally.held(isRefusedFor(answer, ['store.unavailable', 'log.unavailable']), what);
      }
    });
    tally.held(calls === 0, `${calls} calls went to HubSpot while nothing could be logged`);
  } finally {
    open();
  }
  await untilTrue('it heals by itself', async () => (await read(rig)).status === 200);
}

/** Linux lets a process's limits be changed from outside by whoever owns it, without root. */
function limitFileSize(pid: number, limit: string): boolean {
  return spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limit}:`]).status === 0;
}

/** As on a full disk: every write to a file fails, and the process is told so. */
function nothingWritable(rig: Rig): () => void {
  const pid = rig.gateway.pid();
  if (!limitFileSize(pid, 'unlimited'))
    throw new NotApplicableError('there is no prlimit here to take the right to write files away');
  limitFileSize(pid, '0');
  return () => {
    limitFileSize(pid, 'unlimited');
  };
}

async function intentBeforeAnswer(rig: Rig, tally: Tally): Promise<void> {
  const waiting = await submitWrite(rig);
  await approveSurely(rig, waiting);
  tally.sure((await ended(rig, waiting)).state === 'succeeded', 'the write did not succeed');
  const entries = await rig.log.entriesOf(waiting.id);
  let open = 0;
  for (const { event, index } of entries) {
    if (event === 'hubspot.intended') open += 1;
    if (event !== 'hubspot.answered') continue;
    tally.held(open > 0, `entry ${index} tells of an answer before anything was intended`);
    open -= 1;
  }
}

export const LAW_01: Law = {
  number: 1,
  title: 'No HubSpot call without its intent entry on disk',
  guarantees: [
    {
      id: 'L01.1',
      title: 'each call that HubSpot got in this whole run has an earlier intent in the signed log',
      isLast: true,
      prove: everyCallIntended,
    },
    {
      id: 'L01.2',
      title: 'a write’s entries stand in the order intended, answered',
      prove: intentBeforeAnswer,
    },
    {
      id: 'L01.3',
      title: 'the store is locked by somebody else: 503, nothing is called, and it heals',
      prove: (rig, tally) => {
        reading(rig);
        return closedWhile(rig, tally, () => rig.store.lock());
      },
    },
    {
      id: 'L01.4',
      title: 'no file can be written, as on a full disk: 503, nothing is called, and it heals',
      prove: (rig, tally) => {
        reading(rig);
        return closedWhile(rig, tally, () => nothingWritable(rig));
      },
    },
  ],
};
