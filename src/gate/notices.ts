import { GatewayError } from '../core/gateway-error.ts';
import type { Channel, NoticeKind } from '../core/notices.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { newId } from './ids.ts';
import { isRequester } from './policy-query.ts';

/** A place that is told of everything that waits; without a recipient: each person who may decide. */
export interface NoticePlace {
  readonly channel: Channel;
  readonly recipient: string | null;
}

interface Owed {
  readonly requestId: string;
  readonly channel: Channel;
  readonly recipient: string;
  readonly kind: NoticeKind;
  readonly occasion?: string | undefined;
}

/** False when it is owed or was told already. */
export const owe = (tx: StoreTransaction, { occasion = '', ...of }: Owed): Promise<boolean> =>
  tx.notices.insert({
    ...of,
    id: newId('ntc'),
    occasion,
    createdAt: tx.now,
    sinceAt: tx.now,
    dueAt: tx.now,
    attempts: 0,
    state: 'due',
    reference: null,
    error: null,
  });

/** Those whom policy may let decide; the requester is told by the agent. */
async function askable(tx: StoreTransaction, request: RequestRecord): Promise<PersonRecord[]> {
  const { roles = [] } = request.card?.requires ?? {};
  const people = await tx.people.list();
  return people.filter(
    (person) =>
      person.revokedAt === null &&
      !isRequester(request.submission.userId, person) &&
      (roles.length === 0 || person.roles.some((role) => roles.includes(role))),
  );
}

async function recipientsAt(
  tx: StoreTransaction,
  request: RequestRecord,
  { recipient }: NoticePlace,
): Promise<readonly string[]> {
  if (recipient !== null) return [recipient];
  try {
    return (await askable(tx, request)).map(({ id }) => id);
  } catch (error) {
    // A damaged roster is somebody else's alarm: the request waits all the same.
    if (error instanceof GatewayError && error.code === 'plan.tampered') return [];
    throw error;
  }
}

/**
 * Owes the first notice of a request that now waits to every configured place, in the commit that lets
 * it wait. Repeating it owes nothing twice.
 */
export async function oweAsked(
  tx: StoreTransaction,
  requestId: string,
  places: readonly NoticePlace[],
): Promise<void> {
  if (places.length === 0) return;
  const request = await tx.requests.get(requestId);
  if (request === undefined) return;
  for (const place of places) {
    for (const recipient of await recipientsAt(tx, request, place)) {
      await owe(tx, { requestId, channel: place.channel, recipient, kind: 'asked' });
    }
  }
}

/**
 * Owes what became of it to everybody who was asked; nothing for a request nobody was asked about.
 * `occasion` tells two of a kind apart.
 */
export async function oweFurther(
  tx: StoreTransaction,
  requestId: string,
  kind: Exclude<NoticeKind, 'asked'>,
  occasion?: string,
): Promise<void> {
  const asked = (await tx.notices.of(requestId)).filter((notice) => notice.kind === 'asked');
  for (const { channel, recipient } of asked) {
    await owe(tx, { requestId, channel, recipient, kind, occasion });
  }
}

/** As what the end of a request is told. */
export function endKind(code: string): Exclude<NoticeKind, 'asked' | 'reminded'> {
  switch (code) {
    case 'approval.rejected':
      return 'decided';
    case 'approval.expired':
    case 'approval.lapsed':
      return 'expired';
    case 'approval.withdrawn':
      return 'withdrawn';
    case 'approval.stale':
      return 'stale';
    default:
      return 'settled';
  }
}
