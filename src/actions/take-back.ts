import type { ObjectType, Operation, Plan } from '../contracts/plan.ts';
import type { Undo } from '../contracts/undo.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { ASSOCIATION_TYPE_IDS, PRIMARY_COMPANY_TYPE_IDS } from '../core/hubspot-paths.ts';
import type { LedgerRecord } from '../core/records.ts';
import { isSameValue } from '../core/same-value.ts';
import { stepPlan } from '../core/steps.ts';
import { associatedIn, linkProperty } from './association.ts';
import { sentId } from './written-record.ts';

type Rows = readonly LedgerRecord[];
type Values = LedgerRecord['after'];

/** Throws `plan.tampered` for a row that is not of this plan: nothing may be taken back by it. */
function operationOf(plan: Plan, row: LedgerRecord, kind: Operation['kind']): Operation {
  const [operation] = plan.operations;
  if (operation?.kind === kind && operation.object_type === row.objectType) return operation;
  throw new GatewayError('plan.tampered', { detail: 'the write ledger is of another plan' });
}

/** HubSpot's `null` and `""` are both no value; `""` is how it is written. */
const written = (values: Values, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, values[name] ?? '']));

function restore(plan: Plan, row: LedgerRecord): Undo[] {
  const operation = operationOf(plan, row, 'update');
  if (row.objectId !== sentId(operation))
    throw new GatewayError('plan.tampered', { detail: 'the write ledger is of another record' });
  const changed = Object.keys(row.after).filter(
    (name) => !isSameValue(name, row.before[name], row.after[name]),
  );
  if (changed.length === 0) return [];
  const { object_type } = operation;
  const properties = written(row.before, changed);
  const expects = written(row.after, changed);
  return [{ kind: 'restore', object_type, id: row.objectId, properties, expects }];
}

function archive(plan: Plan, row: LedgerRecord): Undo[] {
  const { object_type } = operationOf(plan, row, 'create');
  const expects = written(row.after, Object.keys(row.after));
  return [{ kind: 'archive', object_type, id: row.objectId, expects }];
}

/** The unlabelled type, and the "primary company" that HubSpot makes of a first one by itself. */
function typesMade(from: ObjectType, to: ObjectType): number[] {
  const types: Readonly<Record<string, Readonly<Record<string, number>>>> = ASSOCIATION_TYPE_IDS;
  const primary: Readonly<Record<string, number>> = PRIMARY_COMPANY_TYPE_IDS;
  return [types[from]?.[to], to === 'companies' ? primary[from] : undefined].filter(
    (id) => id !== undefined,
  );
}

/** Only what was surely not there before: an association that somebody else had made is theirs. */
function dissociate(plan: Plan, row: LedgerRecord): Undo[] {
  operationOf(plan, row, 'associate');
  const { from, to } = associatedIn(plan);
  if (row.before[linkProperty(to)] !== '') return [];
  return [{ kind: 'dissociate', from, to, type_ids: typesMade(from.object_type, to.object_type) }];
}

/** The last change is taken back first. */
const newestFirst =
  (undoOf: (plan: Plan, row: LedgerRecord) => Undo[]) =>
  (plan: Plan, rows: Rows): readonly Undo[] =>
    rows.toReversed().flatMap((row) => undoOf(plan, row));

export const takeBackUpdate = newestFirst(restore);
export const takeBackCreate = newestFirst(archive);
export const takeBackAssociation = newestFirst(dissociate);

/**
 * Of a take-back itself, step by step: what was set back can be set forth again. An archive can be undone
 * in HubSpot alone, and an association is made again by asking for one.
 */
export const takeBackTakenBack = (plan: Plan, rows: Rows): readonly Undo[] =>
  rows
    .flatMap((row, index) => {
      const step = stepPlan(plan, index + 1);
      return step?.operations[0]?.kind === 'update' ? restore(step, row) : [];
    })
    .toReversed();
