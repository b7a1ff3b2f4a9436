import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { CardSchema } from '../contracts/card.ts';
import { type ChangeableField, ChangeFormSchema } from '../contracts/change.ts';
import { type StandingGrant, StandingGrantSchema } from '../contracts/grant.ts';
import type { SettlementBody } from '../contracts/settlement.ts';
import { isErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { keyOwner } from '../gate/keys.ts';
import { readNamedFile, readRunFile } from './context.ts';
import { requestIdOf } from './ids.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, sayDamaged } from './output.ts';

const NamedSchema = z.object({ person: z.string(), name: z.string().optional() });

const ApprovalSchema = z.object({
  id: z.string(),
  status: z.string(),
  waiting_for: z.string().optional(),
  code: z.string().optional(),
  detail: z.string().optional(),
  card: CardSchema,
  decisions: z.array(
    z.object({
      ...NamedSchema.shape,
      in_place_of: NamedSchema.optional(),
      decision: z.string(),
      decided_at: z.string(),
      reason: z.string().optional(),
    }),
  ),
  /** Whether whoever asks may decide, and why not; a gateway of before does not say. */
  you: z
    .object({
      can_decide: z.boolean(),
      code: z.string().optional(),
      own: z.object({ counts_from: z.string().optional() }).optional(),
    })
    .optional(),
});
export type Approval = z.infer<typeof ApprovalSchema>;

const DecidedSchema = z.object({ id: z.string(), decision: z.string(), status: z.string() });
export type Decided = z.infer<typeof DecidedSchema>;

const ChangedSchema = z.object({ successor: z.object({ id: z.string(), status: z.string() }) });
export type Changed = z.infer<typeof ChangedSchema>;

const FreezesSchema = z.object({
  freezes: z.array(
    z.object({
      id: z.string(),
      target: z.object({ kind: z.string(), id: z.string() }),
      lifted_at: z.string().nullable(),
    }),
  ),
});
type Freeze = z.infer<typeof FreezesSchema>['freezes'][number];

const LostSchema = z.object({
  damaged: z.array(z.string()).default([]),
  requests: z.array(
    z.object({
      id: z.string(),
      action: z.string(),
      since: z.string(),
      sentence: z.string().nullable(),
    }),
  ),
});
type Lost = z.infer<typeof LostSchema>['requests'][number];
const SettledSchema = z.object({ id: z.string(), status: z.string() });

export interface DoorOptions extends JsonOption {
  readonly api?: string;
  readonly keyFile?: string;
}

export const withDoor = (command: Command): Command =>
  withJson(command)
    .option('--api <url>', 'the gateway, if not the one of run.json')
    .option('--key-file <file>', 'your key; beside the simulator the demo approver’s if absent');

/** The API as one person: the same door that everybody else uses, with no powers of its own. */
export interface Door {
  /** All that wait, however many pages that is. What is damaged is said aside, here and by `lost`. */
  waiting(): Promise<readonly Approval[]>;
  approval(id: string): Promise<Approval>;
  /** All, lifted ones too. */
  freezes(): Promise<readonly Freeze[]>;
  decide(id: string, body: Readonly<Record<string, unknown>>): Promise<Decided>;
  /** The request that takes its place. */
  change(id: string, body: Readonly<Record<string, unknown>>): Promise<Changed>;
  /** The request with the new card of one that was out of date. */
  renew(id: string): Promise<Changed>;
  /** Which fields may get another value. */
  changeable(id: string): Promise<readonly ChangeableField[]>;
  /** Writes of which nobody knows yet what became of them. */
  lost(): Promise<readonly Lost[]>;
  settle(id: string, body: SettlementBody): Promise<z.infer<typeof SettledSchema>>;
  resumeIncident(id: string): Promise<unknown>;
  giveGrant(body: Readonly<Record<string, unknown>>): Promise<StandingGrant>;
}

const PageSchema = z.object({
  approvals: z.array(ApprovalSchema),
  damaged: z.array(z.string()).default([]),
  next_after: z.string().optional(),
});

const ANSWER_MAX_MS = 15_000;
/** Of a hundred approvals each; an answer that leads on for ever is no gateway's. */
const PAGES_MAX = 100;

/** Of the group and of everybody else; Windows has other means. */
const OTHERS_MODE = 0o077;

/** A key that others read is theirs too. A pipe has no rights of its own. */
function assertOwnersAlone(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true || process.platform === 'win32') return;
  if ((found.mode & OTHERS_MODE) === 0) return;
  throw new CommandError(`${file} can be read by others than its owner.`, `chmod 600 ${file}`);
}

function readKey(file: string): string {
  assertOwnersAlone(file);
  const key = readNamedFile(file).trim();
  if (keyOwner('person', key) !== undefined) return key;
  throw new CommandError(
    `${file} holds no person's key.`,
    'It holds the one line that `npx sallyport person add` showed, beginning with spp_.',
  );
}

function httpUrl(text: string): string {
  const isHttp = z.url({ protocol: /^https?$/ }).safeParse(text).success;
  if (isHttp) return text.replace(/\/+$/, '');
  throw new CommandError(`${text} is no http address.`, 'For example http://127.0.0.1:8480.');
}

/** Address and key. The key of run.json is only for the gateway of run.json, never for another address. */
function credentials({ api, keyFile }: DoorOptions): { api: string; key: string } {
  const named = api === undefined ? undefined : httpUrl(api);
  const key = keyFile === undefined ? undefined : readKey(keyFile);
  if (named !== undefined && key !== undefined) return { api: named, key };
  const run = readRunFile();
  if (run === undefined) {
    throw new CommandError(
      'No running gateway is known here.',
      'Run npm start, or name it with --api and --key-file.',
    );
  }
  if (named !== undefined && named !== run.api)
    throw new CommandError(`Your key for ${named} is not known.`, 'Name it with --key-file.');
  const known = key ?? run.approver_key;
  if (known === null) {
    throw new CommandError(
      'This gateway has a real HubSpot, so there is no demo approver.',
      'Name your key with --key-file. Nobody is there yet? `npx sallyport person add` adds you, `npx sallyport agent add` an agent.',
    );
  }
  return { api: run.api, key: known };
}

/** Throws the gateway's own error when the answer is one. */
async function readAnswer(api: string, response: Response): Promise<unknown> {
  const text = await response.text();
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    const remedy = 'Is that the address of the gateway?';
    throw new CommandError(`${api} does not answer as a gateway does.`, remedy, cause);
  }
  if (response.ok) return answer;
  const problem = z.object({ code: z.string(), detail: z.string().optional() }).safeParse(answer);
  const code = problem.data?.code ?? '';
  throw new GatewayError(isErrorCode(code) ? code : 'internal.unexpected', {
    detail: problem.data?.detail,
  });
}

/** Throws `CommandError` when nobody answers. */
export function openDoor(options: DoorOptions): Door {
  const { api, key } = credentials(options);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

  async function call<T>(schema: z.ZodType<T>, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${api}${path}`, {
      headers,
      // The key is for this address alone.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MAX_MS),
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      const remedy = 'Start it with npm start, in this data folder; or name another with --api.';
      throw new CommandError(`No gateway answers at ${api}.`, remedy, cause);
    });
    const answer = schema.safeParse(await readAnswer(api, response));
    if (answer.success) return answer.data;
    const remedy = 'Are both of the same version?';
    throw new CommandError(`${api} answers with something else than a gateway.`, remedy);
  }

  const path = (id: string): string => `/v1/approvals/${requestIdOf(id)}`;
  async function waiting(): Promise<readonly Approval[]> {
    const all: Approval[] = [];
    let query = '';
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const {
        approvals,
        damaged,
        next_after: next,
      } = await call(PageSchema, `/v1/approvals${query}`);
      sayDamaged(damaged);
      all.push(...approvals);
      if (next === undefined) return all;
      query = `?after=${encodeURIComponent(next)}`;
    }
    const remedy = '`npx sallyport approvals show <request>` shows one of them.';
    throw new CommandError(`More than ${all.length} approvals wait.`, remedy);
  }

  async function lost(): Promise<readonly Lost[]> {
    const { requests, damaged } = await call(LostSchema, '/v1/settlements');
    sayDamaged(damaged);
    return requests;
  }

  return {
    waiting,
    freezes: async () => (await call(FreezesSchema, '/v1/freezes')).freezes,
    approval: async (id) => call(ApprovalSchema, path(id)),
    lost,
    settle: async (id, body) => call(SettledSchema, `/v1/settlements/${requestIdOf(id)}`, body),
    resumeIncident: (id) => call(z.unknown(), `/v1/incidents/${encodeURIComponent(id)}/resume`, {}),
    giveGrant: (body) => call(StandingGrantSchema, '/v1/grants', body),
    changeable: async (id) => (await call(ChangeFormSchema, `${path(id)}/changes`)).fields,
    change: async (id, body) => call(ChangedSchema, `${path(id)}/changes`, body),
    renew: async (id) => call(ChangedSchema, `${path(id)}/renewals`, {}),
    decide: async (id, body) => call(DecidedSchema, `${path(id)}/decisions`, body),
  };
}
