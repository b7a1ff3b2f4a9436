import { GatewayError } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import type { Store } from '../ports/store.ts';
import { isOwnAgent } from './own-agent.ts';

export interface WriteFilter {
  /** All but the gateway's own when absent: what was taken back is not taken back again by the way. */
  readonly agentId?: string | undefined;
  /** Executed then or later; always when absent. */
  readonly since?: Date | undefined;
  /** How long a write can be on its way between being asked for and being executed, ms. */
  readonly underWayMs: number;
}

const PAGE_MAX = 200;
/** Ended as a whole or in part, or lost: each may have changed something. */
const STATUSES = ['succeeded', 'failed', 'executing', 'outcome_unknown'] as const;

/** When it last changed something; `undefined`: it did not. What is not settled counts as just now. */
async function executedAt(
  { ledger }: Pick<Store, 'ledger'>,
  { id, status }: { readonly id: string; readonly status: string },
): Promise<number | undefined> {
  const rows = await ledger.of(id);
  if (status === 'executing' || status === 'outcome_unknown') return Infinity;
  return rows.at(-1)?.executedAt.getTime();
}

/** Page by page, newest first, until what is older cannot have been executed since. */
async function* pages(
  { requests }: Pick<Store, 'requests'>,
  agentId: string | undefined,
  createdFrom: number,
): AsyncGenerator<readonly RequestRecord[]> {
  for (let before: string | undefined; ;) {
    const filter = { statuses: STATUSES, limit: PAGE_MAX };
    const { rows, damaged } = await requests.list({
      ...filter,
      ...(agentId === undefined ? {} : { agentId }),
      ...(before === undefined ? {} : { before }),
    });
    const [first] = damaged;
    if (first !== undefined) throw new GatewayError('plan.tampered', { detail: first });
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_MAX) return;
    if (last.createdAt.getTime() < createdFrom) return;
    before = last.id;
  }
}

/**
 * Ids of the writes that have changed something, the last executed first. Throws `plan.tampered` when a
 * request's row does not open: a revert must not pass over it unseen.
 */
export async function executedWrites(
  store: Pick<Store, 'requests' | 'ledger'>,
  { agentId, since, underWayMs }: WriteFilter,
): Promise<readonly string[]> {
  const from = since?.getTime() ?? -Infinity;
  const isMeant = (request: RequestRecord): boolean =>
    request.risk !== 'read' && (agentId !== undefined || !isOwnAgent(request.agentId));
  const found: { readonly id: string; readonly at: number }[] = [];
  for await (const rows of pages(store, agentId, from - underWayMs)) {
    for (const request of rows.filter(isMeant)) {
      const at = await executedAt(store, request);
      if (at !== undefined && at >= from) found.push({ id: request.id, at });
    }
  }
  return found.toSorted((one, other) => other.at - one.at).map(({ id }) => id);
}
