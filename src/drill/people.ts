import { z } from 'zod';
import { IncidentSchema, type IncidentView } from '../contracts/incident.ts';
import { OPERATOR_ROLE } from '../core/roles.ts';
import type { ScratchPerson } from '../prove/cast.ts';
import type { Answer } from '../prove/http.ts';
import type { Rig } from '../prove/rig.ts';
import { until } from '../prove/wait.ts';

/** The people of a drill: each with every role that the policy names, and the role operator. */
export interface People {
  readonly first: ScratchPerson;
  /** Who resumes. */
  readonly second: ScratchPerson;
}

const AddedSchema = z.object({ id: z.string(), email: z.string(), key: z.string() });

async function add(rig: Rig, name: string): Promise<ScratchPerson> {
  const roles = [...new Set([...rig.policy.roles, 'approver', OPERATOR_ROLE])];
  const options = roles.flatMap((role) => ['--role', role]);
  const email = `${name}@drill.test`;
  const args = ['person', 'add', name, '--email', email, '--new-role', ...options, '--json'];
  const { status, out, err } = await rig.command(...args);
  if (status !== 0) throw new Error(`sallyport person add failed: ${err}`);
  return AddedSchema.parse(JSON.parse(out));
}

export async function enrollPeople(rig: Rig): Promise<People> {
  return { first: await add(rig, 'drill-first'), second: await add(rig, 'drill-second') };
}

const asking =
  (rig: Rig, { key }: ScratchPerson) =>
  (method: string, path: string, body?: unknown): Promise<Answer> =>
    rig.ask(method, `/v1${path}`, { key, ...(body === undefined ? {} : { body }) });

/** What one person can do about an incident. */
export interface Hands {
  open(reason: string): Promise<Answer>;
  /** The newest incident. */
  newest(): Promise<IncidentView | undefined>;
  incident(id: string): Promise<IncidentView>;
  /** Once it stands at one of these stages. Throws `NotShownError` when that takes longer than `maxMs`. */
  at(id: string, stages: readonly IncidentView['stage'][], maxMs: number): Promise<IncidentView>;
  supply(id: string, key: string): Promise<Answer>;
  resume(id: string): Promise<Answer>;
  postMortem(id: string): Promise<string>;
  /** Approves what waits; nothing when it does not. */
  approve(requestId: string): Promise<void>;
}

const ListSchema = z.object({ incidents: z.array(IncidentSchema) });
const ReportSchema = z.object({ markdown: z.string() });

export function handsOf(rig: Rig, person: ScratchPerson): Hands {
  const ask = asking(rig, person);
  const incident = async (id: string): Promise<IncidentView> =>
    IncidentSchema.parse((await ask('GET', `/incidents/${id}`)).body);
  return {
    incident,
    open: (reason) => ask('POST', '/incidents', { reason }),
    newest: async () => ListSchema.parse((await ask('GET', '/incidents')).body).incidents[0],
    at: (id, stages, maxMs) =>
      until(
        `the incident is at “${stages.join('” or “')}”`,
        async () => {
          const view = await incident(id);
          return stages.includes(view.stage) ? view : undefined;
        },
        maxMs,
      ),
    supply: (id, key) => ask('POST', `/incidents/${id}/key`, { key }),
    resume: (id) => ask('POST', `/incidents/${id}/resume`, {}),
    postMortem: async (id) =>
      ReportSchema.parse((await ask('GET', `/incidents/${id}/post-mortem`)).body).markdown,
    approve: async (requestId) => {
      const { digest } = (await ask('GET', `/approvals/${requestId}`)).body.card ?? {};
      if (digest !== undefined)
        await ask('POST', `/approvals/${requestId}/decisions`, { decision: 'approve', digest });
    },
  };
}
