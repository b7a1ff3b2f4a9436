import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { existsSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentDependencies } from './activities/dependencies.ts';
import { createQuietWatch } from './activities/quiet-watch.ts';
import { POLICY_ACTIONS } from './actions/catalogue.ts';
import {
  createFolderAuditLog,
  type FolderAuditLog,
} from './adapters/log-folder/folder-audit-log.ts';
import { createPinoLogger } from './adapters/logger/pino-logger.ts';
import type { Channels } from './channels.ts';
import { installEgress } from './adapters/hubspot/egress.ts';
import { createHubSpotCrm, type HubSpotOptions } from './adapters/hubspot/hubspot-crm.ts';
import { createHubSpotSetup } from './adapters/hubspot/hubspot-setup.ts';
import { createAgeFileSecretStore } from './adapters/secrets/age-file/age-file-secret-store.ts';
import { createSqliteStore } from './adapters/store/sqlite/store.ts';
import { createPasskeyCeremonies } from './adapters/webauthn/simple-webauthn.ts';
import type { ApiContext } from './api/api-context.ts';
import { createEdgeRefusals } from './api/edge-refusals.ts';
import { createInFlight } from './api/in-flight.ts';
import { createRateLimit, type RateLimit } from './api/rate-limit.ts';
import type { NoteSigner } from './audit/note.ts';
import type { Config } from './config.ts';
import { GatewayError } from './core/gateway-error.ts';
import { type Attester, createAttester } from './gate/attest.ts';
import type { ConnectDependencies } from './gate/connection-calls.ts';
import { pastDrills } from './drill/history.ts';
import { isDemoToken } from './gate/demo-token.ts';
import { createDetection, type Detection } from './gate/detection.ts';
import { createAskedOnce } from './gate/eligible.ts';
import { createHabits } from './gate/habits.ts';
import { storeNewKey } from './gate/new-key.ts';
import { sweepForIncident } from './gate/incident-radar.ts';
import { askToTakeBack } from './gate/incident-take-back.ts';
import { OWN_AGENT_ID } from './gate/own-agent.ts';
import { createSlowdown } from './gate/slowdown.ts';
import { createFailpoints, type Failpoints } from './failpoints.ts';
import { openLogKey } from './log-key.ts';
import { createLogProbe } from './log-probe.ts';
import { loadPolicy } from './policy/load.ts';
import type { NoticePlace } from './gate/notices.ts';
import type { Policy } from './policy/policy.ts';
import type { CredentialRef } from './ports/crm.ts';
import type { Engine } from './ports/engine.ts';
import type { Logger } from './ports/logger.ts';
import type { SecretStore } from './ports/secret-store.ts';
import type { Store } from './ports/store.ts';

/** What every process of the gateway has, wired in this one place. */
export interface Context {
  readonly config: Config;
  readonly logger: Logger;
  readonly failpoints: Failpoints;
  readonly secrets: SecretStore;
  readonly store: Store;
  readonly policy: Policy;
  readonly auditLog: FolderAuditLog;
  readonly attester: Attester;
  readonly signer: NoteSigner;
  close(): Promise<void>;
}

const SEAL_KEY = 'store/seal-key';
const ATTEST_KEY = 'gateway/attest-key';
/** Published within a second (design, section 8), with room for a slow disk. */
const PUBLISH_EVERY_MS = 400;
const DEMO_ONLY = 'What is set is the key of the demo, which is for its simulator alone.';
const TOKEN_CACHE_MS = 30_000;
const clock = (): Date => new Date();

/** Of this process, whatever is opened in it. */
const quietWatch = createQuietWatch();

const newKey = (): string => randomBytes(32).toString('base64url');

/** A secret of our own making: the newest version, or a first one. Of two first starts one wins. */
async function ownSecret(secrets: SecretStore, name: string, make: () => string): Promise<string> {
  const known = await secrets.get(name);
  if (known !== undefined) return known.value;
  try {
    await secrets.put(name, make(), 0);
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === 'secret.conflict')) throw error;
  }
  const made = await secrets.get(name);
  if (made === undefined)
    throw new GatewayError('secret.unavailable', { detail: `${name} was destroyed` });
  return made.value;
}

async function readPolicy(file: string): Promise<Policy> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const detail = `the policy file ${file} cannot be read; set SALLYPORT_POLICY`;
    throw new GatewayError('config.invalid', { detail, cause });
  }
  return loadPolicy({ text, file: relative(process.cwd(), file), actions: POLICY_ACTIONS });
}

const openSecrets = ({ files }: Config): Promise<SecretStore> =>
  createAgeFileSecretStore({ file: files.secrets, identityFile: files.identity });

/**
 * A log without its store: a fresh store would begin another history under the same key, and forget every
 * request, freeze and person without a word.
 */
function assertStoreBelongs({ log, store }: Config['files']): void {
  if (existsSync(store) || !existsSync(join(log, 'checkpoint'))) return;
  throw new GatewayError('config.invalid', {
    detail:
      `${store} is missing, but ${log} holds the log of a gateway that ran here. Restore the store from a backup ` +
      `(docs/operations.md, "Backup and restore"). To begin anew on purpose, move ${log} away first.`,
  });
}

/**
 * A store without its secrets: new ones would open nothing in it, begin another log key, and leave every
 * key that was given out worthless, without a word.
 */
function assertSecretsBelong({ secrets, identity, store }: Config['files']): void {
  if (!existsSync(store)) return;
  const missing = [secrets, identity].filter((file) => !existsSync(file));
  if (missing.length === 0) return;
  throw new GatewayError('secret.unavailable', {
    detail:
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing, but ${store} is there, ` +
      'and what it holds opens with them alone. Restore the secrets from the backup (docs/operations.md, ' +
      '"Backup and restore"). No new ones are made beside it: to begin anew on purpose, move the store away too.',
  });
}

export interface OpenOptions {
  /** False: opens a store with damaged pages too, for the commands that must work on what is left. */
  readonly isStoreChecked?: boolean;
}

/** Opens everything that is the gateway's own: nothing here needs a neighbour. */
export async function openContext(
  config: Config,
  { isStoreChecked = true }: OpenOptions = {},
): Promise<Context> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  assertStoreBelongs(config.files);
  assertSecretsBelong(config.files);
  const logger = createPinoLogger(config.logLevel);
  const policy = await readPolicy(config.files.policy);
  const secrets = await openSecrets(config);
  const sealKey = await ownSecret(secrets, SEAL_KEY, newKey);
  const { logFormerVkeys: formerVkeys } = config;
  const signer = await openLogKey(secrets, formerVkeys);
  const attestKey = await ownSecret(secrets, ATTEST_KEY, newKey);
  const failpoints = createFailpoints(config.failpoint);
  const sqlite = await createSqliteStore({
    file: config.files.store,
    sealKey: Buffer.from(sealKey, 'base64url'),
    isChecked: isStoreChecked,
  });
  const store = failpoints.store(sqlite);
  const auditLog = createFolderAuditLog({
    folder: config.files.log,
    store,
    signer,
    formerVkeys,
    everyMs: PUBLISH_EVERY_MS,
    logger,
  });
  const attester = createAttester(Buffer.from(attestKey, 'base64url'));
  const close = () => store.close();
  const own = { secrets, store, policy, auditLog, attester, signer };
  return { config, logger, failpoints, ...own, close };
}

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

/** What `gate/connection.ts` gets; from then on this process reaches HubSpot alone. */
export function connectDependencies(context: Context, hubspotUrl: string): ConnectDependencies {
  const { config, failpoints, store } = context;
  installEgress({ allowedOrigins: [hubspotUrl], deadlineMs: config.timing.deadlineMs });
  const options = hubspotOptions(context, hubspotUrl);
  const crm = failpoints.crm(createHubSpotCrm(options));
  return { store, crm, setup: createHubSpotSetup(options) };
}

/** What the worker's activities get. `hubspotUrl`: HubSpot, or the simulator that stands in. */
export function activityDependencies(
  context: Context,
  hubspotUrl: string,
  noticePlaces: readonly NoticePlace[],
): IncidentDependencies {
  const { config, failpoints, store, secrets, policy, auditLog, attester } = context;
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
  const { config, store, secrets, policy, auditLog, attester, logger } = context;
  return {
    store,
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
      {
        name: 'secrets',
        check: async () => {
          await secrets.names();
        },
      },
      { name: 'log', check: createLogProbe({ store, auditLog, clock }) },
    ],
    logger,
  };
}
