import { OpenIncidentSignalSchema } from '../contracts/incident.ts';
import { noteClock, VOIDED_SIGNAL } from '../core/engine-details.ts';
import { type ErrorCode, ERRORS } from '../core/errors.ts';
import { errorCodeOf } from '../core/gateway-error.ts';
import { isOperator } from '../core/roles.ts';
import { openIncident } from '../gate/incidents.ts';
import { type CodeProof, logPause, proveByCode } from './totp-proof.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { IncidentDependencies } from './dependencies.ts';

const REASON = 'Opened in Temporal’s view.';
const DOOR = 'gate desk';
const MINUTE_MS = 60_000;

/** Which of them it was is in the log, and not told to whoever can signal. */
const NOBODY =
  'Refused: nobody proved with it who they are. A code works once, for half a minute either way.';

const unread = (raw: unknown): string =>
  raw === VOIDED_SIGNAL
    ? 'Refused: it came in clear, was changed, or was meant for another workflow, and was not read. Send it through the codec server, with a new code.'
    : 'Refused: it takes {"person", "code": six digits, "reason": if you like} and nothing else.';

/**
 * Whoever reaches the engine can signal without end, and a signal that was seen can be sent again: of the same there is
 * one entry a minute. Guesses are counted against the person and end in a pause, so theirs are few.
 */
async function note(
  tx: StoreTransaction,
  code: ErrorCode,
  facts: { readonly reason: string; readonly person?: string },
): Promise<void> {
  const minute = Math.floor(tx.now.getTime() / MINUTE_MS);
  const name = `${facts.reason} ${facts.person ?? ''} ${minute}`;
  const until = new Date(tx.now.getTime() + 2 * MINUTE_MS);
  const isBounded = facts.reason === 'wrong_code';
  if (!isBounded && !(await tx.heardOnce.hear(DOOR, name, until))) return;
  await tx.log.append({
    event: 'incident.refused',
    actor: 'signal',
    code,
    facts: { proof: 'totp', ...facts },
  });
}

async function refuse(
  tx: StoreTransaction,
  proof: Exclude<CodeProof, { kind: 'proven' }>,
): Promise<string> {
  if (proof.kind === 'unknown_person') {
    await note(tx, 'approval.unproven', { reason: proof.kind });
    return NOBODY;
  }
  const { person } = proof;
  if (proof.kind === 'paused')
    return `Refused: too many wrong codes. Those of ${person.name} are paused until ${proof.until.toISOString()}. npx sallyport incident start needs none.`;
  const isRepeat = proof.kind === 'wrong_code' && proof.isRepeat;
  if (!isRepeat) await note(tx, 'approval.unproven', { reason: proof.kind, person: person.id });
  if (proof.kind === 'wrong_code' && proof.until !== undefined)
    await logPause(tx, proof, { event: 'incident.refused', until: proof.until });
  return NOBODY;
}

const openedNote = (incidentId: string): string =>
  `Frozen. Incident ${incidentId} is open; its own workflow is incident/${incidentId}.`;

async function take(
  tx: StoreTransaction,
  raw: unknown,
  { connection }: Pick<IncidentDependencies, 'connection'>,
): Promise<string> {
  const parsed = OpenIncidentSignalSchema.safeParse(raw);
  if (!parsed.success) {
    await note(tx, 'request.malformed', {
      reason: raw === VOIDED_SIGNAL ? 'voided' : 'unreadable',
    });
    return unread(raw);
  }
  const { reason = REASON } = parsed.data;
  const proof = await proveByCode(tx, parsed.data);
  if (proof.kind === 'used_code') {
    // This step may run again, with its work done: while one is open, a code used once more asks for nothing.
    const standing = await tx.incidents.open(connection);
    if (standing !== undefined) return openedNote(standing.id);
  }
  if (proof.kind !== 'proven') return refuse(tx, proof);
  const { person } = proof;
  const by = `person:${person.id}`;
  if (!isOperator(person)) {
    const facts = { proof: 'totp', person: person.id, reason: 'role' };
    await tx.log.append({ event: 'incident.refused', actor: by, code: 'person.forbidden', facts });
    return `Refused: ${person.name} has not the role operator.`;
  }
  const { id } = await openIncident(tx, { connection, reason, by, proof: 'totp' });
  return openedNote(id);
}

/**
 * Opens an incident for each signal that proves an operator by a one-time code; a second one finds the first. What
 * became of each is returned, for whoever sent it. Safe to run twice: a code works once, and an open incident is one.
 * Errors: `store.unavailable`.
 */
export function createOpenIncidentBySignal(deps: IncidentDependencies) {
  const { store } = deps;
  return async function openIncidentBySignal(signals: readonly unknown[]): Promise<string[]> {
    const notes: string[] = [];
    for (const raw of signals) {
      const note = await store
        .commit(async (tx) => `${noteClock(tx.now)} ${await take(tx, raw, deps)}`)
        .catch((error: unknown) => {
          const code = errorCodeOf(error);
          // What no later try mends must not take the others, and the desk, with it.
          if (ERRORS[code].retryable) throw error;
          return `Refused (${code}): ${ERRORS[code].title} Use npx sallyport incident start.`;
        });
      notes.push(note);
    }
    return notes;
  };
}
