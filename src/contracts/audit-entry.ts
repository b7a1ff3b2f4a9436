import { z } from 'zod';
import { AUDIT_EVENTS, type AuditEventName } from '../core/audit-events.ts';
import { TimestampSchema } from './ids.ts';

const EVENT_NAMES = Object.keys(AUDIT_EVENTS) as [AuditEventName, ...AuditEventName[]];

/** `sha256:` and 64 hex digits: a salted commitment (`src/audit/leaf.ts`). */
const CommitmentSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/**
 * One leaf of the audit log, as anyone reads it who has the published log: the RFC 8785 (JCS) form of
 * this object, at most 65,535 bytes (C2SP tlog-tiles). Every key is always there, `null` when the
 * event has no such thing, so that an absent value cannot be taken for a removed one.
 *
 * Nothing in a leaf is personal. The words of people, the article's `user_id`, `agent_prompt` and
 * `structured_action`, are the clear text `{ user_id, agent_prompt, structured_action }` that
 * `personal` commits to; clear text and salt lie encrypted in the store, beside the leaf, and can be
 * erased for one person without changing any leaf, root or proof.
 */
export const AuditEntrySchema = z
  .strictObject({
    v: z.literal(1),
    /** Position in the log, from 0; also in the leaf, so that an entry names its own place. */
    index: z.int().min(0),
    timestamp: TimestampSchema,
    event: z.enum(EVENT_NAMES),
    /** `agent:…`, `person:…`, `operator`, `gateway`; `signal` and `unknown` of what nobody has proven. */
    actor: z.string(),
    request_id: z.string().nullable(),
    agent_id: z.string().nullable(),
    /** Why something was refused or failed: a code of `docs/errors.md`. */
    code: z.string().nullable(),
    /** The digest that was shown, approved or sent. */
    digest: z.string().nullable(),
    /** Path as called, without query. */
    hubspot_endpoint: z.string().nullable(),
    /** HTTP status of HubSpot's answer. */
    response_status: z.int().nullable(),
    /** Further facts of this event, without personal content. */
    facts: z.record(z.string(), z.json()),
    personal: CommitmentSchema.nullable(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof AuditEntrySchema>;
