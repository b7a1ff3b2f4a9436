import { z } from 'zod';
import { readConfig } from '../config.ts';
import { readRunFile } from './context.ts';
import { CommandError } from './output.ts';

const ReadinessSchema = z.object({
  parts: z.array(z.object({ name: z.string(), up: z.boolean() })),
  /** Of the policy that it has loaded; a gateway of before does not say. */
  policy: z.string().optional(),
});
export type Readiness = z.infer<typeof ReadinessSchema> & { readonly api: string };

const ANSWER_MAX_MS = 10_000;

/**
 * The gateway of run.json; where the processes write none, the one that the settings name. Throws `CommandError` when
 * none answers there.
 */
export async function askReadiness(): Promise<Readiness> {
  const api = readRunFile()?.api ?? `http://127.0.0.1:${readConfig().ports.api}`;
  const signal = AbortSignal.timeout(ANSWER_MAX_MS);
  const response = await fetch(`${api}/readyz`, { signal }).catch((cause: unknown) => {
    throw new CommandError(`no gateway answers at ${api}`, 'Run npm start.', cause);
  });
  const answer = ReadinessSchema.safeParse(await response.json().catch(() => undefined));
  if (answer.success) return { ...answer.data, api };
  throw new CommandError(`${api} does not answer as a gateway does`, 'What listens there?');
}

/**
 * Of a policy as its file has it: what a gateway that runs has loaded instead. Undefined where the two are one, and
 * where none runs.
 */
export async function otherPolicyInForce(digest: string): Promise<string | undefined> {
  const { policy, api } = await askReadiness().catch(() => ({ policy: undefined, api: '' }));
  if (policy === undefined || policy === digest) return undefined;
  return `The gateway at ${api} still uses the policy of its start (digest ${policy.slice(0, 16)}), not this file (${digest.slice(0, 16)})`;
}
