import { GatewayError } from './core/gateway-error.ts';
import { entryOf } from './gate/logged.ts';
import { unlessTampered } from './gate/unless-tampered.ts';
import type { AuditLog } from './ports/audit-log.ts';
import type { Store } from './ports/store.ts';

/** An entry is published within a second; this much later something keeps it from being. */
const PUBLISHED_WITHIN_MS = 15_000;

export interface LogProbeDeps {
  readonly store: { readonly log: Pick<Store['log'], 'size' | 'leaves'> };
  readonly auditLog: AuditLog;
  readonly clock: () => Date;
}

/**
 * Whether the published log keeps up with the store, told by the age of the first entry that no checkpoint
 * covers: a look from outside that holds in a process that publishes nothing itself, and at the first
 * asking. An unreadable folder has published nothing. Throws `log.unavailable`.
 */
export function createLogProbe({ store, auditLog, clock }: LogProbeDeps): () => Promise<void> {
  return async () => {
    const { size: published } = await auditLog.checkpoint();
    const size = await store.log.size();
    if (published === size) return;
    if (published > size) {
      const detail = `the published log has ${published} entries, the store ${size}`;
      throw new GatewayError('log.unavailable', { detail });
    }
    const [leaf] = await unlessTampered(store.log.leaves(published, published + 1), []);
    if (leaf === undefined) {
      const detail = `entry ${published} is gone or was changed`;
      throw new GatewayError('log.unavailable', { detail });
    }
    const { timestamp } = entryOf(leaf);
    if (clock().getTime() - Date.parse(timestamp) <= PUBLISHED_WITHIN_MS) return;
    const detail = `entry ${published} of ${size} has waited for its publication since ${timestamp}`;
    throw new GatewayError('log.unavailable', { detail });
  };
}
