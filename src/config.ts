import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { GatewayError } from './core/gateway-error.ts';
import { type FailpointSetting, parseFailpoint } from './core/failpoint-places.ts';
import type { RuleName, RuleSetting } from './core/detection-rules.ts';
import { DECIDING_SETTINGS, type DecidingTimes, decidingTimes } from './deciding-settings.ts';
import { decoyRecords, RULE_SETTINGS, rulesFrom } from './rule-settings.ts';
import {
  SECRET_STORE_SETTINGS,
  type SecretStoreConfig,
  secretStoreFrom,
} from './secret-store-settings.ts';
import {
  origin,
  server,
  slackChannel,
  hook,
  mailServer,
  isThisMachine,
} from './setting-addresses.ts';

/**
 * The only reader of the environment. Everything else gets this typed value. Secrets are never in the
 * environment: they live in the secret store (`sallyport secret set`).
 */

const MINUTE_MS = 60_000;
const MONTH_SECONDS = 86_400 * 30;

/** A setting in seconds (fractions allowed), kept in ms. */
const seconds = (fallback: number, max = MONTH_SECONDS) =>
  z.coerce
    .number()
    .positive()
    .max(max)
    .default(fallback)
    .transform((value) => Math.round(value * 1000));

const count = (fallback: number) => z.coerce.number().int().min(1).max(1_000_000).default(fallback);

const text = z.string().min(1);

/** Parted by commas, with blanks or without. */
const partsOf = (value = ''): string[] =>
  value.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));

const failpoint = text.transform((value, context) => {
  const setting = parseFailpoint(value);
  if (setting !== undefined) return setting;
  context.addIssue({
    code: 'custom',
    message: 'is no failpoint; src/core/failpoint-places.ts lists them',
  });
  return z.NEVER;
});

/** Name -> how it is read. A row in `docs/operations.md` for each (checked by a test). */
export const ENVIRONMENT = z.object({
  SALLYPORT_DATA_DIR: text.default('data'),
  /** The API's port; Temporal UI, engine, simulator, its control door and the codec server follow. */
  SALLYPORT_PORT: z.coerce.number().int().min(1024).max(65_500).default(8480),
  SALLYPORT_HOST: text.default('127.0.0.1'),
  /** Where people's browsers reach the gateway: what passkeys and sign-in links are bound to. */
  SALLYPORT_ORIGIN: origin.optional(),
  SALLYPORT_POLICY: text.default('policy/default.cedar'),
  /** `https://api.hubapi.com` for a real account; without it the simulator stands in. */
  SALLYPORT_HUBSPOT_URL: z.url().optional(),
  SALLYPORT_IDENTITY_FILE: text.optional(),
  ...SECRET_STORE_SETTINGS,
  /** Public keys of the log that were rotated out or lost; the one in use among them is replaced at the start. */
  SALLYPORT_LOG_FORMER_VKEYS: text.optional(),
  SALLYPORT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...DECIDING_SETTINGS,
  SALLYPORT_APPROVAL_VALID_SECONDS: seconds(900),
  SALLYPORT_ANSWER_WAIT_SECONDS: seconds(10, 60),
  SALLYPORT_CALL_DEADLINE_SECONDS: seconds(10, 120),
  SALLYPORT_HEARTBEAT_SECONDS: seconds(5, 120),
  SALLYPORT_RECONCILE_SECONDS: seconds(3, 3_600),
  SALLYPORT_QUIET_SECONDS: seconds(20, 3_600),
  SALLYPORT_RADAR_SETTLE_SECONDS: seconds(40, 600),
  SALLYPORT_AGENT_REQUESTS_PER_MINUTE: count(300),
  SALLYPORT_AGENT_WAITING_MAX: count(25),
  SALLYPORT_PERSON_DECISIONS_PER_MINUTE: count(60),
  /** How often one place is asked about ordinary writes in an hour; what is beyond is told as one. */
  SALLYPORT_PROMPTS_PER_HOUR: z.coerce.number().int().min(1).max(60).default(4),
  /** Of one address, for enrolling and signing in; behind one proxy everybody has the same. */
  SALLYPORT_STRANGER_REQUESTS_PER_MINUTE: count(120),
  SALLYPORT_HUBSPOT_CALLS_PER_10_SECONDS: count(90),
  SALLYPORT_HUBSPOT_SEARCHES_PER_SECOND: count(4),
  /** How often HubSpot's own history is held against the write ledger; 0: never. */
  SALLYPORT_RADAR_MINUTES: z.coerce.number().int().min(0).max(1_440).default(15),
  /** Requests worked on side by side; past it the API answers 503. */
  SALLYPORT_SLOTS: count(64),
  ...RULE_SETTINGS,
  /** Records that no honest agent reads. */
  SALLYPORT_DECOYS: decoyRecords.optional(),
  /** Where this process is to die, for the fault harness (`core/failpoint-places.ts`). */
  SALLYPORT_FAILPOINT: failpoint.optional(),
  /** The channel in which people are asked: `C…`. */
  SALLYPORT_SLACK_CHANNEL: slackChannel.optional(),
  /** Where others are asked about what nobody has decided: `C…`. */
  SALLYPORT_SLACK_ESCALATION_CHANNEL: slackChannel.optional(),
  SALLYPORT_SLACK_URL: server.default('https://slack.com'),
  /** Where another system is told of approvals: Standard Webhooks. */
  SALLYPORT_WEBHOOK_URL: hook.optional(),
  /** The mail server that takes our mail: `smtp://user@mail.acme.test:587`. */
  SALLYPORT_SMTP_URL: mailServer.optional(),
  /** From whom people get mail; needed with the mail server. */
  SALLYPORT_MAIL_FROM: z.email().max(254).optional(),
  /** Who has this role is asked by mail only when nobody else has decided in time. */
  SALLYPORT_MAIL_ESCALATION_ROLE: text.max(64).optional(),
  TEMPORAL_ADDRESS: text.optional(),
  TEMPORAL_NAMESPACE: text.default('default'),
  TEMPORAL_API_KEY_FILE: text.optional(),
  TEMPORAL_TLS: z.stringbool().default(false),
  TEMPORAL_CLI_PATH: text.optional(),
});

export interface MailConfig {
  readonly host: string;
  /** Undefined: 465 with TLS from the first byte, 587 otherwise. */
  readonly port: number | undefined;
  /** TLS from the first byte; otherwise by STARTTLS, without which nothing is sent. */
  readonly isTls: boolean;
  /** On this machine, where nobody else listens on the way. */
  readonly isLocal: boolean;
  /** Undefined: the server takes mail from us without a name. */
  readonly user: string | undefined;
  readonly from: string;
  /** Undefined: everybody who may decide is asked at once. */
  readonly escalationRole: string | undefined;
}

export interface Config {
  readonly dataDir: string;
  readonly host: string;
  readonly ports: {
    readonly api: number;
    readonly temporalUi: number;
    readonly temporal: number;
    readonly simulator: number;
    readonly simulatorControl: number;
    readonly codec: number;
  };
  /** Scheme, host and port as people's browsers see them: the origin of every passkey. */
  readonly origin: string;
  readonly connection: string;
  /** Undefined: the simulator stands in for HubSpot. */
  readonly hubspotUrl: string | undefined;
  readonly files: {
    readonly policy: string;
    readonly store: string;
    readonly secrets: string;
    readonly identity: string;
    readonly log: string;
    readonly run: string;
    /** What was seen at each drill. */
    readonly drills: string;
    readonly processLogs: string;
    readonly cache: string;
  };
  readonly secretStore: SecretStoreConfig;
  readonly temporal: {
    /** Undefined: the embedded dev server. */
    readonly address: string | undefined;
    readonly namespace: string;
    readonly tls: boolean;
    readonly apiKeyFile: string | undefined;
    readonly cliPath: string | undefined;
    readonly taskQueue: string;
  };
  readonly timing: DecidingTimes & {
    readonly approvalValidMs: number;
    readonly answerWaitMs: number;
    readonly deadlineMs: number;
    readonly callMs: number;
    readonly heartbeatMs: number;
    readonly reconcileEveryMs: number;
    readonly quietMs: number;
    /** How long an incident waits before it looks through HubSpot, so that its search has every change. */
    readonly radarSettleMs: number;
    /** Between two sweeps of the radar; 0: none. */
    readonly radarEveryMs: number;
  };
  readonly limits: {
    readonly agentRequestsPerMinute: number;
    /** Writes of one agent that wait for people. */
    readonly agentWaitingMax: number;
    readonly personDecisionsPerMinute: number;
    readonly promptsPerHour: number;
    readonly strangerRequestsPerMinute: number;
    readonly hubspotCallsPerTenSeconds: number;
    readonly hubspotSearchesPerSecond: number;
    readonly slots: number;
  };
  /** What is looked for in the log. */
  readonly detection: {
    readonly rules: Readonly<Record<RuleName, RuleSetting>>;
    /** As `contacts/20001`. */
    readonly decoys: readonly string[];
  };
  /** Undefined: nobody is asked in Slack. */
  readonly slack:
    | {
        readonly channel: string;
        readonly escalationChannel: string | undefined;
        readonly url: string;
      }
    | undefined;
  /** Undefined: no other system is told. */
  readonly webhook: { readonly url: string } | undefined;
  /** Undefined: nobody gets mail. */
  readonly mail: MailConfig | undefined;
  /** Undefined everywhere but under the fault harness. */
  readonly failpoint: FailpointSetting | undefined;
  /** Public keys that signed the log before the present one. */
  readonly logFormerVkeys: readonly string[];
  readonly logLevel: z.output<typeof ENVIRONMENT>['SALLYPORT_LOG_LEVEL'];
  /** What neighbour processes and the search for the Temporal CLI need of the environment. */
  readonly hostEnvironment: {
    readonly path: string;
    readonly pathDirs: readonly string[];
    readonly home: string | undefined;
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Names that start like ours but are none: a typo must not silently be a default. */
function assertKnown(environment: Environment): void {
  const known = new Set(Object.keys(ENVIRONMENT.shape));
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith('SALLYPORT_') && !known.has(name),
  );
  if (unknown.length === 0) return;
  throw new GatewayError('config.invalid', {
    detail: `There is no setting ${unknown.join(', ')}; docs/operations.md lists all`,
  });
}

/** Whether this process is what `npm start` runs. https://docs.npmjs.com/cli/v11/using-npm/scripts#environment */
export const isStartedByNpm = (): boolean => process.env['npm_lifecycle_event'] === 'start';

/** What a setting must be; never its value, since a token may have been pasted in the wrong place. */
function ruleOf(issue: z.core.$ZodIssue): string {
  const { code } = issue;
  if (code === 'too_small')
    return `must be ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}`;
  if (code === 'too_big') return `must be at most ${issue.maximum}`;
  if (code === 'invalid_type')
    return issue.expected === 'int' ? 'must be a whole number' : 'must be a number';
  if (code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  if (code === 'invalid_format' && issue.format === 'url')
    return 'must be an address such as https://api.hubapi.com';
  return issue.message;
}

function parse(environment: Environment): z.output<typeof ENVIRONMENT> {
  const given = Object.entries(environment).filter(
    ([name, value]) => name in ENVIRONMENT.shape && value !== '',
  );
  const parsed = ENVIRONMENT.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues
    .map((issue) => `${issue.path.join('.')} ${ruleOf(issue)}`)
    .join('; ');
  throw new GatewayError('config.invalid', { detail });
}

/** The call's pre-read, begin and outcome around the wire. */
const CALL_MARGIN_FACTOR = 4;

function portsFrom(api: number): Config['ports'] {
  return {
    api,
    temporalUi: api + 1,
    temporal: api + 2,
    simulator: api + 3,
    simulatorControl: api + 4,
    codec: api + 5,
  };
}

function filesFrom(env: z.output<typeof ENVIRONMENT>, dataDir: string): Config['files'] {
  return {
    policy: resolve(env.SALLYPORT_POLICY),
    store: join(dataDir, 'store.db'),
    secrets: join(dataDir, 'secrets', 'secrets.age'),
    identity: resolve(env.SALLYPORT_IDENTITY_FILE ?? join(dataDir, 'secrets', 'identity.txt')),
    log: join(dataDir, 'log'),
    run: join(dataDir, 'run.json'),
    drills: join(dataDir, 'drills'),
    processLogs: join(dataDir, 'logs'),
    cache: resolve('node_modules', '.cache', 'sallyport'),
  };
}

function timingFrom(
  env: z.output<typeof ENVIRONMENT>,
  isGiven: (name: string) => boolean,
): Config['timing'] {
  const deadlineMs = env.SALLYPORT_CALL_DEADLINE_SECONDS;
  return {
    ...decidingTimes(env, isGiven),
    approvalValidMs: env.SALLYPORT_APPROVAL_VALID_SECONDS,
    answerWaitMs: env.SALLYPORT_ANSWER_WAIT_SECONDS,
    deadlineMs,
    callMs: deadlineMs * CALL_MARGIN_FACTOR,
    heartbeatMs: env.SALLYPORT_HEARTBEAT_SECONDS,
    reconcileEveryMs: env.SALLYPORT_RECONCILE_SECONDS,
    // A lost write may still be on its way while it connects and while it is exchanged.
    radarSettleMs: env.SALLYPORT_RADAR_SETTLE_SECONDS,
    quietMs: Math.max(env.SALLYPORT_QUIET_SECONDS, 2 * deadlineMs),
    radarEveryMs: env.SALLYPORT_RADAR_MINUTES * MINUTE_MS,
  };
}

function slackFrom(env: z.output<typeof ENVIRONMENT>): Config['slack'] {
  const { SALLYPORT_SLACK_CHANNEL: channel, SALLYPORT_SLACK_URL: url } = env;
  const escalationChannel = env.SALLYPORT_SLACK_ESCALATION_CHANNEL;
  if (channel === undefined && escalationChannel === undefined) return undefined;
  if (channel !== undefined && channel !== escalationChannel)
    return { channel, escalationChannel, url };
  const detail =
    'SALLYPORT_SLACK_ESCALATION_CHANNEL: needs SALLYPORT_SLACK_CHANNEL too, and is another channel';
  throw new GatewayError('config.invalid', { detail });
}

function mailFrom(env: z.output<typeof ENVIRONMENT>): Config['mail'] {
  const { SALLYPORT_SMTP_URL: server, SALLYPORT_MAIL_FROM: from } = env;
  const escalationRole = env.SALLYPORT_MAIL_ESCALATION_ROLE;
  const isSet = [server, from, escalationRole].some((setting) => setting !== undefined);
  if (!isSet) return undefined;
  if (server === undefined || from === undefined)
    throw new GatewayError('config.invalid', {
      detail:
        'SALLYPORT_SMTP_URL and SALLYPORT_MAIL_FROM are set together or not at all, and SALLYPORT_MAIL_ESCALATION_ROLE with them alone',
    });
  const { protocol, hostname, port, username } = new URL(server);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? undefined : Number(port),
    isTls: protocol === 'smtps:',
    isLocal: isThisMachine(hostname),
    user: username === '' ? undefined : decodeURIComponent(username),
    from,
    escalationRole,
  };
}

/** Environment -> config. Throws `config.invalid` naming the setting. */
export function readConfig(environment: Environment = process.env): Config {
  assertKnown(environment);
  const env = parse(environment);
  const dataDir = resolve(env.SALLYPORT_DATA_DIR);
  const ports = portsFrom(env.SALLYPORT_PORT);
  const path = environment['PATH'] ?? '';
  return {
    dataDir,
    host: env.SALLYPORT_HOST,
    ports,
    origin: env.SALLYPORT_ORIGIN ?? `http://localhost:${ports.api}`,
    connection: 'main',
    hubspotUrl: env.SALLYPORT_HUBSPOT_URL,
    files: filesFrom(env, dataDir),
    secretStore: secretStoreFrom(env),
    temporal: {
      address: env.TEMPORAL_ADDRESS,
      namespace: env.TEMPORAL_NAMESPACE,
      tls: env.TEMPORAL_TLS,
      apiKeyFile: env.TEMPORAL_API_KEY_FILE,
      cliPath: env.TEMPORAL_CLI_PATH,
      taskQueue: 'sallyport',
    },
    timing: timingFrom(env, (name) => (environment[name] ?? '') !== ''),
    limits: {
      agentRequestsPerMinute: env.SALLYPORT_AGENT_REQUESTS_PER_MINUTE,
      agentWaitingMax: env.SALLYPORT_AGENT_WAITING_MAX,
      personDecisionsPerMinute: env.SALLYPORT_PERSON_DECISIONS_PER_MINUTE,
      promptsPerHour: env.SALLYPORT_PROMPTS_PER_HOUR,
      strangerRequestsPerMinute: env.SALLYPORT_STRANGER_REQUESTS_PER_MINUTE,
      hubspotCallsPerTenSeconds: env.SALLYPORT_HUBSPOT_CALLS_PER_10_SECONDS,
      hubspotSearchesPerSecond: env.SALLYPORT_HUBSPOT_SEARCHES_PER_SECOND,
      slots: env.SALLYPORT_SLOTS,
    },
    detection: { rules: rulesFrom(env), decoys: env.SALLYPORT_DECOYS ?? [] },
    slack: slackFrom(env),
    webhook:
      env.SALLYPORT_WEBHOOK_URL === undefined ? undefined : { url: env.SALLYPORT_WEBHOOK_URL },
    mail: mailFrom(env),
    failpoint: env.SALLYPORT_FAILPOINT,
    logFormerVkeys: partsOf(env.SALLYPORT_LOG_FORMER_VKEYS),
    logLevel: env.SALLYPORT_LOG_LEVEL,
    hostEnvironment: { path, pathDirs: path.split(delimiter), home: environment['HOME'] },
  };
}
