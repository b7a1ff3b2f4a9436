import type { z } from 'zod';
import type { AuditEntry } from '../contracts/audit-entry.ts';
import { DecideSignalSchema } from '../contracts/decision.ts';
import { whyNotInEngine } from '../core/engine-card.ts';
import { noteClock, VOIDED_SIGNAL } from '../core/engine-details.ts';
import { ERRORS, type ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import { isTerminal } from '../core/request-state.ts';
import { type Decided, recordDecision, refuseDecision } from '../gate/decisions.ts';
import { expireRequest } from '../gate/expiry.ts';
import { entryOf } from '../gate/logged.ts';
import { matureOwn } from '../gate/mature.ts';
import { requestEntry } from '../gate/request-entry.ts';
import { type CodeProof, logPause, proveByCode } from './totp-proof.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** How the request stands after looking at the record. */
export type ApprovalState = {
  /** What became of the signals, for whoever sent them: one line each, not Markdown. */
  readonly notes?: readonly string[];
} & (
  | {
      readonly kind: 'waiting';
      /** Until the deadline, ms. */
      readonly forMs: number;
    }
  | { readonly kind: 'approved' }
  | { readonly kind: 'ended' }
);

/** Whoever can reach the engine can send signals without end; the log must not grow with them. */
export const SIGNAL_LIMITS = {
  /** Entries of one request for refused signals, whatever was wrong with them. */
  entriesMax: 20,
  /** Of those, for signals that name nobody we know: nobody's guesses, so they close no way. */
  anonymousEntriesMax: 3,
} as const;

const SIGNAL_ACTOR = 'signal';
const UNPROVEN: ErrorCode = 'approval.unproven';

/**
 * What is said of a signal that proves nothing. Whether it was the person, the code, or its second use that
 * was wrong is in the log, and not told to whoever can signal.
 */
const UNPROVEN_WORDS = {
  'voided signal':
    'it came in clear, was changed, or was meant for another workflow, and was not read. Send it through the codec server, with a new code: a code that was sent in clear can be read by others',
  'unreadable signal':
    'it was not read. It takes {"person", "decision": "approve" or "reject", "code": six digits, "reason": if you like} and nothing else',
  person: 'nobody proved with it who they are. A code works once, for half a minute either way',
} as const;
type Unproven = keyof typeof UNPROVEN_WORDS;

async function entriesOfSignals(tx: StoreTransaction, requestId: string): Promise<AuditEntry[]> {
  const { records } = await tx.log.trace(requestId);
  return records.map(({ leaf }) => entryOf(leaf)).filter(({ actor }) => actor === SIGNAL_ACTOR);
}

/** Logs a signal without proof while there is room for it; the last entry says that no more follow. */
async function refuseSignal(
  tx: StoreTransaction,
  request: RequestRecord,
  reason: string,
  person?: PersonRecord,
): Promise<void> {
  const entries = await entriesOfSignals(tx, request.id);
  const anonymous = entries.filter(({ facts }) => facts['person'] === undefined);
  const room = Math.min(
    SIGNAL_LIMITS.entriesMax - entries.length,
    person === undefined ? SIGNAL_LIMITS.anonymousEntriesMax - anonymous.length : Infinity,
  );
  if (room <= 0) return;
  await tx.log.append({
    event: 'approval.refused',
    ...requestEntry(request, SIGNAL_ACTOR),
    code: UNPROVEN,
    facts: {
      proof: 'totp',
      reason,
      ...(person === undefined ? {} : { person: person.id }),
      ...(room === 1 ? { further: 'not logged' } : {}),
    },
  });
}

const unproven = (as: Unproven): string => `Refused (${UNPROVEN}): ${UNPROVEN_WORDS[as]}.`;

const pausedNote = (person: PersonRecord, until: Date): string =>
  `Refused (${UNPROVEN}): too many wrong codes. Those of ${person.name} are paused until ${until.toISOString()}; decide in another way.`;

type Signalled = z.infer<typeof DecideSignalSchema>;

/** The person's word, if the card that they had before them may be decided on there. */
async function takeProven(
  tx: StoreTransaction,
  request: RequestRecord,
  person: PersonRecord,
  { decision, reason }: Signalled,
  deps: ActivityDependencies,
): Promise<Decided> {
  const digest = request.digest ?? '';
  const made = { requestId: request.id, person, proof: 'totp', decision, digest, reason } as const;
  const isAsked = request.status === 'awaiting_approval' && decision === 'approve';
  // By the record, whatever was shown: a workflow's details are the engine's word.
  const why = isAsked && request.card !== null ? whyNotInEngine(request.card) : undefined;
  if (why !== undefined)
    return refuseDecision(tx, made, new GatewayError('approval.elsewhere', { detail: why }));
  return recordDecision(tx, made, { policy: deps.policy(), ...deps.timing });
}

function decidedNote(decided: Decided, decision: string, { name }: PersonRecord): string {
  if (decided.kind === 'decided')
    return `${name}: the ${decision === 'approve' ? 'approval' : 'rejection'} counts.`;
  const { code, detail } = decided;
  const said = detail === undefined ? '' : ` ${detail}`;
  return `Refused (${code}) for ${name}: ${ERRORS[code].title}${said} ${ERRORS[code].remedy}`;
}

/** What is logged of a signal that proves nothing, and what its sender is told. */
async function refuseUnproven(
  tx: StoreTransaction,
  request: RequestRecord,
  proof: Exclude<CodeProof, { kind: 'proven' }>,
): Promise<string> {
  switch (proof.kind) {
    case 'paused':
      return pausedNote(proof.person, proof.until);
    case 'unknown_person':
      await refuseSignal(tx, request, 'person');
      return unproven('person');
    case 'used_code':
      await refuseSignal(tx, request, 'used code', proof.person);
      return unproven('person');
    case 'wrong_code':
      if (proof.isRepeat) return unproven('person');
      await refuseSignal(tx, request, 'code', proof.person);
      if (proof.until === undefined) return unproven('person');
      await logPause(tx, proof, { event: 'approval.refused', until: proof.until });
      return pausedNote(proof.person, proof.until);
  }
}

/** One `decide` signal, recorded as a decision when its code is good and as a refused attempt when not. */
async function takeSignal(
  tx: StoreTransaction,
  request: RequestRecord,
  raw: unknown,
  deps: ActivityDependencies,
): Promise<string> {
  const parsed = DecideSignalSchema.safeParse(raw);
  if (!parsed.success) {
    const how = raw === VOIDED_SIGNAL ? 'voided signal' : 'unreadable signal';
    await refuseSignal(tx, request, how);
    return unproven(how);
  }
  const proof = await proveByCode(tx, parsed.data);
  if (proof.kind !== 'proven') return refuseUnproven(tx, request, proof);
  const { person } = proof;
  const decided = await takeProven(tx, request, person, parsed.data, deps);
  return decidedNote(decided, parsed.data.decision, person);
}

/** It has come, and nothing was decided: where only its workflow was to be started again, nothing is owed any more. */
async function forgetWake(
  { store }: Pick<ActivityDependencies, 'store'>,
  requestId: string,
): Promise<void> {
  if (!(await store.requests.isWakeOwed(requestId))) return;
  await store.commit(async (tx) => {
    if ((await tx.requests.status(requestId)) !== 'awaiting_approval') return;
    if ((await tx.decisions.of(requestId)).length === 0) await tx.requests.setWake(requestId, null);
  });
}

/**
 * Step 3b: what counts is the record. Signals that carry a person and a code are proven here and
 * recorded like any other decision; then the record says whether the request is approved, has ended,
 * or waits on. A request past its deadline ends here (it fails closed). Safe to run twice: a TOTP code,
 * good or wrong, and a person's decision count once. Errors: `store.unavailable`.
 */
export function createVerifyDecision(deps: ActivityDependencies) {
  async function takeSignals(requestId: string, signals: readonly unknown[]): Promise<string[]> {
    const notes: string[] = [];
    for (const signal of signals) {
      const note = await deps.store.commit(async (tx) => {
        const request = await tx.requests.get(requestId);
        if (request === undefined) return 'no such request';
        return `${noteClock(tx.now)} ${await takeSignal(tx, request, signal, deps)}`;
      });
      notes.push(note);
    }
    return notes;
  }

  return async function verifyDecision(
    requestId: string,
    signals: readonly unknown[],
  ): Promise<ApprovalState> {
    const notes = await takeSignals(requestId, signals);
    const rules = { policy: deps.policy(), selfApprovalMs: deps.timing.selfApprovalMs };
    const ownMs = await matureOwn(deps.store, await deps.store.requests.get(requestId), rules);
    const request = await deps.store.requests.get(requestId);
    if (request === undefined || isTerminal(request.status)) return { kind: 'ended', notes };
    if (request.status !== 'awaiting_approval') return { kind: 'approved', notes };
    const forMs = (request.expiresAt?.getTime() ?? 0) - deps.clock().getTime();
    if (forMs > 0 && signals.length === 0) await forgetWake(deps, requestId);
    if (forMs > 0) return { kind: 'waiting', forMs: Math.min(forMs, ownMs ?? Infinity), notes };
    await expireRequest(deps.store, requestId, deps.timing);
    const after = await deps.store.requests.get(requestId);
    return { kind: after?.status === 'approved' ? 'approved' : 'ended', notes };
  };
}
