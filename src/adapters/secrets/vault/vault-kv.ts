import type { Secret } from '../../../ports/secret-store.ts';
import { unavailable } from '../private-file.ts';
import { dataOf, isConflict, isNothing, type MountConfig, refusalOf } from './vault-answers.ts';
import type { VaultAnswer, VaultExchange, VaultQuestion } from './vault-exchange.ts';
import type { VaultSession } from './vault-session.ts';

/** Vault keeps ten where nothing is said, and drops the eleventh's oldest without a word. */
export const VERSIONS_MAX = 1_000;

/** Nothing is stored there: to be told so takes the token and the rights that every read takes. */
const PROBED_NAME = 'gateway/probe';
/** How Vault says that no version is deleted by the clock. */
const NEVER = '0s';
const CURRENT_LABEL = 'sallyport_current';

export interface VaultPlace {
  /** Where the KV v2 engine is mounted. */
  readonly mount: string;
  /** Of this gateway alone: under it is everything that it keeps. */
  readonly prefix: string;
}

export interface History {
  /** 0: the name is there and has no version yet. */
  readonly newest: number;
  /** Whether the server keeps every version that is put there. */
  readonly isKept: boolean;
  readonly isReadable: (version: number) => boolean;
}

/** The KV v2 API under one prefix. Each call throws `secret.unavailable` where the server does not do it. */
export interface VaultKv {
  read(name: string, version?: number): Promise<Secret | undefined>;
  history(name: string): Promise<History | undefined>;
  /** The new version; undefined where another one than `newest` is the newest. */
  append(name: string, value: string, newest: number): Promise<number | undefined>;
  /** Has the server keep every version of the name that we put. */
  keepAll(name: string): Promise<void>;
  label(name: string, version: number): Promise<void>;
  destroy(name: string, version: number): Promise<void>;
  /** What stands directly in the folder (`` or `hubspot/`); folders end in a slash. */
  list(folder: string): Promise<readonly string[]>;
  assertReadable(): Promise<void>;
  /** Whether the mount leaves old versions where they are. */
  assertKeeps(): Promise<void>;
}

export function createVaultKv(
  { mount, prefix }: VaultPlace,
  exchange: VaultExchange,
  session: VaultSession,
): VaultKv {
  const at = (room: string, name: string): string => `${mount}/${room}/${prefix}/${name}`;
  const ask = (question: VaultQuestion): Promise<VaultAnswer> => session.ask(question);

  const write = async (question: VaultQuestion): Promise<void> => {
    const answer = await ask(question);
    if (answer.status !== 204 && answer.status !== 200) throw refusalOf(answer, exchange);
  };

  return {
    async read(name, version) {
      const query = version === undefined ? '' : `?version=${version}`;
      const answer = await ask({ method: 'GET', path: `${at('data', name)}${query}` });
      return isNothing(answer) ? undefined : secretOf(answer, exchange, { name, version });
    },
    async history(name) {
      const answer = await ask({ method: 'GET', path: at('metadata', name) });
      return isNothing(answer) ? undefined : historyOf(answer, exchange);
    },
    async append(name, value, newest) {
      const body = { options: { cas: newest }, data: { value } };
      const answer = await ask({ method: 'POST', path: at('data', name), body });
      return isConflict(answer) ? undefined : dataOf('written', answer, exchange).version;
    },
    keepAll: (name) =>
      write({
        method: 'POST',
        path: at('metadata', name),
        body: { max_versions: VERSIONS_MAX, delete_version_after: NEVER },
      }),
    label: (name, version) =>
      write({
        method: 'PATCH',
        path: at('metadata', name),
        body: { custom_metadata: { [CURRENT_LABEL]: String(version) } },
      }),
    destroy: (name, version) =>
      write({ method: 'PUT', path: at('destroy', name), body: { versions: [version] } }),
    async list(folder) {
      const answer = await ask({ method: 'GET', path: `${at('metadata', folder)}?list=true` });
      return isNothing(answer) ? [] : dataOf('list', answer, exchange).keys;
    },
    async assertReadable() {
      const answer = await ask({ method: 'GET', path: at('data', PROBED_NAME) });
      if (answer.status !== 200 && !isNothing(answer)) throw refusalOf(answer, exchange);
    },
    async assertKeeps() {
      const answer = await ask({ method: 'GET', path: `${mount}/config` });
      assertKept(mount, dataOf('mount', answer, exchange));
    },
  };
}

function secretOf(
  answer: VaultAnswer,
  exchange: VaultExchange,
  asked: { readonly name: string; readonly version: number | undefined },
): Secret {
  const { data, metadata } = dataOf('read', answer, exchange);
  const { version, created_time: createdAt } = metadata;
  if (asked.version !== undefined && version !== asked.version)
    throw unavailable(`${exchange.address} answers with another version than it was asked for`);
  return { name: asked.name, version, value: data.value, createdAt: new Date(createdAt) };
}

function historyOf(answer: VaultAnswer, exchange: VaultExchange): History {
  const history = dataOf('history', answer, exchange);
  const { versions } = history;
  return {
    newest: history.current_version,
    isKept: history.max_versions >= VERSIONS_MAX && history.delete_version_after === NEVER,
    isReadable: (version) => {
      const found = Object.hasOwn(versions, version) ? versions[version] : undefined;
      return found?.destroyed === false && found.deletion_time === '';
    },
  };
}

/** Old versions are payload keys and sealing keys: one that is dropped takes with it what it opens. */
function assertKept(
  mount: string,
  { max_versions: versionsMax, delete_version_after: deletedAfter }: MountConfig,
): void {
  if (versionsMax > 0 && versionsMax < VERSIONS_MAX)
    throw unavailable(
      `the mount ${mount} keeps ${versionsMax} versions of a secret, and old ones are needed to read what they sealed; ` +
        `set max_versions of ${mount}/config to 0, or to ${VERSIONS_MAX} or more`,
    );
  if (deletedAfter !== NEVER)
    throw unavailable(
      `the mount ${mount} deletes versions after ${deletedAfter}, and old ones are needed to read what they sealed; ` +
        `set delete_version_after of ${mount}/config to 0s`,
    );
}
