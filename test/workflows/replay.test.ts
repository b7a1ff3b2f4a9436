import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { FAILURE_CONVERTER_PATH } from '../../src/adapters/temporal/data-converter.ts';

const HISTORIES = fileURLToPath(new URL('../histories/', import.meta.url));
const names = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

interface Recorded {
  readonly workflowId: string;
  readonly history: {
    readonly events: {
      readonly eventType: string;
      readonly activityTaskScheduledEventAttributes?: object;
    }[];
  };
}
const read = (name: string): Recorded => JSON.parse(readFileSync(`${HISTORIES}${name}`, 'utf8'));

const startOf = (name: string): { workflowType: { name: string } } =>
  (read(name).history.events[0] as any).workflowExecutionStartedEventAttributes;

let workflowBundle: { code: string };

beforeAll(async () => {
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    failureConverterPath: FAILURE_CONVERTER_PATH,
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
}, 60_000);

const replay = (recorded: Recorded): Promise<void> =>
  Worker.runReplayHistory(
    { workflowBundle, dataConverter: { failureConverterPath: FAILURE_CONVERTER_PATH } },
    historyFromJSON(recorded.history),
    recorded.workflowId,
  );

describe('histories recorded earlier', () => {
  it('are there of every workflow', () => {
    const index = readFileSync(new URL('../../src/workflows/index.ts', import.meta.url), 'utf8');
    const exported = [...index.matchAll(/export \{ (\w+) \}/g)].map(([, name]) => name);
    const types = names.map((name) => startOf(name).workflowType.name);
    expect(exported.length).toBeGreaterThan(3);
    expect(exported.filter((name) => !types.includes(name!))).toEqual([]);
  });

  it('cover every path of the request’s workflow, the radar’s, an incident’s and the desk’s', () => {
    expect(names.map((name) => name.replace('.json', ''))).toEqual([
      'a-desk-signal',
      'a-lost-answer',
      'a-radar-sweep',
      'a-read',
      'a-refusal',
      'a-rejected-write',
      'a-resent-write',
      'a-waiting-write',
      'a-withdrawn-write',
      'a-write-allowed-ahead',
      'a-write-of-several',
      'an-approved-write',
      'an-expired-write',
      'an-incident',
    ]);
  });

  it.each(names)('%s replays without a difference', async (name) => {
    await expect(replay(read(name))).resolves.toBeUndefined();
  });

  it('and a changed one does not: the check can fail', async () => {
    const recorded = read('an-approved-write.json');
    const events = recorded.history.events.map((event) =>
      event.eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED'
        ? {
            ...event,
            activityTaskScheduledEventAttributes: {
              ...event.activityTaskScheduledEventAttributes,
              activityType: { name: 'another' },
            },
          }
        : event,
    );
    await expect(replay({ ...recorded, history: { events } })).rejects.toThrow();
  });

  it('stay within the event budgets: ten for a read, thirty for a write', () => {
    expect(read('a-read.json').history.events.length).toBeLessThanOrEqual(10);
    expect(read('an-approved-write.json').history.events.length).toBeLessThanOrEqual(30);
  });
});

describe('workflow code', () => {
  it('has no Node built-ins and no zod in its bundle', () => {
    expect(workflowBundle.code).not.toMatch(/node_modules\/zod\//);
    expect(workflowBundle.code.length).toBeLessThan(2_300_000);
  });
});
