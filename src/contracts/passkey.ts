import { z } from 'zod';
import { visible } from '../core/card-text.ts';
import { TimestampSchema } from './ids.ts';
import { PersonViewSchema } from './roster-view.ts';

/** Characters of base64url. WebAuthn Level 3: a credential id has at most 1,023 bytes, a user handle 64. */
export const PASSKEY_LIMITS = {
  labelMaxChars: 60,
  idMaxChars: 1_364,
  userHandleMaxChars: 86,
  clientDataMaxChars: 8_192,
  attestationMaxChars: 65_536,
  signatureMaxChars: 8_192,
  transportsMax: 10,
} as const;

export const PasskeyIdSchema = z.string().regex(/^psk_[0-9a-hjkmnp-tv-z]{10,26}$/);

const bytes = (maxChars: number) =>
  z
    .string()
    .min(1)
    .max(maxChars)
    .regex(/^[A-Za-z0-9_-]+$/);

const credentialFields = {
  id: bytes(PASSKEY_LIMITS.idMaxChars),
  rawId: bytes(PASSKEY_LIMITS.idMaxChars),
  type: z.literal('public-key'),
};

/**
 * `PublicKeyCredential.toJSON()` after `navigator.credentials.create` (WebAuthn Level 3, 5.1). Not strict:
 * browsers add members, and none but these is read.
 */
export const NewCredentialSchema = z
  .object({
    ...credentialFields,
    response: z.object({
      clientDataJSON: bytes(PASSKEY_LIMITS.clientDataMaxChars),
      attestationObject: bytes(PASSKEY_LIMITS.attestationMaxChars),
      transports: z
        .array(z.string().regex(/^[a-z-]{1,20}$/))
        .max(PASSKEY_LIMITS.transportsMax)
        .optional(),
    }),
  })
  .meta({ id: 'NewCredential' });
export type NewCredential = z.infer<typeof NewCredentialSchema>;

/** The same after `navigator.credentials.get`. */
export const AssertionSchema = z
  .object({
    ...credentialFields,
    response: z.object({
      clientDataJSON: bytes(PASSKEY_LIMITS.clientDataMaxChars),
      authenticatorData: bytes(PASSKEY_LIMITS.clientDataMaxChars),
      signature: bytes(PASSKEY_LIMITS.signatureMaxChars),
      userHandle: bytes(PASSKEY_LIMITS.userHandleMaxChars).nullish(),
    }),
  })
  .meta({ id: 'Assertion' });
export type Assertion = z.infer<typeof AssertionSchema>;

const DescriptorSchema = z.strictObject({
  id: z.string(),
  type: z.literal('public-key'),
  transports: z.array(z.string()).optional(),
});

/** For `PublicKeyCredential.parseCreationOptionsFromJSON` (WebAuthn Level 3, 5.1.8). */
export const CreationOptionsSchema = z
  .looseObject({
    challenge: z.string(),
    rp: z.strictObject({ id: z.string(), name: z.string() }),
    user: z.strictObject({ id: z.string(), name: z.string(), displayName: z.string() }),
    pubKeyCredParams: z.array(z.strictObject({ type: z.literal('public-key'), alg: z.int() })),
    timeout: z.int(),
    attestation: z.literal('none'),
    excludeCredentials: z.array(DescriptorSchema),
    authenticatorSelection: z.looseObject({
      residentKey: z.literal('required'),
      userVerification: z.literal('required'),
    }),
  })
  .meta({ id: 'CreationOptions' });
export type CreationOptions = z.infer<typeof CreationOptionsSchema>;

/** For `PublicKeyCredential.parseRequestOptionsFromJSON`. */
export const RequestOptionsSchema = z
  .looseObject({
    challenge: z.string(),
    rpId: z.string(),
    timeout: z.int(),
    userVerification: z.literal('required'),
    /** Empty: whichever passkey the person picks. */
    allowCredentials: z.array(DescriptorSchema),
  })
  .meta({ id: 'RequestOptions' });
export type RequestOptions = z.infer<typeof RequestOptionsSchema>;

const InvitationSchema = z.string().max(200).meta({
  description: 'The token of `sallyport person invite`: what follows # in its link.',
});

export const EnrolmentOptionsBodySchema = z
  .strictObject({ invitation: InvitationSchema })
  .meta({ id: 'EnrolmentOptionsBody' });

export const EnrolmentBodySchema = z
  .strictObject({
    invitation: InvitationSchema,
    credential: NewCredentialSchema,
    label: z
      .string()
      .trim()
      .min(1)
      .max(PASSKEY_LIMITS.labelMaxChars)
      .refine((text) => visible(text) === text && !text.includes('\n'), {
        message: 'has characters that cannot be seen',
      })
      .meta({ description: 'What its person calls it, such as "Laptop".' }),
  })
  .meta({ id: 'EnrolmentBody' });

export const SignInBodySchema = z
  .strictObject({ credential: AssertionSchema })
  .meta({ id: 'SignInBody' });

export const PasskeyViewSchema = z
  .strictObject({
    id: PasskeyIdSchema,
    label: z.string(),
    created_at: TimestampSchema,
    person: PersonViewSchema,
  })
  .meta({ id: 'Passkey' });

const sessionFields = {
  person: PersonViewSchema,
  expires_at: TimestampSchema.meta({
    description: 'When it ends at the latest. An hour without a request ends it earlier.',
  }),
};

/** The token is in this answer and nowhere else. */
export const NewSessionSchema = z
  .strictObject({
    token: z.string().meta({ description: '`Authorization: Bearer` of this person from now on.' }),
    ...sessionFields,
  })
  .meta({ id: 'NewSession' });

export const SessionViewSchema = z.strictObject(sessionFields).meta({ id: 'Session' });
