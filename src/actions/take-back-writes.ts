import { z } from 'zod';
import type { CardChange } from '../contracts/card.ts';
import { RequestIdSchema } from '../contracts/ids.ts';
import { type Expected, type Plan, PLAN_LIMITS, type Target } from '../contracts/plan.ts';
import { type Undo, UndoSchema } from '../contracts/undo.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { recordPath } from '../core/hubspot-paths.ts';
import { associatedIn, dissociateOperation, LINKED, linkProperty } from './association.ts';
import { cardRecord, changesOf, findPresent } from './card-parts.ts';
import { dealMoney } from './deal-amount.ts';
import {
  type CardContent,
  type CardOf,
  defineAction,
  type PresentRecord,
  type Touches,
} from './define-action.ts';
import { sentProperties } from './hubspot-shapes.ts';
import { joinedCard, joinedPlan, stepsOf } from './joined-steps.ts';
import { readableBody } from './marked-body.ts';
import { PARENT_READ_SCOPES, PARENT_TYPES } from './parent.ts';
import { recordName } from './record-name.ts';
import { takeBackTakenBack } from './take-back.ts';
import { isRestorable, isRevertible, LABELS, nameProperties, ownProperties } from './taken-back.ts';
import { ARCHIVED, sentId, writtenRecord } from './written-record.ts';

export const TAKE_BACK = 'take_back';

/** As policy grants them: what is done to take something back. */
const FIELDS = ['restore', 'archive', 'dissociate'] as const;

const RECORD_ID = /^[1-9]\d{0,19}$/;
/** Names go into a comma list of the query. */
const PROPERTY_NAME = /^[a-z0-9_]{1,100}$/i;

const isNamed = (values: Readonly<Record<string, string>>): boolean => {
  const names = Object.keys(values);
  return names.length > 0 && names.every((name) => PROPERTY_NAME.test(name));
};

const isSameNames = (one: object, other: object): boolean =>
  Object.keys(one).toSorted().join() === Object.keys(other).toSorted().join();

const isParent = (type: string): boolean => (PARENT_TYPES as readonly string[]).includes(type);

/** What no write of ours, and no change the radar can find, would be taken back by; `undefined`: it is fine. */
function problemOf(undo: Undo): string | undefined {
  if (undo.kind === 'dissociate') {
    const ends = [undo.from, undo.to];
    const isFine = ends.every(({ object_type, id }) => isParent(object_type) && RECORD_ID.test(id));
    return isFine ? undefined : 'an association is of two contacts, companies, deals or tickets';
  }
  if (!isRevertible(undo.object_type) || !RECORD_ID.test(undo.id)) return 'no such record';
  if (undo.kind === 'restore' && !isRestorable(undo.object_type)) return 'no such record';
  if (!isNamed(undo.expects)) return 'expects: names and values that were left behind';
  if (undo.kind === 'restore' && !isSameNames(undo.properties, undo.expects))
    return 'properties and expects name the same properties';
  return undefined;
}

/** Two that touch one thing would make each other stale, or undo each other. */
const placesOf = (undo: Undo): string[] => {
  if (undo.kind === 'dissociate')
    return [`${undo.from.object_type}/${undo.from.id}/${linkProperty(undo.to)}`];
  const record = `${undo.object_type}/${undo.id}`;
  if (undo.kind === 'archive') return [record];
  return Object.keys(undo.properties).map((name) => `${record}/${name}`);
};

function repeated(undos: readonly Undo[]): string | undefined {
  const places = undos.flatMap(placesOf);
  const isPart = (one: string, other: string): boolean =>
    one === other || one.startsWith(`${other}/`);
  return places.find((place, index) =>
    places.some((other, at) => at !== index && isPart(place, other)),
  );
}

const input = z
  .strictObject({
    action: z.literal(TAKE_BACK),
    of: RequestIdSchema.nullable().meta({ description: 'The write; null for what is not ours.' }),
    undo: z.array(UndoSchema).min(1).max(PLAN_LIMITS.operationsMax),
  })
  .superRefine((value, context) => {
    if (context.issues.length > 0) return;
    const found = value.undo.map(problemOf).find((problem) => problem !== undefined);
    const twice = repeated(value.undo);
    const message = found ?? (twice === undefined ? undefined : `${twice} is named twice`);
    if (message !== undefined) context.addIssue({ code: 'custom', message, input: value });
  });

type Restore = Extract<Undo, { kind: 'restore' }>;
type Archive = Extract<Undo, { kind: 'archive' }>;
type Dissociate = Extract<Undo, { kind: 'dissociate' }>;

/** A deal's amount is read for policy, as for every write that touches one. */
const amountOf = (type: string): readonly string[] => (type === 'deals' ? ['amount'] : []);

const targetOf = (undo: Restore | Archive): Target => ({
  object_type: undo.object_type,
  id: undo.id,
  properties: [
    ...new Set([
      ...nameProperties(undo.object_type),
      ...amountOf(undo.object_type),
      ...Object.keys(undo.expects),
      ...(undo.kind === 'archive' && isRevertible(undo.object_type)
        ? ownProperties(undo.object_type)
        : []),
    ]),
  ],
});

const expectedOf = ({ object_type, id, expects }: Restore | Archive): Expected => ({
  object_type,
  id,
  properties: expects,
});

function restorePlan(undo: Restore): Plan {
  const { object_type, id, properties } = undo;
  const witness = { kind: 'read_back', object_type, id, properties } as const;
  return {
    action: TAKE_BACK,
    operations: [
      {
        kind: 'update',
        object_type,
        method: 'PATCH',
        path: recordPath(object_type, id),
        query: {},
        body: JSON.stringify({ properties }),
      },
    ],
    targets: [targetOf(undo)],
    steps: [{ action: TAKE_BACK, witness, expects: expectedOf(undo) }],
    fields: [],
  };
}

function archivePlan(undo: Archive): Plan {
  const { object_type, id } = undo;
  const path = recordPath(object_type, id);
  const witness = { kind: 'archived', object_type, id } as const;
  return {
    action: TAKE_BACK,
    operations: [{ kind: 'archive', object_type, method: 'DELETE', path, query: {}, body: null }],
    targets: [targetOf(undo)],
    steps: [{ action: TAKE_BACK, witness, expects: expectedOf(undo) }],
    fields: [],
  };
}

function dissociatePlan({ from, to }: Dissociate): Plan {
  const named = (ref: typeof from): Target => ({
    ...ref,
    properties: [...nameProperties(ref.object_type), ...amountOf(ref.object_type)],
  });
  const expects: Expected = { ...from, properties: { [linkProperty(to)]: LINKED } };
  return {
    action: TAKE_BACK,
    operations: [dissociateOperation(from, to)],
    targets: [{ ...named(from), linked_to: [to] }, named(to)],
    steps: [{ action: TAKE_BACK, witness: { kind: 'unlinked', from, to }, expects }],
    fields: [],
  };
}

function planOf(undo: Undo): Plan {
  switch (undo.kind) {
    case 'restore':
      return restorePlan(undo);
    case 'archive':
      return archivePlan(undo);
    case 'dissociate':
      return dissociatePlan(undo);
  }
}

const READABLE: Readonly<Record<string, (value: string) => string>> = {
  hs_note_body: readableBody,
  hs_task_body: readableBody,
  hs_call_body: readableBody,
};

const readable = (change: CardChange): CardChange => {
  const read = READABLE[change.property];
  if (read === undefined) return change;
  const before = change.before === null ? null : read(change.before);
  return { ...change, before, after: read(change.after) };
};

function recordOf(plan: Plan, present: readonly PresentRecord[]) {
  const [operation] = plan.operations;
  if (operation === undefined || !isRevertible(operation.object_type))
    throw new GatewayError('plan.tampered');
  const { object_type } = operation;
  const record = findPresent(present, { object_type, id: sentId(operation) });
  return { record, objectType: object_type, labels: LABELS[object_type] };
}

function restoreCard(...[plan, present, names]: CardOf): CardContent {
  const { record, ...words } = recordOf(plan, present);
  const changes = changesOf(sentProperties(plan), { ...words, names }, record).map(readable);
  const fields = changes.map(({ label }) => label.toLowerCase()).join(', ');
  return {
    sentence: `Set back ${fields} of ${recordName(record)}.`,
    records: [cardRecord(record)],
    changes,
  };
}

/** What is there of it now, so that an approver sees what would go. */
function archiveCard(...[plan, present, names]: CardOf): CardContent {
  const { record, ...words } = recordOf(plan, present);
  const expected = Object.keys(plan.steps[0]?.expects?.properties ?? {});
  const emptied = Object.fromEntries(expected.map((name) => [name, '']));
  const held = changesOf(emptied, { ...words, names }, record);
  return {
    sentence: `Archive ${recordName(record)}; it can be restored in HubSpot for 90 days.`,
    records: [cardRecord(record)],
    changes: [
      { label: 'Record', property: ARCHIVED, before: 'in HubSpot', after: 'archived' },
      ...held.map(readable),
    ],
  };
}

function dissociateCard(plan: Plan, present: readonly PresentRecord[]): CardContent {
  const { from, to } = associatedIn(plan);
  const records = [findPresent(present, from), findPresent(present, to)] as const;
  const [first, second] = records.map(recordName);
  const property = linkProperty(to);
  const before = records[0].properties[property] ?? null;
  return {
    sentence: `Take away the association of ${first ?? ''} with ${second ?? ''}.`,
    records: records.map(cardRecord),
    changes: [{ label: 'Association', property, before, after: 'not linked' }],
  };
}

function stepCard(...[plan, present, names]: CardOf): CardContent {
  const kind = plan.operations[0]?.kind;
  if (kind === 'update') return restoreCard(plan, present, names);
  if (kind === 'archive') return archiveCard(plan, present, names);
  if (kind === 'dissociate') return dissociateCard(plan, present);
  throw new GatewayError('plan.tampered');
}

/** What a deal is set back to or from counts for as much as what it holds. */
function moneyOf(undo: Undo, present: readonly PresentRecord[] | undefined) {
  if (undo.kind === 'dissociate') {
    const deals = [undo.from, undo.to].filter(({ object_type }) => object_type === 'deals');
    return deals.map(({ id }) => dealMoney(id, {}, present));
  }
  if (undo.object_type !== 'deals') return [];
  const values = [undo.expects['amount'], undo.kind === 'restore' ? undo.properties['amount'] : ''];
  const amounts = values.map((value) => Math.abs(Number(value ?? '')));
  const amount = Math.max(...amounts.map((each) => (Number.isNaN(each) ? Infinity : each)));
  return [dealMoney(undo.id, { amount }, present)];
}

function touched(undos: readonly Undo[], present?: readonly PresentRecord[]): Touches {
  const money = undos.flatMap((undo) => moneyOf(undo, present));
  const amount = money.reduce((sum, one) => sum + (one.amount ?? 0), 0);
  return {
    answers: [],
    needs: FIELDS.filter((field) => undos.some(({ kind }) => kind === field)),
    ...(money.length === 0 ? {} : { isAmountHeld: true, amount }),
  };
}

const resultOf = (step: Plan) => {
  const [operation] = step.operations;
  if (operation?.kind === 'dissociate') {
    const { from, to } = associatedIn(step);
    return { kind: 'dissociate', from, to };
  }
  const kind = operation?.kind === 'archive' ? 'archive' : 'restore';
  return { kind, object_type: operation?.object_type, id: sentId(operation) };
};

/**
 * Takes back what was written: one operation for each `Undo`, in the given order. Only the gateway's own
 * agent may ask for it (`gate/own-agent.ts`). Each step says what must stand in its record; where anything
 * else stands when it is shown or begun, somebody has changed it since, and nothing is sent (law 12).
 */
export const takeBackWrites = defineAction({
  name: TAKE_BACK,
  risk: 'write',
  summary: 'Take back what was written, as far as nobody has changed it since.',
  scopes: [
    ...PARENT_READ_SCOPES,
    'crm.objects.contacts.write',
    'crm.objects.companies.write',
    'crm.objects.deals.write',
  ],
  input,
  fields: FIELDS,
  touches: (value, present) => touched(value.undo, present),
  toPlan: (value) => joinedPlan(TAKE_BACK, value.undo.map(planOf)),
  toResult: (plan, answers) => ({
    taken_back: stepsOf(plan).map((step, index) => {
      writtenRecord(step, answers[index]);
      return resultOf(step);
    }),
  }),
  undo: takeBackTakenBack,
  card: (...of) => (of[0].steps.length > 1 ? joinedCard(stepCard, ...of) : stepCard(...of)),
});
