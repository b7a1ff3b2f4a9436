/**
 * `npm run bench`: the governed read and the approved write beside what the engine alone costs, in one
 * run on one box. Ratios are what counts; seconds depend on the machine. Writes bench/results.md.
 */
import { writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { Pool } from 'undici';
import { SEARCH_ATTRIBUTES } from '../src/core/search-attributes.ts';
import { freePort } from '../src/embedded/ports.ts';
import { startTemporalServer } from '../src/embedded/temporal-server.ts';
import { startTestGateway, type TestGateway } from '../test/support/gateway.ts';
import { temporalCliPath } from '../test/support/temporal-cli.ts';
import { bareActivities } from './bare-activities.ts';
import { measure, ms, ratio, type Series } from './measure.ts';

const IN_FLIGHT = [1, 16, 40] as const;
const READS = 400;
const WRITES = 100;
const WARM_UP = 60;
const WAITING = Number(process.argv[2] ?? 1_000);
const TARGETS = { readP50: 1.1, throughput: 0.7, approve: 2 } as const;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function startBare(address: string) {
  const connection = await NativeConnection.connect({ address });
  const taskQueue = `bare-${Date.now()}`;
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./bare-workflows.ts', import.meta.url)),
  });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle,
    activities: bareActivities,
    maxConcurrentWorkflowTaskExecutions: 64,
    maxConcurrentLocalActivityExecutions: 128,
  });
  const ran = worker.run();
  const client = new Client({ connection });
  let n = 0;
  const start = (type: string) => {
    n += 1;
    return client.workflow.start(type, {
      taskQueue,
      workflowId: `bare-${taskQueue}-${n}`,
      requestEagerStart: true,
    });
  };
  return {
    read: async (): Promise<void> => {
      await (await start('bareRead')).result();
    },
    waiting: () => start('bareApproval'),
    stop: async (): Promise<void> => {
      worker.shutdown();
      await ran;
      await connection.close();
    },
  };
}

const READ = { action: 'search_contact', company: 'Acme Corp' };
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Measured.' };

/** A plain client: the test gateway's own holds every answer against the OpenAPI document. */
function createReader(gateway: TestGateway): () => Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${gateway.config.ports.api}`, { connections: 64 });
  const body = JSON.stringify({
    user_id: 'dana@acme.test',
    agent_prompt: 'Find them.',
    action: READ,
  });
  const headers = {
    authorization: `Bearer ${gateway.agent.key}`,
    'content-type': 'application/json',
  };
  return async () => {
    const answer = await pool.request({ method: 'POST', path: '/v1/actions', headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`a read answered ${answer.statusCode}: ${text}`);
  };
}

/** What the simulator alone takes for the same search. */
async function simulatorSeries(gateway: TestGateway, token: string): Promise<Series> {
  const { fetch, Agent } = await import('undici');
  const dispatcher = new Agent();
  return measure(READS, 1, async () => {
    const response = await fetch(`${gateway.simulator.url}/crm/objects/2026-09/contacts/search`, {
      method: 'POST',
      dispatcher,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        filterGroups: [
          { filters: [{ propertyName: 'company', operator: 'EQ', value: 'Acme Corp' }] },
        ],
        properties: ['email'],
        limit: 20,
      }),
    });
    await response.text();
  });
}

async function approvedWrites(gateway: TestGateway): Promise<{ submit: Series; execute: Series }> {
  const waiting: { id: string; digest: string }[] = [];
  const submit = await measure(WRITES, 1, async () => {
    waiting.push((await gateway.submit(NOTE)).body);
  });
  const execute = await measure(WRITES, 1, async () => {
    const next = waiting.pop()!;
    await gateway.approve(next.id, next.digest);
    const done = await gateway.agent.call('GET', `/v1/actions/${next.id}?wait=30`);
    if (done.body.status !== 'succeeded') throw new Error(`a write ended ${done.body.status}`);
  });
  return { submit, execute };
}

async function bareApprovals(bare: Awaited<ReturnType<typeof startBare>>): Promise<Series> {
  const handles: Awaited<ReturnType<typeof bare.waiting>>[] = [];
  for (let i = 0; i < WRITES; i += 1) handles.push(await bare.waiting());
  await new Promise((resolve) => setTimeout(resolve, 500));
  return measure(WRITES, 1, async () => {
    const handle = handles.pop()!;
    await handle.signal('go');
    await handle.result();
  });
}

function heapMiB(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

/** Heap of API and worker (this process) before and after so many approvals wait, caches warm. */
async function waitingMemory(gateway: TestGateway): Promise<{ before: number; after: number }> {
  const submitMany = (count: number) =>
    measure(count, 16, async () => {
      await gateway.submit(NOTE);
    });
  await submitMany(Math.min(WAITING, 300));
  const before = heapMiB();
  await submitMany(WAITING);
  return { before, after: heapMiB() };
}

interface Line {
  readonly name: string;
  readonly ours: Series;
  readonly bare: Series;
}

function table(lines: readonly Line[]): string[] {
  return [
    '| what | ours p50 / p95 ms | ours per s | bare p50 / p95 ms | bare per s |',
    '| --- | --- | --- | --- | --- |',
    ...lines.map(
      ({ name, ours, bare }) =>
        `| ${name} | ${ms(ours.p50)} / ${ms(ours.p95)} | ${ms(ours.perSecond)} | ${ms(bare.p50)} / ${ms(bare.p95)} | ${ms(bare.perSecond)} |`,
    ),
  ];
}

const verdict = (value: number, target: number, isCeiling: boolean): string =>
  `${ratio(value)} (target ${isCeiling ? '≤' : '≥'} ${target}: ${(isCeiling ? value <= target : value >= target) ? 'met' : 'MISSED'})`;

const server = await startTemporalServer({
  cliPath: await temporalCliPath(),
  port: await freePort(),
  dbFile: join(tmpdir(), `bench-${process.pid}.db`),
  namespace: 'default',
  searchAttributes: Object.fromEntries(
    Object.values(SEARCH_ATTRIBUTES).map((name) => [name, 'Keyword' as const]),
  ),
  logFile: join(tmpdir(), `bench-${process.pid}.log`),
});
const gateway = await startTestGateway({
  temporalAddress: server.address,
  env: { SALLYPORT_CALL_DEADLINE_SECONDS: '10', SALLYPORT_ANSWER_WAIT_SECONDS: '60' },
});
const bare = await startBare(server.address);
const token = await gateway.simulator.token('all');
const governedRead = createReader(gateway);

say('warming up …');
await measure(WARM_UP, 8, governedRead);
await measure(WARM_UP, 8, () => bare.read());

const simulator = await simulatorSeries(gateway, token);
const reads: Line[] = [];
for (const inFlight of IN_FLIGHT) {
  say(`reads, ${inFlight} in flight …`);
  // Halves taken in turns, so that a slow moment of the box hits both.
  const first = await measure(READS / 2, inFlight, () => bare.read());
  const ours = await measure(READS, inFlight, governedRead);
  const second = await measure(READS / 2, inFlight, () => bare.read());
  const both: Series = {
    count: READS,
    p50: (first.p50 + second.p50) / 2,
    p95: (first.p95 + second.p95) / 2,
    perSecond: (first.perSecond + second.perSecond) / 2,
  };
  reads.push({ name: `read, ${inFlight} in flight`, ours, bare: both });
}
say('writes …');
const bareApproval = await bareApprovals(bare);
const writes = await approvedWrites(gateway);
say(`memory with ${WAITING} more waiting …`);
const memory = await waitingMemory(gateway);

const [alone] = reads;
const readRatio = (alone?.ours.p50 ?? NaN) / ((alone?.bare.p50 ?? NaN) + simulator.p50);
const throughput = reads.slice(1).map(({ ours, bare: other }) => ours.perSecond / other.perSecond);
const approveRatio = writes.execute.p50 / bareApproval.p50;
const report = [
  '# Bench',
  '',
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, everything in one run on one box.`,
  'Repeat with `npm run bench`. "Bare" is a Temporal workflow of as many local activities that do nothing, started eagerly.',
  '',
  ...table([...reads, { name: 'approve → executed', ours: writes.execute, bare: bareApproval }]),
  '',
  `- simulator alone, the same search: p50 ${ms(simulator.p50)} ms`,
  `- submit → 202: p50 ${ms(writes.submit.p50)} ms, p95 ${ms(writes.submit.p95)} ms`,
  `- governed read p50 / (bare p50 + simulator): ${verdict(readRatio, TARGETS.readP50, true)}`,
  ...throughput.map(
    (value, i) =>
      `- throughput at ${IN_FLIGHT[i + 1] ?? 0} in flight / bare: ${verdict(value, TARGETS.throughput, false)}`,
  ),
  `- approve → executed / bare signal → activity → done: ${verdict(approveRatio, TARGETS.approve, true)}`,
  `- heap of API and worker: ${ms(memory.before)} MiB before, ${ms(memory.after)} MiB after ${WAITING} more approvals wait`,
  '',
].join('\n');
writeFileSync(fileURLToPath(new URL('./results.md', import.meta.url)), report);
say(report);
await bare.stop();
await gateway.close();
await server.stop();
process.exit(0);
