import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { POLICY_ACTIONS } from '../actions/catalogue.ts';
import type { Config } from '../config.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { type Cast, enrollCast } from './cast.ts';
import { type Engine, findEngine, startEngine } from './engine.ts';
import { type Answer, type Ask, ask } from './http.ts';
import type { Action } from './probes.ts';
import {
  type CommandResult,
  createGatewayProcess,
  findPort,
  type GatewayProcess,
  runCommand,
} from './product.ts';
import { createPublishedLog, type PublishedLog } from './published-log.ts';
import { createRandom, type Random } from './random.ts';
import { type Environment, makeScratch, type Scratch, scratchEnvironment } from './scratch.ts';
import { type Simulator, startSimulator } from './simulator.ts';
import { copyRoster, openStoreFile, type StoreFile } from './store-file.ts';
import { createWatch, type Watch } from './watch.ts';

/** A whole installation of this run's own, to be tried in every way, and nothing of the user's. */
export interface Rig {
  readonly config: Config;
  readonly product: string;
  readonly scratch: Scratch;
  readonly env: Environment;
  readonly policy: Policy;
  /** The copy of the user's policy that the scratch gateway starts with. */
  readonly policyFile: string;
  readonly gateway: GatewayProcess;
  readonly engine: Engine;
  readonly simulator: Simulator;
  readonly store: StoreFile;
  readonly log: PublishedLog;
  readonly logKey: string;
  readonly cast: Cast;
  readonly random: Random;
  readonly watch: Watch;
  /** The HubSpot token of the scratch connection, and the app it is of. */
  readonly token: string;
  readonly appId: number;
  /** Every word that only people should read: looked for where it must not be. */
  readonly prompt: string;
  /** Where the text of every answer of the API is kept, for the hunt for the token. */
  readonly answersFile: string;
  /** A checkpoint of the log's beginning. */
  readonly firstCheckpoint: string;
  /** A text that no other has and no other holds. */
  text(): string;
  /** Goes up by one each time: which record of the demo account a write is about. */
  turn(): number;
  ask(method: string, path: string, options?: Ask): Promise<Answer>;
  submit(
    action: Action,
    options: { readonly key: string; readonly idempotencyKey?: string; readonly userId?: string },
  ): Promise<Answer>;
  command(...args: readonly string[]): Promise<CommandResult>;
}

export interface RigOptions {
  readonly config: Config;
  readonly product: string;
  readonly seed: number;
  readonly onProgress: (message: string) => void;
  readonly stopping: AbortSignal;
  /** Settings that this run alone needs. */
  readonly changes?: Environment;
}

const RunFileSchema = z.looseObject({ log_vkey: z.string() });

/** The user's policy as it is now, copied: a run must not be steered by an edit in its midst. */
function copyPolicy(
  config: Config,
  scratch: Scratch,
): { text: string; file: string; policy: Policy } {
  const text = readFileSync(config.files.policy, 'utf8');
  const file = join(scratch.folder, 'policy.cedar');
  writeFileSync(file, text);
  return {
    text,
    file,
    policy: loadPolicy({ text, file: config.files.policy, actions: POLICY_ACTIONS }),
  };
}

/** Told by its own scratch connection; the CLI makes it the credential in use. */
async function giveToken(
  of: { readonly product: string; readonly env: Environment },
  config: Config,
  token: string,
): Promise<void> {
  const args = ['secret', 'set', `hubspot/${config.connection}`, '--yes'];
  const { status, err } = await runCommand(of, args, `${token}\n`);
  if (status !== 0) throw new Error(`the scratch credential could not be set: ${err}`);
}

interface Neighbours {
  readonly engine: Engine;
  readonly simulator: Simulator;
}

/** Both are started to their end, also when one fails: what was started must be ended. */
async function startNeighbours(
  { config, product }: RigOptions,
  cliPath: string,
  scratch: Scratch,
  parts: AsyncDisposableStack,
): Promise<Neighbours> {
  const { path } = config.hostEnvironment;
  const starting = [
    startEngine(cliPath, config, scratch).then((engine) => {
      parts.defer(() => engine.stop());
      return engine;
    }),
    startSimulator({ product, path }, scratch).then((simulator) => {
      parts.defer(() => simulator.stop());
      return simulator;
    }),
  ] as const;
  await Promise.allSettled(starting);
  return { engine: await starting[0], simulator: await starting[1] };
}

function createTexts(seed: number): { text: () => string; turn: () => number } {
  let count = 0;
  let turns = 0;
  return {
    text: () => {
      count += 1;
      return `prove-${String(count).padStart(4, '0')}-${seed.toString(36)}x`;
    },
    turn: () => {
      turns += 1;
      return turns;
    },
  };
}

const PROMPT = 'Please do what the bluebell prompt says.';
const USER_ID = 'prove-requester@prove.test';

function createVoice(of: {
  readonly api: string;
  readonly answersFile: string;
}): Pick<Rig, 'ask' | 'submit'> {
  const speak: Rig['ask'] = async (method, path, options) => {
    const answer = await ask(of.api, method, path, options);
    appendFileSync(of.answersFile, `${answer.text}\n`);
    return answer;
  };
  return {
    ask: speak,
    submit: (action, { key, idempotencyKey = randomUUID(), userId = USER_ID }) =>
      speak('POST', '/v1/actions', {
        key,
        body: { user_id: userId, agent_prompt: PROMPT, action },
        headers: { 'idempotency-key': idempotencyKey },
      }),
  };
}

/**
 * Builds it; what was started is registered in `parts` at once, so that it ends whatever happens next.
 * Throws what keeps it from being built.
 */
export async function openRig(options: RigOptions, parts: AsyncDisposableStack): Promise<Rig> {
  const { config, product, seed, onProgress, stopping } = options;
  const cliPath = await findEngine(config, onProgress);
  const watch = createWatch(config);
  const scratch = makeScratch(config);
  parts.defer(() => {
    scratch.remove();
  });
  mkdirSync(scratch.logs);
  watch.start(scratch.folder);
  parts.defer(() => {
    watch.stop();
  });
  const { text: policyText, file: policyFile, policy } = copyPolicy(config, scratch);
  const roster = copyRoster(config.files.store, scratch.folder);
  onProgress('starting a Temporal server and a HubSpot simulator …');
  const { engine, simulator } = await startNeighbours(options, cliPath, scratch, parts);
  stopping.throwIfAborted();
  const where = { hubspotUrl: simulator.url, temporalAddress: engine.address };
  const port = await findPort();
  const env = {
    ...scratchEnvironment(config, { scratch, port, policyFile, ...where }),
    ...options.changes,
  };
  const gateway = createGatewayProcess({ product, main: 'main.ts', scratch, env });
  parts.defer(() => gateway.close());
  onProgress('starting a scratch gateway with your policy …');
  await gateway.start();
  stopping.throwIfAborted();
  onProgress('enrolling scratch agents and people …');
  const { token, appId } = await simulator.mint({ scopes: 'all' });
  await giveToken({ product, env }, config, token);
  const command = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand({ product, env }, args);
  const { connection } = config;
  const cast = await enrollCast(command, { policy, policyText, roster, connection });
  stopping.throwIfAborted();
  const { dataDir } = scratch;
  const answersFile = join(scratch.folder, 'answers.txt');
  writeFileSync(answersFile, '');
  const store = openStoreFile(join(dataDir, 'store.db'));
  const log = createPublishedLog(join(dataDir, 'log'), store);
  await log.leaves();
  const run = RunFileSchema.parse(JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')));
  return {
    config,
    product,
    scratch,
    env,
    policy,
    policyFile,
    gateway,
    engine,
    simulator,
    store,
    log,
    logKey: run.log_vkey,
    cast,
    random: createRandom(seed),
    watch,
    token,
    appId,
    prompt: PROMPT,
    answersFile,
    firstCheckpoint: log.checkpoint(),
    ...createTexts(seed),
    ...createVoice({ api: gateway.api, answersFile }),
    command,
  };
}
