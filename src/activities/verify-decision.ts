import { verifySync } from 'otplib';
import { DecideSignalSchema, type DecideSignal } from '../contracts/decision.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import { isTerminal } from '../core/request-state.ts';
import { closeRequest } from '../gate/close.ts';
import { recordDecision } from '../gate/decisions.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** RFC 6238 with one step of clock drift either way. */
const TOTP = { stepSeconds: 30, toleranceSeconds: 30 } as const;

/** How the request stands after looking at the record. */
export type Standing =
  | {
      readonly kind: 'waiting';
      /** Until the deadline, ms. */
      readonly forMs: number;
      /** What became of the signals, for whoever sent them. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'approved' }
  | { readonly kind: 'ended' };

/** The person a signal names, by id or e-mail, if the code proves that the sender holds their authenticator. */
async function provenPerson(
  tx: StoreTransaction,
  signal: DecideSignal,
): Promise<PersonRecord | undefined> {
  const named = signal.person.trim().toLowerCase();
  const person = (await tx.people.list()).find(
    ({ id, email, revokedAt }) => revokedAt === null && (id === named || email === named),
  );
  if (person === undefined) return undefined;
  const checked = verifySync({
    secret: person.totpSecret,
    token: signal.code,
    period: TOTP.stepSeconds,
    epoch: Math.floor(tx.now.getTime() / 1000),
    epochTolerance: TOTP.toleranceSeconds,
  });
  if (!checked.valid || !('timeStep' in checked)) return undefined;
  return (await tx.people.useTotpStep(person.id, checked.timeStep)) ? person : undefined;
}

async function refuseSignal(
  tx: StoreTransaction,
  request: RequestRecord,
  code: ErrorCode,
  facts: Record<string, unknown>,
): Promise<string> {
  await tx.log.append({
    event: 'approval.refused',
    requestId: request.id,
    agentId: request.agentId,
    actor: 'signal',
    code,
    digest: request.digest ?? undefined,
    facts: { proof: 'totp', ...facts },
  });
  return code;
}

/** A six-digit code can be guessed by somebody who may try for ever. */
const UNPROVEN_MAX = 10;

async function isGuessing(tx: StoreTransaction, requestId: string): Promise<boolean> {
  const decoder = new TextDecoder();
  const entries = await tx.log.ofRequest(requestId);
  const unproven = entries.filter(({ leaf }) =>
    decoder.decode(leaf).includes('"approval.unproven"'),
  );
  return unproven.length >= UNPROVEN_MAX;
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
    return refuseSignal(tx, request, 'approval.unproven', { reason: 'unreadable signal' });
  }
  if (await isGuessing(tx, request.id)) return 'too many codes were wrong: decide in another way';
  const person = await provenPerson(tx, parsed.data);
  if (person === undefined) {
    return refuseSignal(tx, request, 'approval.unproven', { reason: 'person or code' });
  }
  const decided = await recordDecision(
    tx,
    {
      requestId: request.id,
      person,
      proof: 'totp',
      decision: parsed.data.decision,
      digest: request.digest ?? '',
      reason: parsed.data.reason,
    },
    { policy: deps.policy(), approvalValidMs: deps.timing.approvalValidMs },
  );
  return decided.kind === 'refused' ? decided.code : `${parsed.data.decision} by ${person.name}`;
}

async function expire(tx: StoreTransaction, request: RequestRecord): Promise<void> {
  await closeRequest(
    tx,
    request,
    { status: 'expired', code: 'approval.expired' },
    { event: 'approval.expired', actor: 'gateway' },
  );
}

/**
 * Step 3b: what counts is the record. Signals that carry a person and a code are proven here and
 * recorded like any other decision; then the record says whether the request is approved, has ended,
 * or waits on. A request past its deadline ends here (it fails closed). Safe to run twice: a TOTP code
 * and a person's decision count once. Errors: `store.unavailable`.
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
  ): Promise<Standing> {
    const notes = await takeSignals(requestId, signals);
    const request = await deps.store.requests.get(requestId);
    if (request === undefined || isTerminal(request.status)) return { kind: 'ended' };
    if (request.status !== 'awaiting_approval') return { kind: 'approved' };
    const forMs = (request.expiresAt?.getTime() ?? 0) - deps.clock().getTime();
    if (forMs > 0) return { kind: 'waiting', forMs, notes };
    await deps.store.commit(async (tx) => {
      const now = await tx.requests.get(requestId);
      if (now?.status === 'awaiting_approval') await expire(tx, now);
    });
    const after = await deps.store.requests.get(requestId);
    return after?.status === 'approved' ? { kind: 'approved' } : { kind: 'ended' };
  };
}
