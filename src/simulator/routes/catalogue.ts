import { resourceNotFound, validationError } from '../errors.ts';
import { nextPage, queryBoolean, queryLimit, queryOffset } from '../http/input.ts';
import { inFamily, ok } from '../http/route.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import { LIMITS } from '../limits.ts';
import { PIPELINES_CREATED_AT, pipelinesOf } from '../records/pipelines.ts';
import type { Pipeline } from '../records/pipelines.ts';
import { OWNER_SCOPES, SCHEMA_READ_SCOPES } from '../scopes.ts';
import { OWNERS, OWNERS_CREATED_AT } from '../seed/owners.ts';
import type { Owner } from '../seed/owners.ts';
import { param, typeOf } from './shared.ts';

const DATES = { createdAt: PIPELINES_CREATED_AT, updatedAt: PIPELINES_CREATED_AT };

function viewStages(pipeline: Pipeline, isDated: boolean) {
  return pipeline.stages.map((stage, displayOrder) => ({
    ...stage,
    displayOrder,
    archived: false,
    ...DATES,
    ...(isDated ? { writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT' } : {}),
  }));
}

function viewPipeline(call: Call, pipeline: Pipeline, displayOrder: number) {
  const stages = viewStages(pipeline, call.version !== 'v3');
  return {
    id: pipeline.id,
    label: pipeline.label,
    displayOrder,
    archived: false,
    ...DATES,
    stages,
  };
}

function listPipelines(call: Call): Reply {
  const results = pipelinesOf(typeOf(call).name).map((pipeline, order) =>
    viewPipeline(call, pipeline, order),
  );
  return ok({ results });
}

function requirePipeline(call: Call): ReturnType<typeof viewPipeline> {
  const pipelines = pipelinesOf(typeOf(call).name);
  const order = pipelines.findIndex((each) => each.id === param(call, 'pipelineId'));
  const pipeline = pipelines[order];
  if (!pipeline) throw resourceNotFound('Pipeline does not exist');
  return viewPipeline(call, pipeline, order);
}

function readStage(call: Call): Reply {
  const { stages } = requirePipeline(call);
  const stage = stages.find((each) => each.id === param(call, 'stageId'));
  if (!stage) throw resourceNotFound('Stage does not exist');
  return ok(stage);
}

function viewOwner(owner: Owner) {
  const { id, email, firstName, lastName, userId, archived, team } = owner;
  return {
    ...{ id, email, type: 'PERSON', firstName, lastName, archived },
    ...(archived ? {} : { userId }),
    userIdIncludingInactive: userId,
    createdAt: OWNERS_CREATED_AT,
    updatedAt: OWNERS_CREATED_AT,
    teams: [{ ...team, primary: true }],
  };
}

function listOwners(call: Call): Reply {
  const limit = queryLimit(call, LIMITS.ownersPageDefault, LIMITS.ownersPageMax);
  const isArchived = queryBoolean(call, 'archived');
  const email = call.query.get('email')?.toLowerCase();
  const after = queryOffset(call);
  const matching = OWNERS.filter(
    (owner) =>
      owner.archived === isArchived &&
      (email === undefined || owner.email === email) &&
      Number(owner.id) > after,
  );
  const page = matching.slice(0, limit);
  const last = page.at(-1);
  const results = page.map(viewOwner);
  return matching.length > page.length && last
    ? ok({ results, paging: nextPage(call, last.id) })
    : ok({ results });
}

function readOwner(call: Call): Reply {
  const id = param(call, 'ownerId');
  const idProperty = call.query.get('idProperty') ?? 'id';
  if (idProperty !== 'id' && idProperty !== 'userId')
    throw validationError('idProperty must be id or userId.');
  if (!/^-?\d{1,10}$/u.test(id)) throw validationError('ownerId must be an integer.');
  const isArchived = queryBoolean(call, 'archived');
  const owner = OWNERS.find(
    (each) =>
      (idProperty === 'id' ? each.id : String(each.userId)) === id && each.archived === isArchived,
  );
  if (!owner) throw resourceNotFound(`No owner found for id ${id}`);
  return ok(viewOwner(owner));
}

/** The account's own lists that records refer to: pipelines with their stages, and owners. */
export function catalogueRoutes(): Route[] {
  const base = { method: 'GET', auth: 'bearer', budget: 'general', body: 'none' } as const;
  const schema = { ...base, scopes: SCHEMA_READ_SCOPES } as const;
  const owners = { ...base, scopes: OWNER_SCOPES } as const;
  const pipelines = (suffix: string) => inFamily('pipelines', `/:objectType${suffix}`);
  return [
    { ...schema, paths: pipelines(''), handler: listPipelines },
    { ...schema, paths: pipelines('/:pipelineId'), handler: (call) => ok(requirePipeline(call)) },
    {
      ...schema,
      paths: pipelines('/:pipelineId/stages'),
      handler: (call) => ok({ results: requirePipeline(call).stages }),
    },
    { ...schema, paths: pipelines('/:pipelineId/stages/:stageId'), handler: readStage },
    { ...owners, paths: inFamily('owners', ''), handler: listOwners },
    { ...owners, paths: inFamily('owners', '/:ownerId'), handler: readOwner },
  ];
}
