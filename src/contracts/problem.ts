import { z } from 'zod';
import { RequestIdSchema } from './ids.ts';

/** RFC 9457 problem details. An agent can tell from `code` and `retryable` alone what to do next. */
export const ProblemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string(),
    /** The request (`act_…`) where there is one, else this HTTP exchange (`req_…`). */
    request_id: z.string(),
    retryable: z.boolean(),
    /** Of `approval.changed`: the request that takes its place. */
    successor: RequestIdSchema.optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof ProblemSchema>;
