import { objectNotFound, validationError } from '../errors.ts';
import { parseBody, nextPage, queryBoolean, queryLimit } from '../http/input.ts';
import { CreateSchema, GdprDeleteSchema, MergeSchema, UpdateSchema } from '../http/bodies.ts';
import { created, inFamily, noContent, ok, writeContext } from '../http/route.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import { LIMITS } from '../limits.ts';
import { createRecord } from '../records/create.ts';
import {
  archiveRecord,
  eraseRecord,
  findRecord,
  mergeRecords,
  requireRecord,
  updateRecord,
} from '../records/update.ts';
import { viewAssociations, viewRecord, viewWritten } from '../records/view.ts';
import type { RecordReply } from '../records/view.ts';
import type { StoredRecord } from '../state/types.ts';
import {
  askedAssociations,
  assertBatchSize,
  param,
  readScopes,
  typeOf,
  viewOptions,
  writeScopes,
} from './shared.ts';

function viewAsked(call: Call, record: StoredRecord): RecordReply {
  const { store } = call.world;
  const reply = viewRecord(store, record, viewOptions(call));
  const associations = viewAssociations(
    store,
    { type: record.type, id: record.id },
    askedAssociations(call),
  );
  return Object.keys(associations).length > 0 ? { ...reply, associations } : reply;
}

function listRecords(call: Call): Reply {
  const type = typeOf(call);
  const limit = queryLimit(call, LIMITS.listPageDefault, LIMITS.listPageMax);
  const isArchived = queryBoolean(call, 'archived');
  // An empty cursor is the first page.
  const after = call.query.get('after') || '0';
  if (!/^\d{1,15}$/u.test(after)) throw validationError('after is not a valid cursor.');
  const matching = call.world.store
    .records(type.name)
    .filter((record) => record.archived === isArchived && Number(record.id) > Number(after))
    .sort((a, b) => Number(a.id) - Number(b.id));
  const page = matching.slice(0, limit);
  const last = page.at(-1);
  const isMore = matching.length > page.length && last !== undefined;
  const results = page.map((record) => viewAsked(call, record));
  return ok(isMore ? { results, paging: nextPage(call, last.id) } : { results });
}

function readRecord(call: Call): Reply {
  const type = typeOf(call);
  const id = param(call, 'objectId');
  const isArchived = queryBoolean(call, 'archived');
  const record = findRecord(call.world.store, type.name, id, call.query.get('idProperty'));
  if (!record || record.archived !== isArchived) throw objectNotFound(id);
  return ok(viewAsked(call, record));
}

function createOne(call: Call): Reply {
  const input = parseBody(call, CreateSchema);
  assertBatchSize(input.associations ?? [], LIMITS.batchInputsMax);
  return created(viewWritten(createRecord(writeContext(call), typeOf(call).name, input)));
}

function updateOne(call: Call): Reply {
  const { properties } = parseBody(call, UpdateSchema);
  const id = param(call, 'objectId');
  const { store } = call.world;
  const record = requireRecord(store, typeOf(call).name, id, call.query.get('idProperty'));
  return ok(viewWritten(updateRecord(writeContext(call), record, properties)));
}

function archiveOne(call: Call): Reply {
  const id = param(call, 'objectId');
  const record = findRecord(call.world.store, typeOf(call).name, id);
  if (!record) throw objectNotFound(id);
  archiveRecord(writeContext(call), record);
  return noContent;
}

function mergeTwo(call: Call): Reply {
  const type = typeOf(call);
  if (type.activity) throw validationError(`Objects of type ${type.name} cannot be merged.`);
  const { primaryObjectId, objectIdToMerge } = parseBody(call, MergeSchema);
  if (primaryObjectId === objectIdToMerge)
    throw validationError('A record cannot be merged with itself.');
  const primary = requireRecord(call.world.store, type.name, primaryObjectId);
  const other = requireRecord(call.world.store, type.name, objectIdToMerge);
  return ok(viewWritten(mergeRecords(writeContext(call), primary, other)));
}

function gdprDelete(call: Call): Reply {
  const type = typeOf(call);
  if (type.name !== 'contacts') throw validationError('Only contacts can be GDPR-deleted.');
  const { objectId, idProperty } = parseBody(call, GdprDeleteSchema);
  const record = findRecord(call.world.store, type.name, objectId, idProperty);
  // An address nobody holds is only put on the block list, which is a success.
  if (!record && idProperty) return noContent;
  if (!record) throw objectNotFound(objectId);
  eraseRecord(writeContext(call), record);
  call.world.tokens.noteEvent('GDPR_DELETE', record.id, call.token.userId);
  return noContent;
}

/** One record at a time: list, read, create, update, archive, and the two that no agent may call. */
export function objectRoutes(): Route[] {
  const read = { auth: 'bearer', scopes: readScopes, budget: 'general', body: 'none' } as const;
  const write = { auth: 'bearer', scopes: writeScopes, budget: 'general', body: 'json' } as const;
  const all = inFamily('objects', '/:objectType');
  const one = inFamily('objects', '/:objectType/:objectId');
  const merge = inFamily('objects', '/:objectType/merge');
  const erase = inFamily('objects', '/:objectType/gdpr-delete');
  return [
    { ...read, method: 'GET', paths: all, handler: listRecords },
    { ...write, method: 'POST', paths: all, handler: createOne },
    { ...write, method: 'POST', paths: merge, handler: mergeTwo },
    { ...write, method: 'POST', paths: erase, handler: gdprDelete },
    { ...read, method: 'GET', paths: one, handler: readRecord },
    { ...write, method: 'PATCH', paths: one, handler: updateOne },
    { ...write, method: 'DELETE', paths: one, body: 'none', handler: archiveOne },
  ];
}
