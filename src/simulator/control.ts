import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import { z } from 'zod';
import { HubSpotError } from './errors.ts';
import { FaultInputSchema } from './faults.ts';
import type { Pipeline } from './http/pipeline.ts';
import { OBJECT_TYPE_NAMES, requireObjectType } from './object-types.ts';
import { DEFAULT_RATE_LIMITS } from './rate-limits.ts';
import type { WriteContext } from './records/context.ts';
import { createRecord } from './records/create.ts';
import { archiveRecord, requireRecord, updateRecord } from './records/update.ts';
import { viewWritten } from './records/view.ts';
import { CreateSchema, PropertiesSchema } from './http/bodies.ts';
import { ALL_SCOPES, READ_SCOPES } from './scopes.ts';
import { seedDemo } from './seed/demo.ts';

const PERSON_ID = 70_002;
const CONTROL_BODY_MAX = '5mb';

const ScopesSchema = z.union([z.enum(['all', 'read']), z.array(z.string())]).default('all');
const StateSchema = z.enum(['active', 'expired', 'revoked']);

const TokenSchema = z.strictObject({
  scopes: ScopesSchema,
  state: StateSchema.default('active'),
  app_id: z.int().optional(),
});
const TokenStateSchema = z.strictObject({ token: z.string(), state: StateSchema });
/** `scopes` of the new key; those of the old one if absent. */
const RotateSchema = z.strictObject({ scopes: z.array(z.string()).optional() });
const OAuthAppSchema = z.strictObject({ scopes: ScopesSchema });
const ResetSchema = z.strictObject({
  seed: z.boolean().default(true),
  tokens: z.boolean().default(false),
});
const LagSchema = z.strictObject({ ms: z.int().min(0).max(600_000) });
const LimitsSchema = z.strictObject({
  burst_max: z.int().min(0).optional(),
  search_per_second: z.int().min(0).optional(),
  daily: z.int().min(0).optional(),
  retry_after: z.int().min(0).nullable().optional(),
  enabled: z.boolean().optional(),
});
const EditSchema = z.strictObject({
  object_type: z.string(),
  id: z.string().optional(),
  properties: PropertiesSchema.optional(),
  create: z.union([CreateSchema, PropertiesSchema]).optional(),
  archive: z.literal(true).optional(),
  user_id: z.int().default(PERSON_ID),
});
const SwitchSchema = z.strictObject({ enabled: z.boolean() });
const BatchStatusSchema = z.strictObject({ partial: z.enum(['as_published', '207']) });
const RulesSchema = z.strictObject({
  object_type: z.string(),
  required: z.array(z.string()),
});

function toScopes(scopes: z.infer<typeof ScopesSchema>): readonly string[] {
  if (scopes === 'all') return ALL_SCOPES;
  return scopes === 'read' ? READ_SCOPES : scopes;
}

/** A change made by a person in HubSpot: same rules, but its history says CRM_UI. */
function edit(pipeline: Pipeline, body: unknown): unknown {
  const input = EditSchema.parse(body);
  const { store } = pipeline.world;
  const type = requireObjectType(input.object_type).name;
  const context: WriteContext = {
    store,
    now: new Date().toISOString(),
    actor: { source: 'ui', userId: input.user_id },
    request: { method: 'UI', path: `/ui/${type}/${input.id ?? 'new'}`, bodySha256: null },
  };
  if (input.create) {
    const full = CreateSchema.safeParse(input.create);
    const fields = full.success ? full.data : { properties: PropertiesSchema.parse(input.create) };
    return viewWritten(createRecord(context, type, fields));
  }
  const record = requireRecord(store, type, input.id ?? '');
  if (input.archive) {
    archiveRecord(context, record);
    return { id: record.id, archived: true };
  }
  return viewWritten(updateRecord(context, record, input.properties ?? {}));
}

function reset(pipeline: Pipeline, body: unknown): void {
  const { world, faults, log } = pipeline;
  const input = ResetSchema.parse(body);
  world.store.clear();
  faults.clear();
  log.clear();
  world.store.index.lagMs = 0;
  world.limits.reset();
  world.limits.settings = { ...DEFAULT_RATE_LIMITS };
  world.switches.uniqueOnActivities = false;
  world.switches.partialBatchStatus = 'as_published';
  world.switches.requiredProperties = {};
  if (input.tokens) world.tokens.clear();
  if (input.seed) seedDemo(world.store);
}

function setLimits(pipeline: Pipeline, body: unknown): unknown {
  const input = LimitsSchema.parse(body);
  const { limits } = pipeline.world;
  const held = limits.settings;
  limits.settings = {
    enabled: input.enabled ?? held.enabled,
    burstMax: input.burst_max ?? held.burstMax,
    searchPerSecondMax: input.search_per_second ?? held.searchPerSecondMax,
    dailyMax: input.daily ?? held.dailyMax,
    retryAfterSeconds: input.retry_after === undefined ? held.retryAfterSeconds : input.retry_after,
  };
  limits.reset();
  return limits.settings;
}

function sinceOf(request: Request): number {
  const since = request.query['since'];
  return typeof since === 'string' && /^\d+$/u.test(since) ? Number(since) : 0;
}

function tokenRoutes(app: Express, pipeline: Pipeline): void {
  const { tokens } = pipeline.world;
  app.post('/tokens', (request, response) => {
    const input = TokenSchema.parse(request.body ?? {});
    const { token, record } = tokens.mint({
      scopes: toScopes(input.scopes),
      state: input.state,
      appId: input.app_id,
    });
    const { id, appId, scopes } = record;
    response.status(201).json({ token, id, app_id: appId, scopes });
  });
  app.post('/tokens/state', (request, response) => {
    const { token, state } = TokenStateSchema.parse(request.body);
    const record = tokens.find(token);
    if (!record) throw new HubSpotError(404, { message: 'no such token' });
    const { id } = tokens.setState(record, state);
    response.json({ id, state });
  });
  app.post('/tokens/rotate', (request, response) => {
    const { scopes } = RotateSchema.parse(request.body ?? {});
    const rotated = tokens.rotate(scopes);
    if (!rotated) throw new HubSpotError(404, { message: 'there is no key to rotate' });
    const { token, record } = rotated;
    const { id, appId, scopes: granted } = record;
    response.status(201).json({ token, id, app_id: appId, scopes: granted });
  });
  app.post('/oauth-apps', (request, response) => {
    const { scopes } = OAuthAppSchema.parse(request.body ?? {});
    const { clientId, clientSecret, refreshToken, appId } = tokens.addClient(toScopes(scopes));
    const body = { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken };
    response.status(201).json({ ...body, app_id: appId });
  });
}

function observationRoutes(app: Express, pipeline: Pipeline): void {
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/effects', (request, response) => {
    response.json({ effects: pipeline.world.store.effectsSince(sinceOf(request)) });
  });
  app.get('/requests', (request, response) => {
    const requests = pipeline.log.since(sinceOf(request));
    response.json({ count: pipeline.log.count, requests });
  });
  app.get('/records', (_request, response) => {
    const counts = OBJECT_TYPE_NAMES.map((type) => {
      const live = pipeline.world.store.records(type).filter((record) => !record.archived);
      return [type, live.length] as const;
    });
    response.json({ counts: Object.fromEntries(counts) });
  });
}

function behaviourRoutes(app: Express, pipeline: Pipeline): void {
  const { world, faults } = pipeline;
  app.post('/faults', (request, response) => {
    response.status(201).json({ id: faults.add(FaultInputSchema.parse(request.body)) });
  });
  app.get('/faults', (_request, response) => {
    response.json({ faults: faults.list() });
  });
  app.delete('/faults', (_request, response) => {
    faults.clear();
    response.status(204).end();
  });
  app.post('/lag', (request, response) => {
    world.store.index.lagMs = LagSchema.parse(request.body).ms;
    response.json({ ms: world.store.index.lagMs });
  });
  app.post('/limits', (request, response) => {
    response.json(setLimits(pipeline, request.body));
  });
  app.post('/unique-on-activities', (request, response) => {
    world.switches.uniqueOnActivities = SwitchSchema.parse(request.body).enabled;
    response.json({ enabled: world.switches.uniqueOnActivities });
  });
  app.post('/batch-status', (request, response) => {
    const { partial } = BatchStatusSchema.parse(request.body);
    world.switches.partialBatchStatus = partial === '207' ? 207 : partial;
    response.json({ partial });
  });
  app.post('/admin-rules', (request, response) => {
    const { object_type: alias, required } = RulesSchema.parse(request.body);
    world.switches.requiredProperties[requireObjectType(alias).name] = required;
    response.json({ object_type: alias, required });
  });
}

/**
 * The control door: what a tester needs and HubSpot would never offer. Loopback only, no
 * authentication; everything is JSON, refusals are `{error}` with 400 or the API's own status.
 */
export function createControlApp(pipeline: Pipeline): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: CONTROL_BODY_MAX }));
  tokenRoutes(app, pipeline);
  observationRoutes(app, pipeline);
  behaviourRoutes(app, pipeline);
  app.post('/edits', (request, response) => {
    response.json(edit(pipeline, request.body));
  });
  app.post('/reset', (request, response) => {
    reset(pipeline, request.body ?? {});
    response.status(204).end();
  });
  app.use((request: Request, response: Response) => {
    response.status(404).json({ error: `nothing at ${request.method} ${request.path}` });
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = error instanceof HubSpotError ? error.status : 400;
    const message = error instanceof Error ? error.message : 'bad request';
    response.status(status).json({ error: message });
  });
  return app;
}
