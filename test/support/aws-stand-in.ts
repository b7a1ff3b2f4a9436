import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * AWS Secrets Manager as its API reference describes it, where moto does otherwise or cannot fail: a
 * version is never changed, labels move by compare and set, what is deprecated goes beyond a hundred
 * versions, a wrong key is refused. Signatures are not checked, only whose they say they are.
 */

export const STAND_IN_KEY = 'AKIDOFTHESTANDIN';
const VERSIONS_MAX = 100;
const BYTES_MAX = 65_536;

/**
 * How an answer goes wrong. `lost`: AWS has done it, and the answer does not arrive; `stuck`: it begins
 * and never ends.
 */
export type Fault = 'throttled' | 'denied' | 'broken' | 'garbage' | 'hanging' | 'stuck' | 'lost';

interface Version {
  readonly text: string;
  readonly createdAt: number;
  readonly labels: Set<string>;
}

interface Kept {
  readonly versions: Map<string, Version>;
  isDeleted: boolean;
}

export interface AwsStandIn {
  readonly url: string;
  /** The actions asked for so far, in order. */
  readonly actions: string[];
  /** Everything that is kept, by SecretId; for looks, and for what people do in AWS's console. */
  readonly secrets: Map<string, Kept>;
  /** Once `after` more have been answered, the next calls fail, `times` of them; undefined: none does. */
  fail(fault: Fault | undefined, after?: number, times?: number): void;
  close(): Promise<void>;
}

class Refusal extends Error {
  constructor(name: string, message = name) {
    super(message);
    this.name = name;
  }
}

type Input = Readonly<Record<string, any>>;
type Action = (secrets: AwsStandIn['secrets'], input: Input) => object;

function kept(secrets: AwsStandIn['secrets'], { SecretId: id }: Input): Kept {
  const found = secrets.get(id);
  if (found === undefined) throw new Refusal('ResourceNotFoundException');
  return found;
}

function alive(secrets: AwsStandIn['secrets'], input: Input): Kept {
  const found = kept(secrets, input);
  if (found.isDeleted) throw new Refusal('InvalidRequestException', 'scheduled for deletion');
  return found;
}

const holderOf = ({ versions }: Kept, label: string): string | undefined =>
  [...versions].find(([, { labels }]) => labels.has(label))?.[0];

/** AWSPREVIOUS follows AWSCURRENT to where it came from. */
function attach(secret: Kept, label: string, to: string): void {
  const from = holderOf(secret, label);
  if (from === to) return;
  if (from !== undefined) secret.versions.get(from)?.labels.delete(label);
  secret.versions.get(to)?.labels.add(label);
  if (label !== 'AWSCURRENT' || from === undefined) return;
  for (const { labels } of secret.versions.values()) labels.delete('AWSPREVIOUS');
  secret.versions.get(from)?.labels.add('AWSPREVIOUS');
}

function dropDeprecated({ versions }: Kept): void {
  for (const [id, { labels }] of versions) {
    if (versions.size <= VERSIONS_MAX) return;
    if (labels.size === 0) versions.delete(id);
  }
}

const stagesOf = ({ versions }: Kept) =>
  Object.fromEntries(
    [...versions].flatMap(([id, { labels }]) => (labels.size === 0 ? [] : [[id, [...labels]]])),
  );

const ACTIONS: Readonly<Record<string, Action>> = {
  CreateSecret(secrets, input) {
    const found = secrets.get(input['Name']);
    if (found?.isDeleted === true) throw new Refusal('InvalidRequestException');
    if (found !== undefined) throw new Refusal('ResourceExistsException');
    if ('SecretString' in input) throw new Refusal('InvalidParameterException', 'not played here');
    secrets.set(input['Name'], { versions: new Map(), isDeleted: false });
    return { Name: input['Name'] };
  },
  PutSecretValue(secrets, input) {
    const secret = alive(secrets, input);
    const { ClientRequestToken: id, SecretString: text } = input;
    if (Buffer.byteLength(text) > BYTES_MAX) throw new Refusal('InvalidParameterException');
    const present = secret.versions.get(id);
    if (present !== undefined && present.text !== text)
      throw new Refusal('ResourceExistsException', `${id} is already in use`);
    if (present !== undefined) return { VersionId: id };
    const labels: string[] = input['VersionStages'] ?? ['AWSCURRENT'];
    if (secret.versions.size === 0) labels.push('AWSCURRENT');
    secret.versions.set(id, { text, createdAt: Date.now() / 1000, labels: new Set() });
    for (const label of labels) attach(secret, label, id);
    dropDeprecated(secret);
    return { VersionId: id };
  },
  GetSecretValue(secrets, input) {
    const secret = alive(secrets, input);
    const label = input['VersionStage'] ?? 'AWSCURRENT';
    const id = input['VersionId'] ?? holderOf(secret, label);
    const version = secret.versions.get(id);
    if (version === undefined) throw new Refusal('ResourceNotFoundException');
    return { VersionId: id, SecretString: version.text, CreatedDate: version.createdAt };
  },
  DescribeSecret: (secrets, input) => ({ VersionIdsToStages: stagesOf(kept(secrets, input)) }),
  UpdateSecretVersionStage(secrets, input) {
    const secret = alive(secrets, input);
    const { VersionStage: label, RemoveFromVersionId: from, MoveToVersionId: to } = input;
    if (holderOf(secret, label) !== from) throw new Refusal('InvalidParameterException');
    if (to === undefined && label === 'AWSCURRENT') throw new Refusal('InvalidParameterException');
    if (to === undefined) secret.versions.get(from)?.labels.delete(label);
    else if (secret.versions.has(to)) attach(secret, label, to);
    else throw new Refusal('ResourceNotFoundException');
    return {};
  },
  ListSecrets(secrets, input) {
    const prefixes: string[] = input['Filters'][0].Values;
    const all = [...secrets].filter(
      ([id, { isDeleted }]) => !isDeleted && prefixes.some((prefix) => id.startsWith(prefix)),
    );
    const from = Number(input['NextToken'] ?? 0);
    const to = from + Math.min(input['MaxResults'] ?? 100, 2);
    const SecretList = all
      .slice(from, to)
      .map(([Name, secret]) => ({ Name, SecretVersionsToStages: stagesOf(secret) }));
    return { SecretList, ...(to < all.length ? { NextToken: String(to) } : {}) };
  },
};

/** Pages hold two secrets, so that a third one is on another page. */
export async function startAwsStandIn(): Promise<AwsStandIn> {
  const secrets: AwsStandIn['secrets'] = new Map();
  const actions: string[] = [];
  let failing: { readonly fault: Fault | undefined; after: number; readonly times: number } = {
    fault: undefined,
    after: 0,
    times: 0,
  };

  const server = createServer((request, response) => {
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const input = JSON.parse(await bodyOf(request)) as Input;
    const action = String(request.headers['x-amz-target']).replace(/^secretsmanager\./, '');
    actions.push(action);
    failing.after -= 1;
    const isFailing = failing.after < 0 && failing.after >= -failing.times;
    const fault = isFailing ? failing.fault : undefined;
    if (fault !== undefined && fault !== 'lost') {
      sendFault(response, fault);
      return;
    }
    const isOurs = request.headers.authorization?.includes(`Credential=${STAND_IN_KEY}/`) === true;
    const { status, body } = isOurs
      ? outcome(secrets, action, input)
      : refused(new Refusal('UnrecognizedClientException'));
    if (fault === 'lost') response.destroy();
    else send(response, status, JSON.stringify(body));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    actions,
    secrets,
    fail: (fault, after = 0, times = Infinity) => (failing = { fault, after, times }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return body;
}

const refused = ({ name, message }: Refusal) => ({
  status: 400,
  body: { __type: name, Message: message },
});

function outcome(secrets: AwsStandIn['secrets'], action: string, input: Input) {
  try {
    const play = ACTIONS[action];
    if (play === undefined) throw new Refusal('UnknownOperationException');
    return { status: 200, body: play(secrets, input) };
  } catch (error) {
    if (error instanceof Refusal) return refused(error);
    throw error;
  }
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
}

/** Garbage is a bare value: whoever fails to read it as JSON quotes it. */
function sendFault(response: ServerResponse, fault: Exclude<Fault, 'lost'>): void {
  if (fault === 'throttled') send(response, 400, '{"__type":"ThrottlingException"}');
  if (fault === 'denied') send(response, 400, '{"__type":"AccessDeniedException"}');
  if (fault === 'broken') send(response, 500, '{"__type":"InternalServiceError"}');
  if (fault === 'stuck') response.writeHead(200).write('{"SecretString":');
  if (fault === 'garbage') send(response, 200, 'canary-4f1d9c');
}
