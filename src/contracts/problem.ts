import { z } from 'zod';

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
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof ProblemSchema>;
