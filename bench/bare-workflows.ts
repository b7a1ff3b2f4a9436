import {
  condition,
  defineSignal,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import type { BareActivities } from './bare-activities.ts';

const local = proxyLocalActivities<BareActivities>({ startToCloseTimeout: '10 s' });
const regular = proxyActivities<BareActivities>({ startToCloseTimeout: '10 s' });

/** As many local activities as a governed read has, doing nothing. */
export async function bareRead(): Promise<string> {
  await local.nothing();
  await local.nothing();
  await local.nothing();
  await local.nothing();
  return 'done';
}

export const go = defineSignal('go');

/** Signal → regular activity → done: the least an engine needs between a yes and a deed. */
export async function bareApproval(): Promise<string> {
  let isApproved = false;
  setHandler(go, () => {
    isApproved = true;
  });
  await condition(() => isApproved);
  await regular.nothing();
  return 'done';
}
