import { isTerminal, REQUEST_STATUSES } from '../core/request-state.ts';
import type { ReadingCast, ScratchPerson, WritingCast } from './cast.ts';
import type { Answer } from './http.ts';
import { type Action, findWriter } from './probes.ts';
import type { Rig } from './rig.ts';
import { until } from './wait.ts';
import { NotApplicableError, NotShownError } from './unproven.ts';

/** What guarantees do over and over: submit a write, approve it, see it end. */

/** Throws `NotApplicableError` when the policy lets nobody write with people's approval. */
export function writing({ cast }: Rig): WritingCast {
  if (cast.writing !== undefined) return cast.writing;
  throw new NotApplicableError(
    'your policy lets no agent like yours, and no group that it names, write with the approval of people who have a key',
  );
}

export function reading({ cast }: Rig): ReadingCast {
  if (cast.reading !== undefined) return cast.reading;
  throw new NotApplicableError(
    'your policy lets no agent like yours, and no group that it names, read',
  );
}

type Write = (text: string, turn: number) => Action;

/** Of a write that overwrites something: then the card shows what was there. */
const UPDATES: readonly Write[] = [
  (text, turn) => ({ action: 'update_contact', contact_id: String(20_001 + turn), jobtitle: text }),
  (text, turn) => ({ action: 'update_contact', contact_id: String(20_001 + turn), lastname: text }),
];

/** A write of this run's writer that overwrites one field of a record. Throws `NotApplicableError`. */
export function overwriting(rig: Rig): Write {
  const { likeness } = writing(rig);
  const found = findWriter(rig.policy, [likeness], rig.config.connection, UPDATES);
  if (found !== undefined) return found.write;
  throw new NotApplicableError('your policy lets no agent that can be tried overwrite a field');
}

/** A write that waits for people. */
export interface Waiting {
  readonly id: string;
  readonly digest: string;
  readonly text: string;
  readonly approvals: number;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly key: string;
}

interface WaitingOptions {
  readonly userId?: string;
  readonly idempotencyKey?: string;
  /** Another write than the simplest that the policy allows. */
  readonly action?: Write;
}

export function asWaiting(answer: Answer, text: string, key: string): Waiting {
  const { id, digest, requires, created_at: createdAt, expires_at: expiresAt } = answer.body;
  const isWaiting = answer.state === 'awaiting_approval';
  if (!isWaiting || id === undefined || digest === undefined || requires === undefined)
    throw new NotShownError(
      `a write that should wait for people got ${answer.status} ${answer.code ?? answer.state ?? ''}`,
    );
  const { approvals } = requires;
  return {
    id,
    digest,
    text,
    approvals,
    createdAt: createdAt ?? '',
    expiresAt: expiresAt ?? '',
    key,
  };
}

/** Submits a write with a text that no other has. Throws `NotShownError` when it does not wait. */
export async function submitWrite(rig: Rig, options: WaitingOptions = {}): Promise<Waiting> {
  const { agent, write } = writing(rig);
  const text = rig.text();
  const action = (options.action ?? write)(text, rig.turn());
  const answer = await rig.submit(action, { key: agent.key, ...options });
  return asWaiting(answer, text, agent.key);
}

export const submitWrites = (rig: Rig, count: number): Promise<Waiting[]> =>
  Promise.all(Array.from({ length: count }, () => submitWrite(rig)));

export const decide = (
  rig: Rig,
  { id, digest }: Pick<Waiting, 'id' | 'digest'>,
  by: ScratchPerson,
  decision: 'approve' | 'reject' = 'approve',
): Promise<Answer> =>
  rig.ask('POST', `/v1/approvals/${id}/decisions`, { key: by.key, body: { decision, digest } });

/** As many people as the policy asks for, one after the other. The last answer. */
export async function approve(rig: Rig, waiting: Waiting): Promise<Answer> {
  const people = writing(rig).approvers.slice(0, waiting.approvals);
  let last: Answer | undefined;
  for (const person of people) last = await decide(rig, waiting, person);
  if (last === undefined) throw new NotShownError('the policy asks for nobody’s approval');
  return last;
}

/** Throws `NotShownError` unless the approval was taken. */
export async function approveSurely(rig: Rig, waiting: Waiting): Promise<void> {
  const { status, state, code } = await approve(rig, waiting);
  if (status !== 200 || state !== 'approved')
    throw new NotShownError(`an approval got ${status} ${code ?? state ?? ''}`);
}

export const isEnd = (state: string | undefined): boolean => {
  const status = REQUEST_STATUSES.find((name) => name === state);
  return status !== undefined && isTerminal(status);
};

export const stateOf = (rig: Rig, { id, key }: Pick<Waiting, 'id' | 'key'>): Promise<Answer> =>
  rig.ask('GET', `/v1/actions/${id}`, { key });

/** Its answer once it has ended. Throws `NotShownError` when it does not end in time. */
export const ended = (
  rig: Rig,
  waiting: Pick<Waiting, 'id' | 'key'>,
  maxMs = 60_000,
): Promise<Answer> =>
  until(
    `${waiting.id} ends`,
    async () => {
      const answer = await stateOf(rig, waiting);
      return isEnd(answer.state) ? answer : undefined;
    },
    maxMs,
  );

/** Does something and says how many calls HubSpot got meanwhile. */
export async function callsDuring(rig: Rig, work: () => Promise<unknown>): Promise<number> {
  const before = (await rig.simulator.calls()).length;
  await work();
  return (await rig.simulator.calls()).length - before;
}

/** The read of this run's reader. */
export function read(rig: Rig): Promise<Answer> {
  const { agent, read: action } = reading(rig);
  return rig.submit(action, { key: agent.key });
}

/**
 * Halts the engine while `work` is done: what is decided then is on record and cannot begin before the
 * end of it, however fast the gateway is.
 */
export async function whileHalted<T>(rig: Rig, work: () => Promise<T>): Promise<T> {
  rig.engine.halt();
  try {
    return await work();
  } finally {
    rig.engine.resume();
  }
}

/** Waits for a write that nothing was done to, approved together with others: then theirs had their time too. */
export async function outrun(rig: Rig, control: Waiting): Promise<void> {
  const { state, code } = await ended(rig, control);
  if (state !== 'succeeded')
    throw new NotShownError(
      `the write that should be sent beside them ended ${state ?? ''} ${code ?? ''}`,
    );
}
