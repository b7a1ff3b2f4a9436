import { z } from 'zod';
import { DigestSchema } from './ids.ts';

export const DECISION_LIMITS = { reasonMaxChars: 500 } as const;

/**
 * What a person sends to `POST /v1/approvals/{id}/decisions`. Nothing else is read from the body:
 * who decides comes from the credential, what is decided from the record.
 */
export const DecisionBodySchema = z
  .strictObject({
    decision: z.enum(['approve', 'reject']),
    digest: DigestSchema,
    reason: z.string().max(DECISION_LIMITS.reasonMaxChars).optional(),
  })
  .meta({ id: 'DecisionBody' });

/** The `decide` signal as it arrives from the Temporal UI or CLI. `code` is the person's TOTP. */
export const DecideSignalSchema = z.strictObject({
  person: z.string().max(200),
  decision: z.enum(['approve', 'reject']),
  code: z.string().regex(/^\d{6}$/),
  reason: z.string().max(DECISION_LIMITS.reasonMaxChars).optional(),
});
