import { CrmRecordSchema } from '../actions/hubspot-shapes.ts';
import type { Operation } from '../contracts/plan.ts';
import { getOperation } from '../core/get-operation.ts';
import { objectsPath, recordPath } from '../core/hubspot-paths.ts';
import type { IncidentRecord } from '../core/incident.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import type { Store } from '../ports/store.ts';
import { callForIncident, type IncidentCallDependencies } from '../gate/incident-calls.ts';
import { incidentAt } from '../gate/incidents.ts';
import type { Found } from './incident-checks.ts';

/**
 * A note that belongs to no record: it shows nowhere in HubSpot, and needs no scope that adding notes
 * does not need. https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide
 */
const TYPE = 'notes';
const name = 'canary';

const textOf = (incidentId: string): string =>
  `Sallyport tries its new key (${incidentId}). It removes this note by itself.`;

const create = (incidentId: string, at: Date): Operation => ({
  kind: 'create',
  object_type: TYPE,
  method: 'POST',
  path: objectsPath(TYPE),
  query: {},
  body: JSON.stringify({
    properties: { hs_timestamp: at.toISOString(), hs_note_body: textOf(incidentId) },
    associations: [],
  }),
});

const readBack = (id: string): Operation =>
  getOperation(TYPE, recordPath(TYPE, id), { properties: 'hs_note_body' });

const remove = (id: string): Operation => ({
  kind: 'archive',
  object_type: TYPE,
  method: 'DELETE',
  path: recordPath(TYPE, id),
  query: {},
  body: null,
});

const waiting = (what: string): Found => ({
  name,
  state: 'waiting',
  detail: `${what}; it is tried again.`,
});

const idOf = (answer: CrmAnswer): string | undefined =>
  answer.kind === 'answered' ? CrmRecordSchema.safeParse(answer.json).data?.id : undefined;

/**
 * Writes, reads back and removes one note with the new key. Where a crash or a lost answer leaves one
 * behind, its id is on record (when HubSpot told it) and the next look goes on from there.
 */
export async function tryCanary(
  deps: IncidentCallDependencies & { readonly store: Store; readonly clock: () => Date },
  incident: IncidentRecord,
  version: number,
): Promise<Found> {
  const { id: incidentId, connection } = incident;
  const of = { incidentId, version, connection };
  const keep = (canary: IncidentRecord['canary']) =>
    deps.store.commit(async (tx) => {
      if ((await incidentAt(tx, incidentId, 'verifying')) !== undefined)
        await tx.incidents.update(incidentId, { canary });
    });
  let id = incident.canary?.id;
  if (id === undefined) {
    const made = await callForIncident(deps, of, create(incidentId, deps.clock()));
    if (made.kind === 'refused' && made.code === 'hubspot.missing_scope')
      return { name, state: 'not_possible', detail: 'This key may not write notes.' };
    id = idOf(made);
    if (id === undefined) return waiting('The test note was not confirmed');
    await keep({ objectType: TYPE, id });
  }
  const read = await callForIncident(deps, of, readBack(id));
  const isGone = read.kind === 'refused' && read.code === 'record.not_found';
  if (!isGone && idOf(read) !== id) return waiting('The test note could not be read back');
  const removed = isGone ? read : await callForIncident(deps, of, remove(id));
  if (removed.kind !== 'answered' && !isGone) return waiting('The test note could not be removed');
  await keep({ objectType: TYPE, id });
  return { name, state: 'passed', detail: 'A test note was written, read back and removed.' };
}
