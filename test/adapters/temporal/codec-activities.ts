import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';

export interface CanaryActivities {
  echo(input: string): Promise<string>;
  fail(message: string): Promise<void>;
  beat(details: string): Promise<void>;
}

export const canaryActivities: CanaryActivities = {
  echo: (input) => Promise.resolve(`${input} canary-activity-result`),

  fail: (message) => {
    const cause = new Error('canary-cause');
    const details = ['canary-failure-details'];
    return Promise.reject(
      ApplicationFailure.create({
        type: 'test.failed',
        message,
        details,
        cause,
        nonRetryable: true,
      }),
    );
  },

  // Fails after its heartbeat has reached the server, as pending activities show it.
  beat: async (details) => {
    Context.current().heartbeat(details);
    await sleep(1_500);
    throw ApplicationFailure.nonRetryable('canary-after-heartbeat');
  },
};
