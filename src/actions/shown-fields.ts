import type { ObjectType, Operation, Plan } from '../contracts/plan.ts';
import { REQUEST_PROPERTY } from '../core/setup-calls.ts';
import type { PresentRecord } from './define-action.ts';
import { sentProperties } from './hubspot-shapes.ts';
import { stepsOf } from './joined-steps.ts';
import { isRevertible, LABELS } from './taken-back.ts';
import { sentId } from './written-record.ts';

/** A field that a card shows, with the values that stand there or would. */
export interface ShownField {
  readonly objectType: ObjectType;
  readonly property: string;
  readonly values: readonly string[];
}

/** Of the fields that we have a label for, those that hold HubSpot's own ids or inner names. */
const CHOICES: ReadonlySet<string> = new Set([
  'lifecyclestage',
  'industry',
  'dealstage',
  'pipeline',
  'hs_pipeline',
  'hs_pipeline_stage',
  'hs_ticket_priority',
  'hs_task_status',
  'hs_task_priority',
  'hs_task_type',
  'hs_call_direction',
  'hs_call_status',
]);

/** Whether HubSpot has to be asked what it calls these values; what people type, a note's text say, is its own name. */
export function isChoice({ objectType, property }: ShownField): boolean {
  if (CHOICES.has(property)) return true;
  if (property === REQUEST_PROPERTY) return false;
  return !(isRevertible(objectType) && LABELS[objectType].has(property));
}

/** What the operation sends; of an archive what is expected to stand there, which its card shows. */
function propertiesIn(step: Plan, { kind }: Operation): Readonly<Record<string, string>> {
  if (kind === 'create' || kind === 'update') return sentProperties(step);
  return kind === 'archive' ? (step.steps[0]?.expects?.properties ?? {}) : {};
}

function fieldsOf(step: Plan, present: readonly PresentRecord[]): ShownField[] {
  const [operation] = step.operations;
  if (operation === undefined) return [];
  const { kind, object_type: objectType } = operation;
  const id = kind === 'create' ? undefined : sentId(operation);
  const record = present.find((one) => one.object_type === objectType && one.id === id);
  return Object.entries(propertiesIn(step, operation)).map(([property, sent]) => ({
    objectType,
    property,
    values: [sent, record?.properties[property] ?? ''].filter((value) => value !== ''),
  }));
}

/** Every field of the plan's records whose values its card shows, step by step. */
export const shownFields = (plan: Plan, present: readonly PresentRecord[]): ShownField[] =>
  stepsOf(plan).flatMap((step) => fieldsOf(step, present));
