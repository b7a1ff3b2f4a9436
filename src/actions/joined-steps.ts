import type { CardChange } from '../contracts/card.ts';
import type { Plan, Target } from '../contracts/plan.ts';
import { stepPlan } from '../core/steps.ts';
import type { CardContent, CardOf, PresentRecord } from './define-action.ts';
import { sentProperties } from './hubspot-shapes.ts';

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

/** One plan whose steps are these plans, in order. */
export const joinedPlan = (action: string, plans: readonly Plan[]): Plan => ({
  action,
  operations: plans.flatMap(({ operations }) => operations),
  targets: mergedTargets(plans),
  steps: plans.flatMap(({ steps }) => steps),
  fields: [],
});

/** The plan of each step, from the whole plan's very bytes. */
export const stepsOf = (plan: Plan): Plan[] =>
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

/** One card for all steps: their sentences and changes numbered, each record named once. */
export function joinedCard(
  cardOf: (...of: CardOf) => CardContent,
  ...[plan, present, names]: CardOf
): CardContent {
  const cards: CardContent[] = [];
  let standing = present;
  for (const step of stepsOf(plan)) {
    cards.push(cardOf(step, standing, names));
    standing = afterStep(step, standing);
  }
  const records = cards.flatMap((card) => card.records);
  return {
    sentence: cards.map(({ sentence }, index) => `${index + 1}. ${sentence}`).join(' '),
    records: [...new Map(records.map((one) => [`${one.object_type}/${one.id}`, one])).values()],
    changes: cards.flatMap(({ changes }, index) => changes.map((one) => numbered(one, index))),
  };
}
