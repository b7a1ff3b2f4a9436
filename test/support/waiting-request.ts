import { requestFacts } from '../../src/gate/new-request.ts';
import type { RequestRecord } from '../../src/core/records.ts';
import { planDigest } from '../../src/gate/digest.ts';
import type { StoreTransaction } from '../../src/ports/store.ts';
import { cardFor, plan, request, START } from '../adapters/store/fixtures.ts';

/** Longer than any test's clock goes. */
const WAITS_MS = 366 * 86_400_000;

/** A request that waits for people, its digest that of its plan; what card and row both say is the same in both. */
export function waitingRequest(
  number: number,
  { card: given, ...fields }: Partial<Omit<RequestRecord, 'card'>> & { card?: object } = {},
): RequestRecord {
  const { id, agentId, connection } = { ...request(number), ...fields };
  const digest = planDigest({ requestId: id, agentId, connection, plan });
  const expiresAt = fields.expiresAt ?? new Date(START.getTime() + WAITS_MS);
  const card = { ...cardFor(id), digest, expires_at: expiresAt.toISOString(), ...given };
  return request(number, {
    status: 'awaiting_approval',
    ...{ digest, card, requirement: card.requires, expiresAt },
    ...fields,
  });
}

/** On record and in the log, as the steps before leave it: a request the log does not know is tampered with. */
export async function insertWaiting(tx: StoreTransaction, of: RequestRecord): Promise<void> {
  await tx.requests.insert(of);
  const { action, risk } = of;
  await tx.log.append({ event: 'request.accepted', ...requestFacts(of), facts: { action, risk } });
  const personal = { card: of.card };
  await tx.log.append({ event: 'approval.requested', ...requestFacts(of), personal });
}
