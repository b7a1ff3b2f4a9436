import { z } from 'zod';
import { DigestSchema } from './ids.ts';
import { AssertionSchema } from './passkey.ts';

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
    passkey: AssertionSchema.optional().meta({
      description:
        'What the passkey signed for `POST /v1/approvals/{id}/passkey-options`. It says yes to the digest, so it comes with `approve` alone.',
    }),
  })
  // Signed is the digest and not the verb: taken with a rejection, the same signature would be good for a yes.
  .refine(({ decision, passkey }) => decision === 'approve' || passkey === undefined, {
    path: ['passkey'],
    message: 'a rejection takes none',
  })
  .meta({ id: 'DecisionBody' });

/** The `decide` signal as it arrives from the Temporal UI or CLI. `code` is the person's TOTP. */
export const DecideSignalSchema = z.strictObject({
  person: z.string().max(200),
  decision: z.enum(['approve', 'reject']),
  code: z.string().regex(/^\d{6}$/),
  reason: z.string().max(DECISION_LIMITS.reasonMaxChars).optional(),
});
