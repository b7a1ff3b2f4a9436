import { requestFacts } from '../../src/gate/new-request.ts';
import type { RequestRecord } from '../../src/core/records.ts';
import { planDigest } from '../../src/gate/digest.ts';
import type { StoreTransaction } from '../../src/ports/store.ts';
import { cardFor, plan, request } from '../adapters/store/fixtures.ts';

/** A request that waits for people, its digest that of its plan. */
export function waitingRequest(
  number: number,
  { card, ...fields }: Partial<Omit<RequestRecord, 'card'>> & { card?: object },
): RequestRecord {
  const { id, agentId, connection } = request(number);
  const digest = planDigest({ requestId: id, agentId, connection, plan });
  return request(number, {
    status: 'awaiting_approval',
    digest,
    card: { ...cardFor(id), digest, ...card },
    ...fields,
  });
}

/** On record and in the log, as the steps before leave it: a request the log does not know is tampered with. */
export async function insertWaiting(tx: StoreTransaction, of: RequestRecord): Promise<void> {
  await tx.requests.insert(of);
  await tx.log.append({ event: 'request.accepted', ...requestFacts(of) });
  const personal = { card: of.card };
  await tx.log.append({ event: 'approval.requested', ...requestFacts(of), personal });
}
