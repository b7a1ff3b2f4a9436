import { GatewayError } from '../core/gateway-error.ts';
import { pathForLog } from '../core/hubspot-paths.ts';
import type { AuditEvent } from '../core/records.ts';
import type { CallPurpose, CredentialRef, CrmAnswer } from '../ports/crm.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';

/** What came of a call, as an event of the log. */
export function answerEvent({ kind }: CrmAnswer): AuditEvent['event'] {
  if (kind === 'lost') return 'hubspot.lost';
  return kind === 'unsent' ? 'hubspot.unsent' : 'hubspot.answered';
}

/** Of a call that is no agent's: for whom and why HubSpot is called, and what must hold for it. */
export interface GuardedBy {
  readonly credential: CredentialRef;
  /** The actor of its entries: `operator`, or `gateway`. */
  readonly by: string;
  readonly purpose: CallPurpose;
  /** Further facts of its entries. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** HubSpot's no to the key is an answer like another: what is asked is whether the key is dead. */
  readonly takesUnauthorized?: true;
  /** In the transaction of the intent; throws what keeps the call from being made. */
  readonly assertMayCall: (tx: StoreTransaction) => Promise<void>;
  /**
   * Entries of answers that go with the next intent, or with `flush`: of many reads in a row one commit each is
   * enough. Without it each answer's is committed at once.
   */
  readonly owed?: AuditEvent[];
}

interface Called {
  readonly method: string;
  readonly path: string;
}

/**
 * Laws 1 and 8, as for any other call: the intent and the look at the freezes in one commit before it, what
 * came of it in one after it. Throws `hubspot.unauthorized` unless it is asked for, since whatever is asked next would be refused
 * in the same way, and what `assertMayCall` and the store throw; nothing was called then.
 */
export async function guardedCall(
  store: Pick<Store, 'commit'>,
  of: GuardedBy,
  { method, path }: Called,
  call: () => Promise<CrmAnswer>,
): Promise<CrmAnswer> {
  const { credential, by, purpose, assertMayCall, owed } = of;
  const entry = (event: AuditEvent['event'], more: Partial<AuditEvent>): AuditEvent => ({
    event,
    actor: by,
    hubspotEndpoint: pathForLog(path),
    ...more,
    facts: {
      purpose,
      connection: credential.connection,
      method,
      credential_version: credential.version,
      ...of.facts,
      ...more.facts,
    },
  });
  const before = [...(owed ?? [])];
  await store.commit(async (tx) => {
    await assertMayCall(tx);
    for (const each of before) await tx.log.append(each);
    await tx.log.append(entry('hubspot.intended', {}));
  });
  owed?.splice(0, before.length);
  const answer = await call();
  const answered = entry(answerEvent(answer), {
    responseStatus: 'status' in answer ? answer.status : undefined,
    code: answer.kind === 'answered' ? undefined : answer.code,
    facts: { answer: answer.kind },
  });
  if (owed === undefined) await store.commit((tx) => tx.log.append(answered));
  else owed.push(answered);
  const isDead = answer.kind === 'refused' && answer.code === 'hubspot.unauthorized';
  if (isDead && of.takesUnauthorized !== true) throw failureOf(answer);
  return answer;
}

/** Appends what is still owed. */
export async function flush(store: Pick<Store, 'commit'>, owed: AuditEvent[]): Promise<void> {
  if (owed.length === 0) return;
  await store.commit(async (tx) => {
    for (const each of owed) await tx.log.append(each);
  });
  owed.length = 0;
}

/** An answer that is none, as the error that its caller is shown. */
export function failureOf(answer: Exclude<CrmAnswer, { kind: 'answered' }>): GatewayError {
  return new GatewayError(answer.code, {
    detail: 'detail' in answer ? answer.detail : undefined,
    retryAfterSeconds: 'retryAfterSeconds' in answer ? answer.retryAfterSeconds : undefined,
  });
}
