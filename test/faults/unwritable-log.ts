import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { LoggedRequest } from '../../src/simulator/request-log.ts';
import { type Answer, startTestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';
import { type Unmatched, unmatchedCalls } from '../support/matched-calls.ts';

/**
 * A process of its own whose gateway lies on a small file system: fills that up, asks for reads and
 * approves writes meanwhile, makes space again, and prints what three witnesses say.
 */
const [folder = '', temporalAddress = '', tries = '100'] = process.argv.slice(2);
const READ = { action: 'search_contact', company: 'Acme Corp' };
const WAITING = 20;
const FILL_BYTES = 4_096;
const TOLD_MAX_MS = 30_000;

const data = join(folder, 'gateway');
mkdirSync(data);
const gateway = await startTestGateway({ temporalAddress, folder: data });

/** HubSpot's own list of calls, the log's intents, and what of the two does not belong together. */
async function witnesses(): Promise<{ calls: number; intents: number; unmatched: Unmatched }> {
  const { body } = await gateway.simulator.control<{ requests: LoggedRequest[] }>(
    'GET',
    '/requests',
  );
  const { store } = gateway.context;
  const entries = await logEntries(store);
  const written = await Promise.all(waiting.map(async ({ id }) => (await store.requests.get(id))!));
  return {
    calls: body.requests.length,
    intents: entries.filter(({ event }) => event === 'hubspot.intended').length,
    unmatched: unmatchedCalls(body.requests, entries, written),
  };
}

function fill(file: string): void {
  const ballast = openSync(file, 'w');
  try {
    for (;;) writeSync(ballast, new Uint8Array(FILL_BYTES));
  } catch {
    closeSync(ballast);
  }
}

const note = (i: number) => ({ action: 'create_note', contact_id: '20001', note: `Full ${i}.` });
const waiting: { id: string; digest: string }[] = [];
for (let i = 0; i < WAITING; i += 1) waiting.push((await gateway.submit(note(i))).body);

const beforehand = (await witnesses()).calls;
const ballast = join(folder, 'ballast');
fill(ballast);
const READY = `http://127.0.0.1:${gateway.config.ports.api}/readyz`;
// The gateway's own guard refuses what is not HubSpot.
const dispatcher = new Agent();
/** How long it takes until whoever watches the gateway is told, ms. */
async function toldAfter(since: number): Promise<number> {
  for (;;) {
    const { statusCode: status, body } = await request(READY, { dispatcher });
    await body.dump();
    if (status === 503 || Date.now() - since > TOLD_MAX_MS) return Date.now() - since;
    await sleep(100);
  }
}
const telling = toldAfter(Date.now());
let withoutRetryAfter = 0;
const answers: Record<string, number> = {};
const count = ({ status, body, headers }: Answer): void => {
  if (status === 503 && !/^[1-9][0-9]*$/.test(headers.get('retry-after') ?? ''))
    withoutRetryAfter += 1;
  const name = `${status} ${body.code ?? ''}`.trim();
  answers[name] = (answers[name] ?? 0) + 1;
};
let slowestMs = 0;
for (let i = 0; i < Number(tries); i += 1) {
  const since = Date.now();
  const approval = i % 5 === 0 ? waiting[i / 5] : undefined;
  count(
    approval === undefined
      ? await gateway.submit(READ, { key: `full-${i}` })
      : await gateway.approve(approval.id, approval.digest),
  );
  slowestMs = Math.max(slowestMs, Date.now() - since);
}
const whenFull = await witnesses();
const toldAfterMs = await telling;

rmSync(ballast);
const healedBy = Date.now() + 20_000;
while ((await gateway.submit(READ)).status !== 200 && Date.now() < healedBy);
const isHealed = (await gateway.submit(READ)).status === 200;
const ends: Record<string, number> = {};
for (const { id, digest } of waiting) {
  await gateway.approve(id, digest);
  const { status } = (await gateway.ended(id, 60_000)).body;
  ends[status] = (ends[status] ?? 0) + 1;
}
const effects = (await gateway.simulator.effects()).length;
const afterwards = await witnesses();
await gateway.close();
const told = { toldAfterMs, withoutRetryAfter, beforehand };
const report = { answers, slowestMs, ...told, whenFull, isHealed, ends, effects, afterwards };
process.stdout.write(`\n${JSON.stringify(report)}\n`);
process.exit(0);
