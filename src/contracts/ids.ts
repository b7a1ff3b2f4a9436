import { z } from 'zod';

/** `act_` + 26 characters of Crockford base 32, derived from agent and Idempotency-Key (`gate/ids.ts`). */
export const RequestIdSchema = z
  .string()
  .regex(/^act_[0-9a-hjkmnp-tv-z]{26}$/)
  .meta({
    description: 'A request: one submitted action.',
    examples: ['act_01k8s6q0w3v7m2c5x9t4r1b8ha'],
  });

export const AgentIdSchema = z.string().regex(/^agt_[0-9a-hjkmnp-tv-z]{10,26}$/);
export const PersonIdSchema = z.string().regex(/^per_[0-9a-hjkmnp-tv-z]{10,26}$/);
export const FreezeIdSchema = z.string().regex(/^frz_[0-9a-hjkmnp-tv-z]{10,26}$/);

/** As the catalogue names actions. */
export const ActionNameSchema = z.string().regex(/^[a-z_]{1,60}$/);

export const GrantIdSchema = z.string().regex(/^gra_[0-9a-hjkmnp-tv-z]{10,26}$/);

export const IncidentIdSchema = z.string().regex(/^inc_[0-9a-hjkmnp-tv-z]{10,26}$/);

/** SHA-256 in lower-case hex. */
export const DigestSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({
    description: 'SHA-256 over the RFC 8785 form of the plan with request, agent and connection.',
  });

/** RFC 3339, UTC, milliseconds. */
export const TimestampSchema = z.iso.datetime({ precision: 3 });
