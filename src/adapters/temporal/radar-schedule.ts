import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';

export interface RadarScheduleOptions {
  readonly client: Client;
  /** Of the worker; installations that share a namespace have one each, and so a schedule each. */
  readonly taskQueue: string;
  readonly connection: string;
  /** 0: no schedule, ms. */
  readonly everyMs: number;
  /** Of each call to the engine, ms. */
  readonly deadlineMs: number;
}

const WORKFLOW_TYPE = 'rogueWriteSweep';

export const radarScheduleId = (taskQueue: string, connection: string): string =>
  `rogue-write-sweep/${taskQueue}/${connection}`;

/** What was missed is in the next sweep's time. */
const POLICIES = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;

const specOf = ({ everyMs }: RadarScheduleOptions) => ({ intervals: [{ every: everyMs }] });

const actionOf = ({ taskQueue, connection }: RadarScheduleOptions) => ({
  type: 'startWorkflow' as const,
  workflowType: WORKFLOW_TYPE,
  workflowId: radarScheduleId(taskQueue, connection),
  taskQueue,
  args: [],
});

async function remove({ client, taskQueue, connection }: RadarScheduleOptions): Promise<void> {
  try {
    await client.schedule.getHandle(radarScheduleId(taskQueue, connection)).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

async function createOrUpdate(options: RadarScheduleOptions): Promise<void> {
  const { client, taskQueue, connection } = options;
  const scheduleId = radarScheduleId(taskQueue, connection);
  const wanted = { spec: specOf(options), action: actionOf(options), policies: POLICIES };
  try {
    await client.schedule.create({ scheduleId, ...wanted });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    // Whether somebody has paused it stays as it is.
    const handle = client.schedule.getHandle(scheduleId);
    await handle.update(({ state }) => ({ ...wanted, state }));
  }
}

/**
 * Makes the engine start a sweep every so often, or never; safe to repeat, and to run in several processes. Throws
 * what the client throws when the engine is away.
 */
export async function ensureRadarSchedule(options: RadarScheduleOptions): Promise<void> {
  const { client, deadlineMs, everyMs } = options;
  await client.withDeadline(Date.now() + deadlineMs, () =>
    everyMs === 0 ? remove(options) : createOrUpdate(options),
  );
}
