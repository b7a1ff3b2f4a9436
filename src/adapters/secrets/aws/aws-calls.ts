import {
  CreateSecretCommand,
  DescribeSecretCommand,
  type Filter,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  type SecretListEntry,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { type AwsAction, awsFailure, isAwsError, unavailable } from './aws-errors.ts';
import { parseVersion, type StoredVersion } from './stored-version.ts';

const LIST_LIMITS = { perPage: 100, pagesMax: 100 } as const;
const DESCRIPTION = 'Kept by Sallyport. Change it with `sallyport secret set`, not here.';

export interface FoundVersion {
  readonly stored: StoredVersion;
  readonly createdAt: Date;
}

/** One version of a name, by its id or by the label that it carries now. Always said: the default is AWS's. */
export type VersionAt = { readonly VersionId: string } | { readonly VersionStage: string };

export interface LabelMove {
  readonly label: string;
  /** The version that carries it; undefined: none does. */
  readonly from: string | undefined;
  /** Undefined: nothing carries it from then on. */
  readonly to: string | undefined;
}

/** What we ask of AWS. Each throws `secret.unavailable`, and none has a value in its error. */
export interface AwsCalls {
  /** `undefined` when the name or the version is not there. */
  read(name: string, at: VersionAt): Promise<FoundVersion | undefined>;
  /** Makes the name, with no version; one that is there already is left as it is. */
  create(name: string): Promise<void>;
  /**
   * Stores a version with its labels in one step; false when AWS has another text under this id. The same
   * text once more changes nothing and is true, which is how the SDK may repeat what nobody answered.
   */
  append(name: string, id: string, text: string, labels: readonly string[]): Promise<boolean>;
  /** Ids of the versions that carry labels, with them. */
  labels(name: string): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Compare and set: a label that is not where it is said to be stays; whoever must know looks again. */
  move(name: string, move: LabelMove): Promise<void>;
  /** Names with a version that carries `label`. */
  names(label: string): Promise<readonly string[]>;
  /** Returns when AWS answers us. Costs one call that is no error in CloudTrail, also where there is no secret. */
  probe(): Promise<void>;
}

/** What all calls of one operation have in common; the signal ends each of them. */
export interface AwsLine {
  readonly client: SecretsManagerClient;
  readonly prefix: string;
  readonly options: { readonly abortSignal: AbortSignal };
}

export const createAwsCalls = (line: AwsLine): AwsCalls => ({
  read: (name, at) => read(line, name, at),
  create: (name) => create(line, name),
  append: (name, id, text, labels) => append(line, name, id, text, labels),
  labels: (name) => labels(line, name),
  move: (name, move) => moveLabel(line, name, move),
  names: (label) => names(line, label),
  probe: async () => {
    await list(line, undefined, 1);
  },
});

const idOf = ({ prefix }: AwsLine, name: string): string => `${prefix}/${name}`;

/** What AWS answers; undefined where it says one of the errors that are an answer too. */
async function ask<T>(
  action: AwsAction,
  call: Promise<T>,
  ...answers: readonly string[]
): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isAwsError(error, answers)) return undefined;
    throw awsFailure(action, error);
  }
}

async function read(line: AwsLine, name: string, at: VersionAt): Promise<FoundVersion | undefined> {
  const SecretId = idOf(line, name);
  const call = line.client.send(new GetSecretValueCommand({ SecretId, ...at }), line.options);
  const answer = await ask('GetSecretValue', call, 'ResourceNotFoundException');
  if (answer === undefined) return undefined;
  const { SecretString: text = '', VersionId: id = '', CreatedDate: createdAt } = answer;
  const stored = parseVersion(text, name, id);
  if (stored !== undefined && createdAt !== undefined) return { stored, createdAt };
  throw unavailable(
    `${SecretId} holds in AWS what Sallyport did not write: secrets are changed with \`sallyport secret set\` alone (docs/aws/README.md)`,
  );
}

async function create(line: AwsLine, name: string): Promise<void> {
  const command = new CreateSecretCommand({ Name: idOf(line, name), Description: DESCRIPTION });
  await ask('CreateSecret', line.client.send(command, line.options), 'ResourceExistsException');
}

async function append(
  line: AwsLine,
  name: string,
  id: string,
  text: string,
  labels: readonly string[],
): Promise<boolean> {
  const command = new PutSecretValueCommand({
    SecretId: idOf(line, name),
    ClientRequestToken: id,
    SecretString: text,
    VersionStages: [...labels],
  });
  const call = line.client.send(command, line.options);
  return (await ask('PutSecretValue', call, 'ResourceExistsException')) !== undefined;
}

async function labels(
  line: AwsLine,
  name: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const command = new DescribeSecretCommand({ SecretId: idOf(line, name) });
  const answer = await ask('DescribeSecret', line.client.send(command, line.options));
  return new Map(Object.entries(answer?.VersionIdsToStages ?? {}));
}

async function moveLabel(
  line: AwsLine,
  name: string,
  { label, from, to }: LabelMove,
): Promise<void> {
  const command = new UpdateSecretVersionStageCommand({
    SecretId: idOf(line, name),
    VersionStage: label,
    RemoveFromVersionId: from,
    MoveToVersionId: to,
  });
  const call = line.client.send(command, line.options);
  const lost = ['InvalidParameterException', 'InvalidRequestException'];
  await ask('UpdateSecretVersionStage', call, ...lost);
}

function list({ client, prefix, options }: AwsLine, NextToken: string | undefined, max: number) {
  const Filters: Filter[] = [{ Key: 'name', Values: [`${prefix}/`] }];
  const command = new ListSecretsCommand({ Filters, MaxResults: max, NextToken });
  return ask('ListSecrets', client.send(command, options));
}

async function names(line: AwsLine, label: string): Promise<readonly string[]> {
  const found: string[] = [];
  let next: string | undefined;
  for (let page = 0; page < LIST_LIMITS.pagesMax; page += 1) {
    const answer = await list(line, next, LIST_LIMITS.perPage);
    found.push(...(answer?.SecretList ?? []).flatMap((entry) => nameIn(entry, line, label)));
    next = answer?.NextToken ?? '';
    if (next === '') return found.sort();
  }
  throw unavailable(`AWS has more secrets under ${line.prefix}/ than are looked through`);
}

function nameIn(entry: SecretListEntry, line: AwsLine, label: string): readonly string[] {
  const { Name: id = '', SecretVersionsToStages: versions = {} } = entry;
  const start = idOf(line, '');
  const hasLabel = Object.values(versions).some((carried) => carried.includes(label));
  return id.startsWith(start) && hasLabel ? [id.slice(start.length)] : [];
}
