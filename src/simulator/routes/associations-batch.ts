import { associate, dissociate } from '../associations/write.ts';
import { HubSpotError } from '../errors.ts';
import { batchReply, eachInput, toBatchError } from '../http/batch.ts';
import {
  AssociatePairsSchema,
  DefaultPairsSchema,
  DissociateSchema,
  FetchAssociationsSchema,
} from '../http/bodies.ts';
import { parseBody } from '../http/input.ts';
import { inFamily, noContent, writeContext } from '../http/route.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import type { ObjectTypeName } from '../object-types.ts';
import { ASSOCIATION_SCOPES } from '../scopes.ts';
import { defaultSpec, labelsBetween, viewNeighbours } from './associations.ts';
import { assertBatchSize, typeOf } from './shared.ts';

/** Larger than for records: HubSpot reads 1,000 and writes 2,000 associations in one call. */
const READ_INPUTS_MAX = 1_000;
const WRITE_INPUTS_MAX = 2_000;

function typesOf(call: Call): { from: ObjectTypeName; to: ObjectTypeName } {
  return { from: typeOf(call, 'fromObjectType').name, to: typeOf(call, 'toObjectType').name };
}

function batchRead(call: Call): Reply {
  const { from, to } = typesOf(call);
  const { inputs } = parseBody(call, FetchAssociationsSchema);
  assertBatchSize(inputs, READ_INPUTS_MAX);
  const rows = inputs.map(({ id }) => ({
    from: { id },
    to: viewNeighbours(call, { type: from, id }, to),
  }));
  const empty = rows.filter((row) => row.to.length === 0).map((row) => row.from.id);
  const results = rows.filter((row) => row.to.length > 0);
  const fields = {
    message: `No ${to} is associated with ${from} ${empty.join(', ')}.`,
    category: 'OBJECT_NOT_FOUND',
    subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
  };
  const error = toBatchError(new HubSpotError(404, fields), { fromObjectId: empty });
  return batchReply(call, 200, results, empty.length > 0 ? [error] : []);
}

function batchCreate(call: Call): Reply {
  const { from, to } = typesOf(call);
  const { inputs } = parseBody(call, AssociatePairsSchema);
  assertBatchSize(inputs, WRITE_INPUTS_MAX);
  const { results, errors } = eachInput(call, inputs, (input) => {
    const [source, target] = [
      { type: from, id: input.from.id },
      { type: to, id: input.to.id },
    ];
    associate(writeContext(call), source, target, input.types);
    return labelsBetween(source, target, input.types);
  });
  return batchReply(call, call.version === '2026-09' ? 200 : 201, results, errors);
}

function batchDefault(call: Call): Reply {
  const { from, to } = typesOf(call);
  const { inputs } = parseBody(call, DefaultPairsSchema);
  assertBatchSize(inputs, WRITE_INPUTS_MAX);
  const there = defaultSpec(from, to);
  const back = defaultSpec(to, from);
  const { results, errors } = eachInput(call, inputs, (input) => {
    const [source, target] = [
      { type: from, id: input.from.id },
      { type: to, id: input.to.id },
    ];
    associate(writeContext(call), source, target, [there]);
    return [
      { from: input.from, to: input.to, associationSpec: there },
      { from: input.to, to: input.from, associationSpec: back },
    ];
  });
  return batchReply(call, 200, results.flat(), errors);
}

function batchArchive(call: Call): Reply {
  const { from, to } = typesOf(call);
  const { inputs } = parseBody(call, DissociateSchema);
  assertBatchSize(inputs, WRITE_INPUTS_MAX);
  call.world.store.transaction(() => {
    for (const input of inputs)
      for (const target of input.to)
        dissociate(
          writeContext(call),
          { type: from, id: input.from.id },
          { type: to, id: target.id },
        );
  });
  return emptyBatch(call);
}

function batchArchiveLabels(call: Call): Reply {
  const { from, to } = typesOf(call);
  const { inputs } = parseBody(call, AssociatePairsSchema);
  assertBatchSize(inputs, WRITE_INPUTS_MAX);
  call.world.store.transaction(() => {
    for (const input of inputs)
      dissociate(
        writeContext(call),
        { type: from, id: input.from.id },
        { type: to, id: input.to.id },
        input.types,
      );
  });
  return emptyBatch(call);
}

/** v4 answers with nothing, the dated paths with an empty batch. */
function emptyBatch(call: Call): Reply {
  return call.version === 'v4' ? noContent : batchReply(call, 200, []);
}

/** Associations of many records between two objects. */
export function associationBatchRoutes(): Route[] {
  const base = {
    method: 'POST',
    auth: 'bearer',
    scopes: ASSOCIATION_SCOPES,
    budget: 'associations',
    body: 'json',
  } as const;
  const paths = (name: string) =>
    inFamily('associations', `/:fromObjectType/:toObjectType/batch/${name}`);
  return [
    { ...base, paths: paths('read'), handler: batchRead },
    { ...base, paths: paths('create'), handler: batchCreate },
    { ...base, paths: paths('associate/default'), handler: batchDefault },
    { ...base, paths: paths('archive'), handler: batchArchive },
    { ...base, paths: paths('labels/archive'), handler: batchArchiveLabels },
  ];
}
