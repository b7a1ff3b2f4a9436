import { z } from 'zod';
import { SuccessorSchema } from './change.ts';
import { RequestIdSchema } from './ids.ts';

/** A new card for a request that was out of date; the request itself stays ended. */
export const RenewalReplySchema = z
  .strictObject({ id: RequestIdSchema, successor: SuccessorSchema })
  .meta({ id: 'RenewalReply' });
