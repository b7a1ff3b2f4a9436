import { z } from 'zod';
import { errorCodeOf } from '../../core/gateway-error.ts';
import type { Probe } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';

const PROBE_TIMEOUT_MS = 2_000;

export const health = defineRoute({
  method: 'get',
  path: '/healthz',
  summary: 'The process is alive.',
  door: 'anyone',
  replies: { 200: { is: 'Alive.', body: z.strictObject({ status: z.literal('ok') }) } },
  errors: [],
  handler: () => Promise.resolve({ status: 200, body: { status: 'ok' } }),
});

const PartSchema = z.strictObject({
  name: z.string(),
  up: z.boolean(),
  code: z.string().optional(),
});

/** A part that hangs is down too. */
async function ask({ name, check }: Probe): Promise<z.infer<typeof PartSchema>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer in time'));
    }, PROBE_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), late]);
    return { name, up: true };
  } catch (error) {
    return { name, up: false, code: errorCodeOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

const ReadinessSchema = z
  .strictObject({
    status: z.enum(['ready', 'not_ready']),
    parts: z.array(PartSchema),
    /** The digest of the policy that this process has loaded: the file may have changed since. */
    policy: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .meta({ id: 'Readiness' });

export const readiness = defineRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether each part the gateway needs is there.',
  door: 'anyone',
  replies: {
    200: { is: 'All parts are up.', body: ReadinessSchema },
    503: { is: 'At least one part is down.', body: ReadinessSchema },
  },
  errors: [],
  handler: async ({ probes, policy }) => {
    const parts = await Promise.all(probes.map(ask));
    const isReady = parts.every(({ up }) => up);
    return {
      status: isReady ? 200 : 503,
      body: { status: isReady ? 'ready' : 'not_ready', parts, policy: policy().digest },
    };
  },
});
