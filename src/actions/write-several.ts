import { z } from 'zod';
import { type Plan, PLAN_LIMITS } from '../contracts/plan.ts';
import type { Asked } from '../core/asked.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { stepPlan } from '../core/steps.ts';
import type {
  ActionDefinition,
  CardContent,
  CardOf,
  PlanContext,
  Touches,
} from './define-action.ts';
import { defineAction } from './define-action.ts';
import { joinedCard, joinedPlan, stepsOf } from './joined-steps.ts';

const STEPS_MIN = 2;

type StepInput = Readonly<Record<string, unknown>> & { readonly action: string };

/** The money of all steps together counts for each, so that no limit is passed under in parts. */
function askedBy(steps: readonly (Touches & { readonly action: string })[]): Asked[] {
  const amounts = steps.flatMap(({ amount }) => (amount === undefined ? [] : [Math.abs(amount)]));
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  return steps.map(({ action, needs, amount }) => ({
    action,
    fields: needs,
    ...(amount === undefined ? {} : { amount: total }),
  }));
}

/**
 * Several writes as one request: one card, one approval, carried out in order, each with its own
 * intent and outcome, stopped at the first that fails. A step cannot name what an earlier step creates:
 * what is approved is what is sent, to the byte. `writes`: the actions that may be steps.
 */
export function writeSeveral(writes: readonly ActionDefinition[]): ActionDefinition {
  const byName = new Map(writes.map((action) => [action.name, action]));
  const find = (name: string): ActionDefinition => {
    const action = byName.get(name);
    if (action === undefined) throw new GatewayError('action.unknown');
    return action;
  };
  const [first, ...others] = writes.map(({ input }) => input);
  if (first === undefined) throw new Error('there is no write that could be a step');
  const parsed = (value: { steps: readonly object[] }): StepInput[] => value.steps as StepInput[];
  const cardOf = (...[step, standing, names]: CardOf): CardContent => {
    const card = find(step.action).card?.(step, standing, names);
    if (card === undefined) throw new GatewayError('plan.tampered');
    return card;
  };
  const planStep = (step: StepInput, index: number, context: PlanContext): Plan =>
    find(step.action).toPlan(step, {
      ...context,
      requestId: `${context.requestId}.${index + 1}`,
    });
  return defineAction({
    name: 'write_several',
    risk: 'write',
    summary:
      'Several writes in order, approved together. Stops at the first that fails. A step cannot use what an earlier one creates.',
    scopes: [],
    input: z.strictObject({
      action: z.literal('write_several'),
      steps: z
        .array(z.discriminatedUnion('action', [first, ...others] as never))
        .min(STEPS_MIN)
        .max(PLAN_LIMITS.operationsMax)
        .meta({ description: 'The writes, in the order in which they are to be carried out.' }),
    }),
    fields: [],
    touches: (value, present) => {
      const touched = parsed(value).map((step) => ({
        action: step.action,
        ...find(step.action).touches(step, present),
      }));
      const isAmountHeld = touched.some((step) => step.isAmountHeld === true);
      return { answers: [], needs: [], isAmountHeld, steps: askedBy(touched) };
    },
    toPlan: (value, context) =>
      joinedPlan(
        'write_several',
        parsed(value).map((step, index) => planStep(step, index, context)),
      ),
    toResult: (plan, answers) => ({
      steps: stepsOf(plan).map((step, index) => find(step.action).toResult(step, [answers[index]])),
    }),
    card: (...of) => joinedCard(cardOf, ...of),
    undo: (plan, rows) =>
      rows
        .flatMap((row, index) => {
          const step = stepPlan(plan, index + 1);
          return step === undefined ? [] : (find(step.action).undo?.(step, [row]) ?? []);
        })
        .toReversed(),
  });
}
