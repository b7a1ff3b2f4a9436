import { linkIn, linkProperty } from '../actions/association.ts';
import type { PresentRecord } from '../actions/define-action.ts';
import { CrmRecordSchema } from '../actions/hubspot-shapes.ts';
import type { Operation, RecordRef, Target } from '../contracts/plan.ts';
import { getOperation } from '../core/get-operation.ts';
import type { ErrorCode } from '../core/errors.ts';
import { recordPath } from '../core/hubspot-paths.ts';
import type { AuditEvent } from '../core/records.ts';
import { answeredJson, type CallFor, guardedReads } from '../gate/request-calls.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import type { ActivityDependencies } from './dependencies.ts';

function associationsQuery(linked: readonly RecordRef[]): Record<string, string> {
  const types = [...new Set(linked.map(({ object_type }) => object_type))];
  return types.length === 0 ? {} : { associations: types.join(',') };
}

const readTarget = ({ object_type, id, properties, linked_to: linked = [] }: Target): Operation =>
  getOperation(object_type, recordPath(object_type, id), {
    properties: properties.join(','),
    ...associationsQuery(linked),
  });

/** What reading a plan's targets gave: the records as they are now, or the code that says why not. */
export type Presence =
  | { readonly kind: 'present'; readonly records: readonly PresentRecord[] }
  | { readonly kind: 'gone'; readonly code: ErrorCode; readonly detail?: string | undefined }
  | { readonly kind: 'unreadable'; readonly code: ErrorCode };

/** These say something of the credential, which may be put right, and nothing of the record. */
const OUR_FAULT: ReadonlySet<ErrorCode> = new Set([
  'hubspot.unauthorized',
  'hubspot.missing_scope',
]);

function isOtherRecord(id: string, answer: CrmAnswer | undefined): boolean {
  if (answer?.kind !== 'answered') return false;
  const record = CrmRecordSchema.safeParse(answer.json);
  return record.success && record.data.id !== id;
}

function presentRecord(target: Target, json: unknown): PresentRecord[] {
  const { object_type, id, properties, linked_to: linked = [] } = target;
  const record = CrmRecordSchema.safeParse(json);
  if (!record.success) return [];
  const values = record.data.properties;
  const shown = properties.map((property) => [property, values[property] ?? null] as const);
  const links = linked.map((to) => [linkProperty(to), linkIn(json, to)] as const);
  const { updatedAt: updated_at } = record.data;
  return [{ object_type, id, properties: Object.fromEntries([...shown, ...links]), updated_at }];
}

function presenceOf(targets: readonly Target[], answers: readonly CrmAnswer[]): Presence {
  const failed = answers.find(({ kind }) => kind !== 'answered');
  if (failed?.kind === 'refused' && !OUR_FAULT.has(failed.code))
    return { kind: 'gone', code: failed.code, detail: failed.detail };
  if (failed !== undefined && failed.kind !== 'answered')
    return { kind: 'unreadable', code: failed.code };
  const other = targets.find(({ id }, i) => isOtherRecord(id, answers[i]));
  // A record that was merged away is answered with the one that took its place: nobody named that one.
  if (other !== undefined)
    return { kind: 'gone', code: 'record.not_found', detail: `${other.object_type} ${other.id}` };
  const records = targets.flatMap((target, i) =>
    presentRecord(target, answeredJson(answers[i] as CrmAnswer)),
  );
  if (records.length < targets.length) return { kind: 'unreadable', code: 'hubspot.bad_answer' };
  return { kind: 'present', records };
}

/** What reading these takes, for whoever takes its turns together with others. */
export const readsOf = (targets: readonly Target[]): readonly Operation[] =>
  targets.map(readTarget);

/**
 * The plan's targets as they are in HubSpot now (GET by id: strongly consistent, unlike search). `reads` is `readsInTurn`
 * for whoever has taken their turns before.
 */
export async function readPresent(
  deps: Pick<ActivityDependencies, 'store' | 'crm'>,
  of: CallFor,
  targets: readonly Target[],
  reads = guardedReads,
): Promise<{ readonly presence: Presence; readonly entries: readonly AuditEvent[] }> {
  const { answers, entries } = await reads(deps, of, readsOf(targets));
  return { presence: presenceOf(targets, answers), entries };
}
