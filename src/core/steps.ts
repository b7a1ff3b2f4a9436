import type { Plan } from '../contracts/plan.ts';
import { type ErrorCode, ERRORS } from './errors.ts';
import type { RequestRecord } from './records.ts';
import { hasBegun } from './request-state.ts';

/** What became of one step of a request of several, as its agent is told. */
export type StepAccount =
  | { readonly action: string; readonly status: 'executed'; readonly result: unknown }
  | {
      readonly action: string;
      readonly status: 'failed';
      readonly code: ErrorCode;
      readonly detail: string | null;
    }
  | { readonly action: string; readonly status: 'not_started' };

type Stepped = Pick<RequestRecord, 'plan' | 'result' | 'status'>;

/** A write of several steps has a result while it runs: what has been executed so far. */
export const hasSteps = (plan: Plan | null): plan is Plan => (plan?.steps.length ?? 0) > 1;

/** The step of this number, counted from 1, as a plan of its own; `undefined` when there is none. */
export function stepPlan(plan: Plan, number: number): Plan | undefined {
  const operation = plan.operations[number - 1];
  const step = plan.steps[number - 1];
  if (operation === undefined || step === undefined) return undefined;
  return { ...plan, action: step.action, operations: [operation], steps: [step] };
}

/** The records without those that executed steps have archived: nothing of them is left to read or compare. */
export function withoutArchived<T extends { readonly object_type: string; readonly id: string }>(
  request: Pick<Stepped, 'plan' | 'result'>,
  records: readonly T[],
): readonly T[] {
  const executed = request.plan?.operations.slice(0, executedSteps(request)) ?? [];
  const archived = executed.filter(({ kind }) => kind === 'archive');
  return records.filter(
    ({ object_type, id }) =>
      !archived.some(
        (operation) =>
          operation.object_type === object_type && operation.path.endsWith(`/${object_type}/${id}`),
      ),
  );
}

function accounts(result: unknown): readonly StepAccount[] {
  if (typeof result !== 'object' || result === null || !('steps' in result)) return [];
  return result.steps as readonly StepAccount[];
}

/** How many steps the row says were executed; 0 for a request of one write, which then has ended. */
export const executedSteps = ({ plan, result }: Pick<Stepped, 'plan' | 'result'>): number =>
  hasSteps(plan) ? accounts(result).filter(({ status }) => status === 'executed').length : 0;

/** The result with one more step executed: of a single write the step's own. */
export function resultWith(
  request: Pick<Stepped, 'plan' | 'result'>,
  action: string,
  result: unknown,
): unknown {
  if (!hasSteps(request.plan)) return result;
  const executed: StepAccount = { action, status: 'executed', result };
  return { steps: [...accounts(request.result), executed] };
}

/** What the entries of a step say beside the rest; those of a single write name no step. */
export const stepFact = (plan: Plan | null, step: number): { readonly step?: number } =>
  hasSteps(plan) ? { step } : {};

export interface StepFailure {
  readonly code: ErrorCode;
  readonly detail?: string | undefined;
}

const sentenceOf = (account: StepAccount, index: number): string => {
  const step = `step ${index + 1} (${account.action})`;
  if (account.status === 'executed') return `${step} was executed`;
  if (account.status === 'not_started') return `${step} was not started`;
  return `${step} was not executed: ${account.detail ?? ERRORS[account.code].title}`;
};

/**
 * What happened, step by step, when a request of several ends at one that failed; `undefined` for a
 * single write, and for a request of which nothing was begun.
 */
export function accountAfter(
  request: Stepped,
  { code, detail }: StepFailure,
): { readonly steps: readonly StepAccount[]; readonly text: string } | undefined {
  const { plan, result, status } = request;
  const executed = accounts(result);
  if (!hasSteps(plan) || (executed.length === 0 && !hasBegun(status))) return undefined;
  const steps = plan.steps.map(({ action }, index): StepAccount => {
    const done = executed[index];
    if (done !== undefined) return done;
    return index === executed.length
      ? { action, status: 'failed', code, detail: detail ?? null }
      : { action, status: 'not_started' };
  });
  return { steps, text: steps.map(sentenceOf).join('; ') };
}
