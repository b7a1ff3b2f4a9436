/**
 * What the halves of the gateway get from an open context. Apart from it, because a command that opens the store needs
 * neither HubSpot's client nor the passkeys' library, and both are slow to load.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentDependencies } from './activities/dependencies.ts';
import { installEgress } from './adapters/hubspot/egress.ts';
import { createHubSpotCrm, type HubSpotOptions } from './adapters/hubspot/hubspot-crm.ts';
import { createAllowance } from './adapters/hubspot/allowance.ts';
import { DEFAULT_RATE_PLAN } from './adapters/hubspot/rate-plan.ts';
import { createHubSpotSetup } from './adapters/hubspot/hubspot-setup.ts';
import { createPasskeyCeremonies } from './adapters/webauthn/simple-webauthn.ts';
import type { ApiContext } from './api/api-context.ts';
import { createEdgeRefusals } from './api/edge-refusals.ts';
import { createInFlight } from './api/in-flight.ts';
import { createRateLimit, type RateLimit } from './api/rate-limit.ts';
import type { Channels } from './channels.ts';
import type { Context } from './context.ts';
import { GatewayError } from './core/gateway-error.ts';
import { pastDrills } from './drill/history.ts';
import type { ConnectDependencies } from './gate/connection-calls.ts';
import { isDemoToken } from './gate/demo-token.ts';
import { createDetection, type Detection } from './gate/detection.ts';
import { createAskedOnce } from './gate/eligible.ts';
import { createHabits } from './gate/habits.ts';
import { sweepForIncident } from './gate/incident-radar.ts';
import { askToTakeBack } from './gate/incident-take-back.ts';
import { storeNewKey } from './gate/new-key.ts';
import type { NoticePlace } from './gate/notices.ts';
import { OWN_AGENT_ID } from './gate/own-agent.ts';
import { createSlowdown } from './gate/slowdown.ts';
import { createLogProbe } from './log-probe.ts';
import type { CredentialRef } from './ports/crm.ts';
import type { Engine } from './ports/engine.ts';

const DEMO_ONLY = 'What is set is the key of the demo, which is for its simulator alone.';
const TOKEN_CACHE_MS = 30_000;
const clock = (): Date => new Date();

/**
 * The token of a credential version, cached for seconds: versions never change their value. A HubSpot
 * that a setting names is never told the demo's.
 */
function tokenReader({
  secrets,
  config,
}: Pick<Context, 'secrets' | 'config'>): (credential: CredentialRef) => Promise<string> {
  const cache = new Map<string, { readonly value: string; readonly until: number }>();
  return async ({ connection, version }) => {
    const key = `${connection}@${version}`;
    const cached = cache.get(key);
    if (cached !== undefined && cached.until > Date.now()) return cached.value;
    const secret = await secrets.get(`hubspot/${connection}`, version);
    if (secret === undefined) throw new GatewayError('credential.missing');
    if (config.hubspotUrl !== undefined && (await isDemoToken(secrets, secret.value)))
      throw new GatewayError('credential.missing', { detail: DEMO_ONLY });
    cache.set(key, { value: secret.value, until: Date.now() + TOKEN_CACHE_MS });
    return secret.value;
  };
}

const hubspotOptions = ({ config, secrets, store }: Context, url: string): HubSpotOptions => ({
  baseUrl: url,
  readToken: tokenReader({ secrets, config }),
  deadlineMs: config.timing.deadlineMs,
  ratePlan: {
    callsPerTenSeconds: config.limits.hubspotCallsPerTenSeconds,
    searchesPerSecond: config.limits.hubspotSearchesPerSecond,
    waitMaxMs: config.timing.deadlineMs / 2,
  },
  readTimeZone: async (connection) =>
    (await store.connections.get(connection))?.timeZone ?? undefined,
});

/** Longer than HubSpot's rolling window of ten seconds. */
const CONNECT_WAIT_MS = 12_000;

/** What `gate/connection.ts` gets; from then on this process reaches HubSpot alone. */
export function connectDependencies(context: Context, hubspotUrl: string): ConnectDependencies {
  const { config, failpoints, store } = context;
  installEgress({ allowedOrigins: [hubspotUrl], deadlineMs: config.timing.deadlineMs });
  const options = hubspotOptions(context, hubspotUrl);
  // Whoever ran the command would rather wait for HubSpot's next window than run it again.
  const ratePlan = { ...DEFAULT_RATE_PLAN, ...options.ratePlan, waitMaxMs: CONNECT_WAIT_MS };
  const allowance = createAllowance({ ...options, ratePlan });
  const crm = failpoints.crm(createHubSpotCrm(options, allowance));
  return { store, crm, setup: createHubSpotSetup(options, allowance) };
}

/** What the worker's activities get. `hubspotUrl`: HubSpot, or the simulator that stands in. */
export function activityDependencies(
  context: Context,
  hubspotUrl: string,
  noticePlaces: readonly NoticePlace[],
): IncidentDependencies {
  const { config, failpoints, store, secrets, policy, auditLog, attester, quietWatch } = context;
  const { timing } = config;
  const options = hubspotOptions(context, hubspotUrl);
  const crm = failpoints.crm(createHubSpotCrm(options));
  const probe = createHubSpotSetup(options);
  const waitingMax = config.limits.agentWaitingMax;
  const own = { store, secrets, crm, probe, policy: () => policy, auditLog, attester };
  const sweeping = { store, crm, clock, pause: (ms: number) => sleep(ms) };
  const { radarSettleMs: settleMs } = timing;
  const findRogue: IncidentDependencies['findRogue'] = (incident, to) =>
    sweepForIncident(sweeping, incident, { to, settleMs });
  const { approvalMs } = timing;
  const rules = { policy, approvalMs, clock };
  const takeBack: IncidentDependencies['takeBack'] = (incident, rogue) =>
    askToTakeBack({ store, crm, connection: incident.connection }, rules, incident, rogue);
  const { connection } = config;
  const of = { noticePlaces, timing, waitingMax, connection, clock, quietWatch };
  return { ...own, findRogue, takeBack, ...of };
}

/** Follows the log by the rules of the settings. */
export function detectionOf(
  { config, store, auditLog, logger }: Context,
  places: readonly NoticePlace[],
): Detection {
  const { rules, decoys } = config.detection;
  return createDetection({
    ...{ store, places, clock, logger, connection: config.connection },
    settings: { rules, decoys: new Set(decoys), ownAgentId: OWN_AGENT_ID },
    probePublication: createLogProbe({ store, auditLog, clock }),
  });
}

/** How many addresses at their limit are still heard. */
const STRANGERS_FACTOR = 5;

function rateLimits({
  store,
  config: { limits },
}: Context): Record<'submissionRate' | 'decisionRate' | 'strangerRate', RateLimit> {
  return {
    submissionRate: createRateLimit({
      perMinute: limits.agentRequestsPerMinute,
      what: 'requests',
      countSince: (id, since) => store.requests.countSince(id, since),
      costOf: createSlowdown(store, clock),
      clock,
    }),
    decisionRate: createRateLimit({
      perMinute: limits.personDecisionsPerMinute,
      what: 'decisions',
      clock,
    }),
    strangerRate: createRateLimit({
      perMinute: limits.strangerRequestsPerMinute,
      what: 'requests of one address',
      // Each costs a commit, so all addresses together are bounded too.
      allPerMinute: limits.strangerRequestsPerMinute * STRANGERS_FACTOR,
      clock,
    }),
  };
}

export function apiContext(context: Context, engine: Engine, channels: Channels): ApiContext {
  const { config, store, secrets, policy, auditLog, attester, logger, quietWatch } = context;
  return {
    store,
    quietWatch,
    engine,
    attester,
    auditLog,
    storeNewKey: (of) => storeNewKey({ store, secrets }, of),
    pastDrills: (max) => pastDrills(config.files.drills, max),
    policy: () => policy,
    askPolicy: createAskedOnce(),
    habitsAt: createHabits(store),
    settings: {
      connection: config.connection,
      origin: config.origin,
      answerWaitMs: config.timing.answerWaitMs,
      approvalValidMs: config.timing.approvalValidMs,
      approvalMs: config.timing.approvalMs,
      selfApprovalMs: config.timing.selfApprovalMs,
      quietMs: config.timing.quietMs,
    },
    ...rateLimits(context),
    ceremonies: createPasskeyCeremonies(config.origin),
    clock,
    slack: channels.slack && { ...channels.slack, desk: channels.slack.deskFor(engine) },
    webhooks: channels.webhooks,
    inFlight: createInFlight(config.limits.slots),
    edgeRefusals: createEdgeRefusals(store, clock),
    probes: [
      { name: 'store', check: () => store.probe() },
      { name: 'engine', check: () => engine.probe() },
      { name: 'secrets', check: () => secrets.probe() },
      { name: 'log', check: createLogProbe({ store, auditLog, clock }) },
    ],
    logger,
  };
}
