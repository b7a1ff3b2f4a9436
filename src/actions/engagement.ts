import { z } from 'zod';
import type { CardChange } from '../contracts/card.ts';
import type { Operation, Plan, Target } from '../contracts/plan.ts';
import { ASSOCIATION_TYPE_IDS, objectsPath } from '../core/hubspot-paths.ts';
import { cardRecord, changesOf, findPresent } from './card-parts.ts';
import type { CardContent, PresentRecord } from './define-action.ts';
import { markerOf, readableBody } from './engagement-body.ts';
import { sentProperties } from './hubspot-shapes.ts';
import { NAME_PROPERTIES, recordName } from './record-name.ts';
import { hubspotId } from './text-rules.ts';

export const parentInput = {
  contact_id: hubspotId('The contact it belongs to.').optional(),
  company_id: hubspotId('The company it belongs to.').optional(),
  deal_id: hubspotId('The deal it belongs to.').optional(),
};

/** The record it belongs to is read for the card, and its engagements when an answer was lost. */
export const PARENT_READ_SCOPES = [
  'crm.objects.contacts.read',
  'crm.objects.companies.read',
  'crm.objects.deals.read',
] as const;

interface ParentInput {
  readonly contact_id?: string | undefined;
  readonly company_id?: string | undefined;
  readonly deal_id?: string | undefined;
}

export interface Parent {
  readonly object_type: 'contacts' | 'companies' | 'deals';
  readonly id: string;
}

function parentsOf(input: ParentInput): Parent[] {
  const given = [
    ['contacts', input.contact_id],
    ['companies', input.company_id],
    ['deals', input.deal_id],
  ] as const;
  return given.flatMap(([object_type, id]) => (id === undefined ? [] : [{ object_type, id }]));
}

export const hasOneParent = (input: ParentInput): boolean => parentsOf(input).length === 1;

export const ONE_PARENT_NEEDED = {
  error: 'exactly one of contact_id, company_id or deal_id is needed',
};

/** The only parent; the schema has made sure that there is exactly one. */
export function parentOf(input: ParentInput): Parent {
  const [parent] = parentsOf(input);
  if (parent === undefined) throw new Error('an engagement without a parent passed validation');
  return parent;
}

/** The parent, read for the card so that the approver sees whose record it is. */
const parentTarget = (parent: Parent): Target => ({
  ...parent,
  properties: [...NAME_PROPERTIES[parent.object_type]],
});

function createOperation(
  objectType: 'notes' | 'tasks',
  properties: Readonly<Record<string, string>>,
  parent: Parent,
): Operation {
  const associationTypeId = ASSOCIATION_TYPE_IDS[objectType][parent.object_type];
  const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }];
  return {
    kind: 'create',
    object_type: objectType,
    method: 'POST',
    path: objectsPath(objectType),
    query: {},
    body: JSON.stringify({ properties, associations: [{ to: { id: parent.id }, types }] }),
  };
}

interface EngagementSpec {
  readonly action: string;
  readonly objectType: 'notes' | 'tasks';
  readonly properties: Readonly<Record<string, string>>;
  /** The property that carries the marker. */
  readonly bodyProperty: string;
  readonly parent: Parent;
  readonly requestId: string;
}

export const engagementPlan = (spec: EngagementSpec): Plan => ({
  action: spec.action,
  operations: [createOperation(spec.objectType, spec.properties, spec.parent)],
  targets: [parentTarget(spec.parent)],
  steps: [
    {
      action: spec.action,
      witness: {
        kind: 'association',
        from: { object_type: spec.parent.object_type, id: spec.parent.id },
        to_type: spec.objectType,
        property: spec.bodyProperty,
        marker: markerOf(spec.requestId),
      },
    },
  ],
  fields: [],
});

const SentAssociationsSchema = z.object({
  associations: z.tuple([
    z.object({
      to: z.object({ id: z.string() }),
      types: z.tuple([z.object({ associationTypeId: z.int() })]),
    }),
  ]),
});

/** The record the operation's very bytes name, so that the card cannot show another one. */
function sentParent(objectType: 'notes' | 'tasks', plan: Plan): Parent {
  const body: unknown = JSON.parse(plan.operations[0]?.body ?? 'null');
  const { to, types } = SentAssociationsSchema.parse(body).associations[0];
  const typeIds = ASSOCIATION_TYPE_IDS[objectType];
  const found = (['contacts', 'companies', 'deals'] as const).find(
    (object_type) => typeIds[object_type] === types[0].associationTypeId,
  );
  if (found === undefined) throw new Error('the plan associates with an unknown object type');
  return { object_type: found, id: to.id };
}

interface EngagementCardSpec {
  readonly objectType: 'notes' | 'tasks';
  readonly bodyProperty: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly sentence: (parentName: string) => string;
}

export function engagementCard(
  spec: EngagementCardSpec,
  plan: Plan,
  present: readonly PresentRecord[],
): CardContent {
  const parent = findPresent(present, sentParent(spec.objectType, plan));
  const readable = (change: CardChange): CardChange =>
    change.property === spec.bodyProperty
      ? { ...change, after: readableBody(change.after) }
      : change;
  return {
    sentence: spec.sentence(recordName(parent)),
    records: [cardRecord(parent)],
    changes: changesOf(sentProperties(plan), spec.labels, undefined).map(readable),
  };
}
