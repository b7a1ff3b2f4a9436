import { z } from 'zod';
import { RequirementSchema } from './card.ts';
import { DigestSchema, RequestIdSchema, TimestampSchema } from './ids.ts';
import { ProblemSchema } from './problem.ts';
import { REQUEST_STATUSES } from '../core/request-state.ts';

/** A request as its agent sees it: `GET /v1/actions/{id}`, and the 200 and 202 answers of `POST /v1/actions`. */
export const RequestViewSchema = z
  .strictObject({
    id: RequestIdSchema,
    status: z.enum(REQUEST_STATUSES),
    action: z.string(),
    created_at: TimestampSchema,
    result: z.unknown().optional(),
    digest: DigestSchema.optional(),
    expires_at: TimestampSchema.optional(),
    requires: RequirementSchema.optional(),
    waiting_for: z.string().optional().meta({
      description: 'The code of what keeps it from going on; a later try may find it mended.',
    }),
    problem: ProblemSchema.optional(),
    links: z.strictObject({
      self: z.string(),
      approval: z.string().optional(),
      successor: z
        .string()
        .optional()
        .meta({ description: 'Of a request that a person changed: the one that takes its place.' }),
    }),
  })
  .meta({ id: 'RequestView' });
export type RequestView = z.infer<typeof RequestViewSchema>;
