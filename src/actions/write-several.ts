import { z } from 'zod';
import type { CardChange } from '../contracts/card.ts';
import { type Plan, PLAN_LIMITS, type Target } from '../contracts/plan.ts';
import type { Asked } from '../core/asked.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { stepPlan } from '../core/steps.ts';
import type {
  ActionDefinition,
  CardContent,
  PlanContext,
  PresentRecord,
  Touches,
} from './define-action.ts';
import { defineAction } from './define-action.ts';
import { sentProperties } from './hubspot-shapes.ts';

const STEPS_MIN = 2;

type StepInput = Readonly<Record<string, unknown>> & { readonly action: string };

/** Records that several steps touch are read once, with the properties that any of them needs. */
function mergedTargets(plans: readonly Plan[]): Target[] {
  const merged = new Map<string, Target>();
  for (const target of plans.flatMap(({ targets }) => targets)) {
    const key = `${target.object_type}/${target.id}`;
    const known = merged.get(key);
    const properties = [...new Set([...(known?.properties ?? []), ...target.properties])];
    const linked = [...(known?.linked_to ?? []), ...(target.linked_to ?? [])];
    merged.set(key, {
      ...target,
      properties,
      ...(linked.length === 0 ? {} : { linked_to: linked }),
    });
  }
  return [...merged.values()];
}

const joined = (plans: readonly Plan[]): Plan => ({
  action: 'write_several',
  operations: plans.flatMap(({ operations }) => operations),
  targets: mergedTargets(plans),
  steps: plans.flatMap(({ steps }) => steps),
  fields: [],
});

/** The plan of each step, from the whole plan's very bytes. */
const stepsOf = (plan: Plan): Plan[] =>
  plan.steps.flatMap((_, index) => stepPlan(plan, index + 1) ?? []);

/** What an update leaves behind is what the card of the next step shows as "was". */
function afterStep(step: Plan, present: readonly PresentRecord[]): readonly PresentRecord[] {
  const [witness] = step.steps.map((one) => one.witness);
  if (witness?.kind !== 'read_back') return present;
  return present.map((record) =>
    record.object_type === witness.object_type && record.id === witness.id
      ? { ...record, properties: { ...record.properties, ...sentProperties(step) } }
      : record,
  );
}

const numbered = (change: CardChange, index: number): CardChange => ({
  ...change,
  label: `${index + 1}. ${change.label}`,
});

function cardOf(
  find: (name: string) => ActionDefinition,
  plan: Plan,
  present: readonly PresentRecord[],
): CardContent {
  const cards: CardContent[] = [];
  let standing = present;
  for (const step of stepsOf(plan)) {
    const card = find(step.action).card?.(step, standing);
    if (card === undefined) throw new GatewayError('plan.tampered');
    cards.push(card);
    standing = afterStep(step, standing);
  }
  const records = cards.flatMap((card) => card.records);
  return {
    sentence: cards.map(({ sentence }, index) => `${index + 1}. ${sentence}`).join(' '),
    records: [...new Map(records.map((one) => [`${one.object_type}/${one.id}`, one])).values()],
    changes: cards.flatMap(({ changes }, index) => changes.map((one) => numbered(one, index))),
  };
}

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
      joined(parsed(value).map((step, index) => planStep(step, index, context))),
    toResult: (plan, answers) => ({
      steps: stepsOf(plan).map((step, index) => find(step.action).toResult(step, [answers[index]])),
    }),
    card: (plan, present) => cardOf(find, plan, present),
    undo: (plan, rows) =>
      rows
        .flatMap((row, index) => {
          const step = stepPlan(plan, index + 1);
          return step === undefined ? [] : (find(step.action).undo?.(step, [row]) ?? []);
        })
        .toReversed(),
  });
}
