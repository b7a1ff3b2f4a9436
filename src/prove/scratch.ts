import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { RULE_NAMES, RULES } from '../core/detection-rules.ts';

/** Clocks and limits of a scratch gateway, where the user's own would make a run last for hours. */
const SHORTENED = {
  SALLYPORT_CALL_DEADLINE_SECONDS: '2',
  SALLYPORT_HEARTBEAT_SECONDS: '2',
  SALLYPORT_RECONCILE_SECONDS: '0.3',
  SALLYPORT_QUIET_SECONDS: '2',
  SALLYPORT_AGENT_REQUESTS_PER_MINUTE: '100000',
  SALLYPORT_AGENT_WAITING_MAX: '100000',
  SALLYPORT_PERSON_DECISIONS_PER_MINUTE: '100000',
  SALLYPORT_HUBSPOT_CALLS_PER_10_SECONDS: '100000',
  SALLYPORT_HUBSPOT_SEARCHES_PER_SECOND: '1000',
} as const;

/** What is tried here is what the rules look for: an incident of theirs would end it. They only tell. */
const TELLING = Object.fromEntries(
  RULE_NAMES.map((name) => [
    `SALLYPORT_RULE_${name.toUpperCase()}`,
    RULES[name].default.replace(/: \w+$/, ': notify'),
  ]),
);

export type Environment = Readonly<Record<string, string>>;

/** For the report: what a scratch gateway does not take from the user's configuration. */
export const CHANGED_SETTINGS: Environment = {
  // In the scratch folder, whatever store the user's own are in: nothing is written there.
  SALLYPORT_SECRET_STORE: 'age',
  ...SHORTENED,
  ...TELLING,
};

/** A folder of its own beside the user's data folder: the same disk, the same file system, the same rights. */
export interface Scratch {
  readonly folder: string;
  readonly dataDir: string;
  readonly logs: string;
  remove(): void;
}

export function makeScratch(config: Config): Scratch {
  const folder = mkdtempSync(join(dirname(config.dataDir), '.sallyport-prove-'));
  return {
    folder,
    dataDir: join(folder, 'data'),
    logs: join(folder, 'logs'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/**
 * The user's own settings for a gateway in the scratch folder. Nothing of the process's environment is
 * passed on but the search path; keys, identity and addresses of the user's are left out on purpose.
 */
export function scratchEnvironment(
  config: Config,
  of: {
    readonly scratch: Scratch;
    readonly port: number;
    readonly policyFile: string;
    readonly hubspotUrl: string;
    readonly temporalAddress: string;
  },
): Environment {
  const { timing, limits, hostEnvironment } = config;
  return {
    PATH: hostEnvironment.path,
    SALLYPORT_DATA_DIR: of.scratch.dataDir,
    SALLYPORT_PORT: String(of.port),
    SALLYPORT_POLICY: of.policyFile,
    SALLYPORT_HUBSPOT_URL: of.hubspotUrl,
    TEMPORAL_ADDRESS: of.temporalAddress,
    TEMPORAL_NAMESPACE: config.temporal.namespace,
    SALLYPORT_LOG_LEVEL: 'debug',
    SALLYPORT_APPROVAL_SECONDS: String(timing.approvalMs / 1000),
    SALLYPORT_APPROVAL_HIGH_RISK_SECONDS: String(timing.highRiskApprovalMs / 1000),
    SALLYPORT_APPROVAL_VALID_SECONDS: String(timing.approvalValidMs / 1000),
    SALLYPORT_ANSWER_WAIT_SECONDS: String(timing.answerWaitMs / 1000),
    SALLYPORT_SLOTS: String(limits.slots),
    ...CHANGED_SETTINGS,
  };
}
