// A workflow with a canary in every position that Temporal stores; for the codec's tests.
import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { CanaryActivities } from './codec-activities.ts';

export const wake = defineSignal<[unknown]>('wake');
export const ask = defineUpdate<string, [string]>('ask');
export const seen = defineQuery<string, [string]>('seen');

const retry = { maximumAttempts: 1 };
const regular = proxyActivities<CanaryActivities>({
  startToCloseTimeout: '20 s',
  retry,
  summary: 'canary-activity-summary',
});
const local = proxyLocalActivities<CanaryActivities>({
  startToCloseTimeout: '20 s',
  retry,
  summary: 'canary-local-summary',
});

async function messageOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no failure';
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const details = cause instanceof ApplicationFailure ? JSON.stringify(cause.details) : '';
    return `${cause instanceof Error ? cause.message : ''} ${details}`;
  }
}

async function runSteps(): Promise<string[]> {
  return [
    await regular.echo('canary-activity-input'),
    await local.echo('canary-local-input'),
    await messageOf(regular.fail('canary-activity-failure')),
    await messageOf(local.fail('canary-local-failure')),
    await messageOf(regular.beat('canary-heartbeat')),
    await executeChild(child, {
      args: ['canary-child-input'],
      memo: { note: 'canary-child-memo' },
    }),
    await messageOf(executeChild(failingChild, { args: ['canary-child-failure'] })),
  ];
}

export async function canaries(input: string): Promise<string> {
  const signals: unknown[] = [];
  setHandler(wake, (message) => {
    signals.push(message);
  });
  setHandler(ask, (question) => `${question} answered`, { validator: refuseCanary });
  setHandler(seen, (question) => `${question} ${JSON.stringify(signals)}`);
  if (workflowInfo().continuedFromExecutionRunId === undefined) {
    await condition(() => signals.includes('continue'));
    await continueAsNew<typeof canaries>(`${input} canary-continued`);
  }
  setCurrentDetails('canary-current-details');
  upsertMemo({ later: 'canary-upserted-memo' });
  const steps = await runSteps();
  await sleep(5, { summary: 'canary-timer-summary' });
  await condition(() => signals.includes('finish'));
  throw ApplicationFailure.create({
    type: 'test.done',
    message: `canary-workflow-failure ${input}`,
    details: [steps, signals],
    nonRetryable: true,
  });
}

function refuseCanary(question: string): void {
  if (question.includes('refuse')) throw new Error('canary-update-refusal');
}

export async function child(input: string): Promise<string> {
  return Promise.resolve(`${input} canary-child-result`);
}

export async function failingChild(input: string): Promise<string> {
  await Promise.resolve();
  throw ApplicationFailure.nonRetryable(input, 'test.child', 'canary-child-details');
}

/** Waits for one message that is not `undefined`; counts all that arrive. */
export async function waitForWord(): Promise<{ word: unknown; messages: number }> {
  const messages: unknown[] = [];
  setHandler(wake, (message) => {
    messages.push(message);
  });
  await condition(() => messages.some((message) => message !== undefined));
  return { word: messages.find((message) => message !== undefined), messages: messages.length };
}

/** Fails its first workflow task for good, with a canary in the message. */
export async function stuck(): Promise<never> {
  await Promise.resolve();
  throw new Error('canary-task-failure');
}
