import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { existsSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { POLICY_ACTIONS } from './actions/catalogue.ts';
import {
  createFolderAuditLog,
  type FolderAuditLog,
} from './adapters/log-folder/folder-audit-log.ts';
import { createPinoLogger } from './adapters/logger/pino-logger.ts';
import { createSqliteStore } from './adapters/store/sqlite/store.ts';
import type { NoteSigner } from './audit/note.ts';
import type { Config } from './config.ts';
import { GatewayError } from './core/gateway-error.ts';
import { type Attester, createAttester } from './gate/attest.ts';
import { createQuietWatch, type QuietWatch } from './gate/quiet-watch.ts';
import { createFailpoints, type Failpoints } from './failpoints.ts';
import { openLogKey } from './log-key.ts';
import { NO_POLICY } from './policy/no-policy.ts';
import type { Policy } from './policy/policy.ts';
import type { Logger } from './ports/logger.ts';
import type { SecretStore } from './ports/secret-store.ts';
import type { Store } from './ports/store.ts';
import { lostSealKey, openSecretStore } from './secret-stores.ts';

/** What every process of the gateway has; what its halves get from it is in `dependencies.ts`. */
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
  readonly quietWatch: QuietWatch;
  close(): Promise<void>;
}

const SEAL_KEY = 'store/seal-key';
const ATTEST_KEY = 'gateway/attest-key';
/** Published within a second (design, section 8), with room for a slow disk. */
const PUBLISH_EVERY_MS = 400;

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

/** Beside a store that is there no new one is made: what it holds opens with its own alone. */
async function openSealKey(secrets: SecretStore, config: Config): Promise<string> {
  if (!existsSync(config.files.store)) return ownSecret(secrets, SEAL_KEY, newKey);
  const known = await secrets.get(SEAL_KEY);
  if (known === undefined) throw lostSealKey(config, SEAL_KEY);
  return known.value;
}

async function readPolicy(file: string): Promise<Policy> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const detail = `the policy file ${file} cannot be read; set SALLYPORT_POLICY`;
    throw new GatewayError('config.invalid', { detail, cause });
  }
  if (text === '') return NO_POLICY;
  // Cedar is loaded where there is something to read: commands that ask no policy do not wait for it.
  const { loadPolicy } = await import('./policy/load.ts');
  return loadPolicy({ text, file: relative(process.cwd(), file), actions: POLICY_ACTIONS });
}

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
  const logger = createPinoLogger(config.logLevel);
  const policy = await readPolicy(config.files.policy);
  const secrets = await openSecretStore(config);
  const sealKey = await openSealKey(secrets, config);
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
  const quietWatch = createQuietWatch();
  const own = { secrets, store, policy, auditLog, attester, signer, quietWatch };
  return { config, logger, failpoints, ...own, close };
}
