import { verifySync } from 'otplib';
import type { AuditEntry } from '../contracts/audit-entry.ts';
import { DecideSignalSchema } from '../contracts/decision.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import { isTerminal } from '../core/request-state.ts';
import { addTotpGuess, totpPausedUntil } from '../core/totp-guesses.ts';
import { recordDecision } from '../gate/decisions.ts';
import { expireRequest } from '../gate/expiry.ts';
import { entryOf } from '../gate/logged.ts';
import { matureOwn } from '../gate/mature.ts';
import { requestEntry } from '../gate/request-entry.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** RFC 6238 with one step of clock drift either way. */
const TOTP = { stepSeconds: 30, toleranceSeconds: 30 } as const;

/** How the request stands after looking at the record. */
export type ApprovalState =
  | {
      readonly kind: 'waiting';
      /** Until the deadline, ms. */
      readonly forMs: number;
      /** What became of the signals, for whoever sent them. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'approved' }
  | { readonly kind: 'ended' };

/** Whoever can reach the engine can send signals without end; the log must not grow with them. */
export const SIGNAL_LIMITS = {
  /** Entries of one request for refused signals, whatever was wrong with them. */
  entriesMax: 20,
  /** Of those, for signals that name nobody we know: nobody's guesses, so they close no way. */
  anonymousEntriesMax: 3,
} as const;

/** The standing person a signal names, by id or e-mail. */
async function personNamed(tx: StoreTransaction, name: string): Promise<PersonRecord | undefined> {
  const named = name.trim().toLowerCase();
  return (await tx.people.list()).find(
    ({ id, email, revokedAt }) => revokedAt === null && (id === named || email === named),
  );
}

/** The step of the clock this code belongs to, if the sender holds the person's authenticator. */
function stepOf(person: PersonRecord, code: string, now: Date): number | undefined {
  const checked = verifySync({
    secret: person.totpSecret,
    token: code,
    period: TOTP.stepSeconds,
    epoch: Math.floor(now.getTime() / 1000),
    epochTolerance: TOTP.toleranceSeconds,
  });
  return checked.valid && 'timeStep' in checked ? checked.timeStep : undefined;
}

const SIGNAL_ACTOR = 'signal';
const UNPROVEN: ErrorCode = 'approval.unproven';

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
): Promise<string> {
  const entries = await entriesOfSignals(tx, request.id);
  const anonymous = entries.filter(({ facts }) => facts['person'] === undefined);
  const room = Math.min(
    SIGNAL_LIMITS.entriesMax - entries.length,
    person === undefined ? SIGNAL_LIMITS.anonymousEntriesMax - anonymous.length : Infinity,
  );
  if (room <= 0) return UNPROVEN;
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
  return UNPROVEN;
}

const pausedNote = (person: PersonRecord, until: Date): string =>
  `too many wrong codes: those of ${person.name} are paused until ${until.toISOString()}, decide in another way`;

/** Counts a wrong code against the person it was tried for, on whatever request. */
async function countGuess(
  tx: StoreTransaction,
  request: RequestRecord,
  person: PersonRecord,
  code: string,
): Promise<string> {
  const guesses = addTotpGuess(person.totpGuesses, { at: tx.now, code });
  if (guesses === undefined) return UNPROVEN;
  await tx.people.setTotpGuesses(person.id, guesses);
  await refuseSignal(tx, request, 'code', person);
  const until = totpPausedUntil(guesses, tx.now);
  if (until === undefined) return UNPROVEN;
  // Of no request: the pause is the person's, and has its entry however full a request's part is.
  await tx.log.append({
    event: 'approval.refused',
    actor: SIGNAL_ACTOR,
    code: UNPROVEN,
    facts: {
      proof: 'totp',
      person: person.id,
      wrong_codes: guesses.length,
      totp_paused_until: until.toISOString(),
    },
  });
  return pausedNote(person, until);
}

/** One `decide` signal, recorded as a decision when its code is good and as a refused attempt when not. */
async function takeSignal(
  tx: StoreTransaction,
  request: RequestRecord,
  raw: unknown,
  deps: ActivityDependencies,
): Promise<string> {
  const parsed = DecideSignalSchema.safeParse(raw);
  if (!parsed.success) return refuseSignal(tx, request, 'unreadable signal');
  const { decision, code, reason } = parsed.data;
  const person = await personNamed(tx, parsed.data.person);
  if (person === undefined) return refuseSignal(tx, request, 'person');
  const until = totpPausedUntil(person.totpGuesses, tx.now);
  if (until !== undefined) return pausedNote(person, until);
  const step = stepOf(person, code, tx.now);
  if (step === undefined) return countGuess(tx, request, person, code);
  // Good, and used before: somebody looked on, or this step of the workflow runs again.
  if (!(await tx.people.useTotpStep(person.id, step)))
    return refuseSignal(tx, request, 'used code', person);
  const digest = request.digest ?? '';
  const decided = await recordDecision(
    tx,
    { requestId: request.id, person, proof: 'totp', decision, digest, reason },
    { policy: deps.policy(), ...deps.timing },
  );
  return decided.kind === 'refused' ? decided.code : `${decision} by ${person.name}`;
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
        return request === undefined ? 'no such request' : takeSignal(tx, request, signal, deps);
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
    if (request === undefined || isTerminal(request.status)) return { kind: 'ended' };
    if (request.status !== 'awaiting_approval') return { kind: 'approved' };
    const forMs = (request.expiresAt?.getTime() ?? 0) - deps.clock().getTime();
    if (forMs > 0) return { kind: 'waiting', forMs: Math.min(forMs, ownMs ?? Infinity), notes };
    await expireRequest(deps.store, requestId, deps.timing);
    const after = await deps.store.requests.get(requestId);
    return after?.status === 'approved' ? { kind: 'approved' } : { kind: 'ended' };
  };
}
