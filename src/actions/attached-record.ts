import { z } from 'zod';
import type { CardChange } from '../contracts/card.ts';
import type { Operation, Plan, Witness } from '../contracts/plan.ts';
import { ASSOCIATION_TYPE_IDS, objectsPath } from '../core/hubspot-paths.ts';
import { MARKED_TYPES } from '../core/setup-calls.ts';
import { cardRecord, changesOf, findPresent, withUnique } from './card-parts.ts';
import type { CardContent, CardOf, PlanContext } from './define-action.ts';
import { sentProperties } from './hubspot-shapes.ts';
import { markerOf } from './marked-body.ts';
import { type Parent, PARENT_TYPES, parentTarget } from './parent.ts';
import { recordName } from './record-name.ts';

/** What is created as part of another record, and has no value of its own that HubSpot keeps unique. */
type AttachedType = 'notes' | 'tasks' | 'calls' | 'deals';

interface AttachedSpec {
  readonly action: string;
  readonly objectType: AttachedType;
  readonly properties: Readonly<Record<string, string>>;
  /** The property that carries the marker. */
  readonly markedProperty: string;
  readonly parent: Parent;
}

function createOperation(
  { objectType, parent }: AttachedSpec,
  properties: Readonly<Record<string, string>>,
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

const markerWitness = (spec: AttachedSpec, requestId: string): Witness => ({
  kind: 'association',
  from: { object_type: spec.parent.object_type, id: spec.parent.id },
  to_type: spec.objectType,
  property: spec.markedProperty,
  marker: markerOf(requestId),
});

/**
 * One create. After a lost answer it is found by the request's id: as the unique value of a property that was prepared
 * for it (a second create with it is refused, too), else as the marker in what belongs to the parent. Notes, tasks and
 * calls always by the marker: that HubSpot finds them by such a property nobody says, and one that ignored it would
 * answer as if there were none.
 */
export function attachedPlan(
  spec: AttachedSpec,
  { requestId, uniqueProperties }: Pick<PlanContext, 'requestId' | 'uniqueProperties'>,
): Plan {
  const unique = uniqueProperties[spec.objectType];
  const own = unique === undefined ? {} : { [unique]: requestId };
  const witness: Witness =
    unique === undefined || MARKED_TYPES.has(spec.objectType)
      ? markerWitness(spec, requestId)
      : {
          kind: 'unique',
          object_type: spec.objectType,
          id_property: unique,
          value: requestId,
          properties: own,
        };
  return {
    action: spec.action,
    operations: [createOperation(spec, { ...spec.properties, ...own })],
    targets: [parentTarget(spec.parent)],
    steps: [{ action: spec.action, witness }],
    fields: [],
  };
}

const SentAssociationsSchema = z.object({
  associations: z.tuple([
    z.object({
      to: z.object({ id: z.string() }),
      types: z.tuple([z.object({ associationTypeId: z.int() })]),
    }),
  ]),
});

/** The record the operation's very bytes name, so that the card cannot show another one. */
function sentParent(objectType: AttachedType, plan: Plan): Parent {
  const body: unknown = JSON.parse(plan.operations[0]?.body ?? 'null');
  const { to, types } = SentAssociationsSchema.parse(body).associations[0];
  const typeIds = ASSOCIATION_TYPE_IDS[objectType];
  const found = PARENT_TYPES.find(
    (object_type) => typeIds[object_type] === types[0].associationTypeId,
  );
  if (found === undefined) throw new Error('the plan associates with an unknown object type');
  return { object_type: found, id: to.id };
}

interface AttachedCardSpec {
  readonly objectType: AttachedType;
  readonly labels: ReadonlyMap<string, string>;
  /** HubSpot property -> what a person reads of its value, where that is not the value itself. */
  readonly readable?: Readonly<Record<string, (value: string) => string>>;
  readonly sentence: (parentName: string, sent: Readonly<Record<string, string>>) => string;
}

export function attachedCard(
  spec: AttachedCardSpec,
  ...[plan, present, names]: CardOf
): CardContent {
  const { objectType } = spec;
  const parent = findPresent(present, sentParent(objectType, plan));
  const sent = sentProperties(plan);
  const words = { objectType, labels: withUnique(spec.labels), names };
  const readable = (change: CardChange): CardChange => ({
    ...change,
    after: spec.readable?.[change.property]?.(change.after) ?? change.after,
  });
  return {
    sentence: spec.sentence(recordName(parent), sent),
    records: [cardRecord(parent)],
    changes: changesOf(sent, words, undefined).map(readable),
  };
}
