import { z } from 'zod';
import { AssertionSchema, RequestOptionsSchema } from './passkey.ts';

/** What the browser asks the passkey to sign, for one step of one person. */
export const StepUpOptionsSchema = z
  .strictObject({
    nonce: z
      .string()
      .meta({ description: 'Goes into `step_up` with what was signed; counts once.' }),
    options: RequestOptionsSchema,
  })
  .meta({ id: 'StepUpOptions' });
export type StepUpOptions = z.infer<typeof StepUpOptionsSchema>;

/** A fresh signature of the person's own passkey over exactly this step, for options that were asked before. */
export const StepUpSchema = z
  .strictObject({ nonce: z.string().max(100), credential: AssertionSchema })
  .meta({ id: 'StepUp' });
export type StepUp = z.infer<typeof StepUpSchema>;
