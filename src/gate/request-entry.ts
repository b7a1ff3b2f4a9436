import type { AuditEvent, RequestRecord } from '../core/records.ts';

/** By what the entries of a request name it, and whose doing they are. */
export const requestEntry = (
  { id, agentId, digest }: Pick<RequestRecord, 'id' | 'agentId' | 'digest'>,
  actor = 'gateway',
): Pick<AuditEvent, 'requestId' | 'agentId' | 'actor' | 'digest'> => ({
  requestId: id,
  agentId,
  actor,
  digest: digest ?? undefined,
});
