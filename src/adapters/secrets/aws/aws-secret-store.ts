import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { Secret, SecretStage, SecretStore } from '../../../ports/secret-store.ts';
import { isSecretName, requireStorable } from '../storable.ts';
import { createVersionCache } from '../version-cache.ts';
import type { AwsCalls, FoundVersion } from './aws-calls.ts';
import { type AwsPlace, createWithAws } from './aws-client.ts';
import { unavailable } from './aws-errors.ts';
import { serializeVersion, tombstoneIdOf, versionIdOf } from './stored-version.ts';

const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';
/** Ours: on the version with the highest number, or on the mark that this one is destroyed. */
const NEWEST = 'sallyport-newest';
/** Ours: AWS stores nothing without a label, and gives AWSCURRENT to what has none. */
const DESTROYED = 'sallyport-destroyed';

const LABELS: Readonly<Record<SecretStage, readonly string[]>> = {
  current: [CURRENT, NEWEST],
  pending: [PENDING, NEWEST],
};
/** Looks at the labels of a name until they are right; each is followed by a move where they are not. */
const LOOKS_MAX = 4;

/**
 * A secret store in AWS Secrets Manager: `hubspot/main` is the secret `PREFIX/hubspot/main`, and each of
 * our versions one version of it, as JSON (docs/decisions/0029-aws-secrets-manager.md).
 *
 * A put is one command that stores the version with its labels: it is there whole or not at all, and of
 * two writers AWS refuses the second, because the id of a version follows from its number.
 *
 * A destroyed version is never given out again, by a mark that outlives it; AWS itself cannot be told to
 * delete one version, and does so when a name has more than a hundred.
 */
export function createAwsSecretStore(place: AwsPlace): SecretStore {
  const withAws = createWithAws(place);
  const cache = createVersionCache();

  return {
    async get(name, version) {
      if (!isSecretName(name)) return undefined;
      if (version === undefined) return withAws((aws) => newestOf(aws, name));
      if (!isVersion(version)) return undefined;
      const kept = cache.get(name, version);
      if (kept !== undefined) return kept;
      const mark = cache.mark();
      const secret = await withAws((aws) => exactly(aws, name, version));
      if (secret !== undefined) cache.keep(secret, mark);
      return secret;
    },
    async put(name, value, expectedVersion, stage = 'current') {
      requireStorable(name, value);
      return withAws((aws) => append(aws, { name, value, expectedVersion, stage }));
    },
    async promote(name, version) {
      if (!isSecretName(name) || !isVersion(version)) return;
      await withAws((aws) => makeCurrent(aws, name, version));
    },
    async destroy(name, version) {
      if (!isSecretName(name) || !isVersion(version)) return;
      await withAws((aws) => markDestroyed(aws, name, version));
      cache.forget(name, version);
    },
    names: () => withAws((aws) => aws.names(NEWEST)),
    probe: () => withAws((aws) => aws.probe()),
  };
}

const isVersion = (version: number): boolean => Number.isSafeInteger(version) && version > 0;

const isDestroyed = async (aws: AwsCalls, name: string, version: number): Promise<boolean> =>
  (await aws.read(name, { VersionId: tombstoneIdOf(name, version) })) !== undefined;

function toSecret(found: FoundVersion | undefined): Secret | undefined {
  if (found === undefined || !('value' in found.stored)) return undefined;
  const { name, version, value } = found.stored;
  return { name, version, value, createdAt: found.createdAt };
}

async function newestOf(aws: AwsCalls, name: string): Promise<Secret | undefined> {
  const secret = toSecret(await aws.read(name, { VersionStage: NEWEST }));
  // The mark is there before the label moves to it, and whoever destroys may have died in between.
  return secret === undefined || (await isDestroyed(aws, name, secret.version))
    ? undefined
    : secret;
}

async function exactly(aws: AwsCalls, name: string, version: number): Promise<Secret | undefined> {
  const [found, isGone] = await Promise.all([
    aws.read(name, { VersionId: versionIdOf(name, version) }),
    isDestroyed(aws, name, version),
  ]);
  return isGone ? undefined : toSecret(found);
}

interface Put {
  readonly name: string;
  readonly value: string;
  readonly expectedVersion: number;
  readonly stage: SecretStage;
}

async function append(aws: AwsCalls, put: Put): Promise<number> {
  const { name, value, expectedVersion, stage } = put;
  const version = expectedVersion + 1;
  const text = serializeVersion({ name, version, value, writer: randomUUID() });
  const newest = await aws.read(name, { VersionStage: NEWEST });
  const present = newest?.stored.version ?? 0;
  if (present !== expectedVersion) throw conflict(put, `is at version ${present}`);
  // Made without a version: only a put can give labels to the first one.
  if (present === 0) await aws.create(name);
  const isStored = await aws.append(name, versionIdOf(name, version), text, LABELS[stage]);
  if (!isStored) throw conflict(put, `has a version ${version} of another writer`);
  return version;
}

const conflict = ({ name, expectedVersion }: Put, what: string): GatewayError =>
  new GatewayError('secret.conflict', { detail: `${name} ${what}, not at ${expectedVersion}` });

async function makeCurrent(aws: AwsCalls, name: string, version: number): Promise<void> {
  if ((await exactly(aws, name, version)) === undefined) return;
  const to = versionIdOf(name, version);
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const labels = await aws.labels(name);
    const from = [...labels].find(([, carried]) => carried.includes(CURRENT))?.[0];
    if (from !== to) await aws.move(name, { label: CURRENT, from, to });
    else if (labels.get(to)?.includes(PENDING) === true)
      await aws.move(name, { label: PENDING, from: to, to: undefined });
    else return;
  }
  throw restless(name);
}

/**
 * First the mark, then the labels: what dies in between has destroyed it already, and the next destroy
 * does the rest. AWSCURRENT cannot be without a version, and takes AWSPREVIOUS to where it came from.
 */
async function markDestroyed(aws: AwsCalls, name: string, version: number): Promise<void> {
  const from = versionIdOf(name, version);
  if ((await aws.read(name, { VersionId: from })) === undefined) return;
  const mark = tombstoneIdOf(name, version);
  await aws.append(name, mark, serializeVersion({ name, version, isDestroyed: true }), [DESTROYED]);
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const carried = (await aws.labels(name)).get(from) ?? [];
    if (carried.length === 0) return;
    for (const label of carried) {
      const to = label === NEWEST || label === CURRENT ? mark : undefined;
      await aws.move(name, { label, from, to });
    }
  }
  throw restless(name);
}

const restless = (name: string): GatewayError =>
  unavailable(`the labels of ${name} were moved by others meanwhile: do it again`);
