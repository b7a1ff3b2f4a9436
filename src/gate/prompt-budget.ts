import { errorCodeOf } from '../core/gateway-error.ts';
import { isHighRisk } from '../core/high-risk.ts';
import {
  type NoticeRecord,
  PROMPT_BUSY_MS,
  PROMPT_HOUR_MS,
  promptsInHour,
} from '../core/notices.ts';
import type { RequestRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { fromStandingPlaces, isVoteFor } from './absences.ts';
import { isOwnAgent } from './own-agent.ts';
import { unlessTampered } from './unless-tampered.ts';

export interface PromptRules {
  /** Prompts about ordinary writes in a running hour, of a place that was not asked often lately. */
  readonly perHour: number;
  /** A courier that has not said by then what became of a notice is taken for dead. */
  readonly leaseMs: number;
}

/** What is to be done with a prompt that is due. */
export type Placed =
  | { readonly kind: 'send' }
  /** With these, as one: none of them is told by itself. */
  | { readonly kind: 'send_with'; readonly others: readonly NoticeRecord[] }
  | { readonly kind: 'later' };

const SEND: Placed = { kind: 'send' };
const LATER: Placed = { kind: 'later' };

/** One that does not open is no prompt that anybody could weigh: it is told as it is. */
async function waitingOf(tx: StoreTransaction, id: string): Promise<RequestRecord | undefined> {
  const request = await unlessTampered(tx.requests.get(id), undefined);
  return request?.status === 'awaiting_approval' ? request : undefined;
}

/** From when on it is told whatever the budget says. */
const pressingAt = ({ expiresAt }: RequestRecord): number =>
  (expiresAt?.getTime() ?? Infinity) - PROMPT_HOUR_MS;

/** While an incident or another freeze stands, people are at their desks for this very thing. */
async function isFrozen(tx: StoreTransaction, request: RequestRecord): Promise<boolean> {
  const targets = [
    { kind: 'connection', id: request.connection },
    { kind: 'agent', id: request.agentId },
  ] as const;
  try {
    return (await tx.freezes.standing(targets)) !== undefined;
  } catch (error) {
    // An order is gone from the log: it is taken for a freeze.
    if (errorCodeOf(error) === 'freeze.active') return true;
    throw error;
  }
}

/**
 * What is never held back: high risk, what takes a write back, what is pressing, what comes during a freeze. A
 * reminder tells nothing new, so its risk is no reason.
 */
async function isNeverHeld(
  tx: StoreTransaction,
  { kind }: NoticeRecord,
  request: RequestRecord,
): Promise<boolean> {
  if (request.card === null || pressingAt(request) <= tx.now.getTime()) return true;
  const isNew = kind === 'asked';
  if (isNew && (isHighRisk(request.card) || isOwnAgent(request.agentId))) return true;
  return isFrozen(tx, request);
}

/** Times at which slots were taken lately, the oldest first. */
const takenSlots = (prompts: readonly NoticeRecord[], now: Date): number[] =>
  prompts
    .flatMap(({ prompting }) =>
      prompting?.kind === 'alone' || prompting?.kind === 'lead' ? [prompting.at.getTime()] : [],
    )
    .filter((at) => now.getTime() - at < PROMPT_BUSY_MS)
    .toSorted((one, other) => one - other);

/** Waits for a slot, or follows this one, or follows one that somebody died over. */
function isHeld(notice: NoticeRecord, lead: NoticeRecord, { leaseMs }: PromptRules, now: Date) {
  const { prompting, state, id } = notice;
  if (id === lead.id || state !== 'due') return false;
  if (prompting?.kind === 'held') return true;
  if (prompting?.kind !== 'follows') return false;
  return prompting.lead === lead.id || now.getTime() - prompting.at.getTime() > leaseMs;
}

/** Decisions that do not open are another alarm: it is told as one that waits. */
async function hasDecided(
  tx: StoreTransaction,
  { subject, recipient }: NoticeRecord,
): Promise<boolean> {
  const made = await unlessTampered(tx.decisions.of(subject), []);
  const votes = await unlessTampered(fromStandingPlaces(tx, made), []);
  return votes.some((one) => isVoteFor(one, recipient));
}

/** Those that still wait for this place; the others are dropped, for they would say what is no longer so. */
async function stillWaiting(
  tx: StoreTransaction,
  held: readonly NoticeRecord[],
): Promise<NoticeRecord[]> {
  const kept: NoticeRecord[] = [];
  for (const notice of held) {
    const waits = (await waitingOf(tx, notice.subject)) !== undefined;
    if (waits && !(await hasDecided(tx, notice))) kept.push(notice);
    else await tx.notices.settle(notice, { state: 'moot', error: null });
  }
  return kept;
}

async function sendWith(
  tx: StoreTransaction,
  notice: NoticeRecord,
  held: readonly NoticeRecord[],
  rules: PromptRules,
): Promise<Placed> {
  const others = await stillWaiting(tx, held);
  const at = notice.prompting?.kind === 'lead' ? notice.prompting.at : tx.now;
  const kind = others.length === 0 ? 'alone' : 'lead';
  await tx.notices.settle(notice, { prompting: { kind, at, lead: null } });
  // Should the lead never be told, they come up again by themselves.
  const dueAt = new Date(tx.now.getTime() + 2 * rules.leaseMs);
  const prompting = { kind: 'follows', at: tx.now, lead: notice.id } as const;
  for (const other of others) await tx.notices.settle(other, { prompting, dueAt });
  return others.length === 0 ? SEND : { kind: 'send_with', others };
}

/** By then at the latest it is looked at again. */
async function hold(tx: StoreTransaction, notice: NoticeRecord, until: number): Promise<Placed> {
  const at = notice.prompting?.kind === 'held' ? notice.prompting.at : tx.now;
  const prompting = { kind: 'held', at, lead: null } as const;
  await tx.notices.settle(notice, { prompting, dueAt: new Date(until), error: null });
  return LATER;
}

/** Somebody else has it, or it has come to follow another since it was taken. */
function isSomebodyElses(
  taken: NoticeRecord,
  notice: NoticeRecord,
  { leaseMs }: PromptRules,
  now: Date,
): boolean {
  if (notice.state !== 'due' || notice.attempts !== taken.attempts) return true;
  const { prompting } = notice;
  return prompting?.kind === 'follows' && now.getTime() - prompting.at.getTime() <= leaseMs;
}

/** What is in the budget: by slots that are free, by being pressing by now, or by a slot that it has. */
async function placeWithin(
  tx: StoreTransaction,
  notice: NoticeRecord,
  of: { readonly request: RequestRecord; readonly isFree: boolean },
  rules: PromptRules,
): Promise<Placed> {
  const prompts = await tx.notices.prompts(notice, new Date(tx.now.getTime() - PROMPT_BUSY_MS));
  const slots = takenSlots(prompts, tx.now);
  // That many prompts ago there was a slot that is free again an hour later.
  const oldest = slots.at(-promptsInHour(rules.perHour, slots.length));
  const freeAt = oldest === undefined ? 0 : oldest + PROMPT_HOUR_MS;
  const hasSlot = freeAt <= tx.now.getTime() || notice.prompting?.kind === 'lead';
  if (!hasSlot && !of.isFree) return hold(tx, notice, Math.min(freeAt, pressingAt(of.request)));
  const held = prompts.filter((other) => isHeld(other, notice, rules, tx.now));
  return sendWith(tx, notice, held, rules);
}

/**
 * Gives a prompt that was taken its place in the budget of whom it is for: sends it, lets it wait for the next
 * free slot, or sends it together with all that wait there. In one commit, so that of two couriers one takes
 * a slot, and what it decides lasts over a restart.
 */
export async function placePrompt(
  tx: StoreTransaction,
  taken: NoticeRecord,
  rules: PromptRules,
): Promise<Placed> {
  const notice = await tx.notices.get(taken.id);
  if (notice === undefined || isSomebodyElses(taken, notice, rules, tx.now)) return LATER;
  // It has its slot already, and is tried again.
  if (notice.prompting?.kind === 'alone') return SEND;
  const request = await waitingOf(tx, notice.subject);
  if (request === undefined) return SEND;
  const isFree = await isNeverHeld(tx, notice, request);
  if (isFree && notice.prompting === null) return SEND;
  return placeWithin(tx, notice, { request, isFree }, rules);
}
