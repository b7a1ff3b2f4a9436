import { z } from 'zod';
import { CLOCKS } from '../core/incident.ts';
import { TimestampSchema } from './ids.ts';

/** `not_shown`: nothing could be said about it, and `detail` says why; never a pass. */
export const DRILL_VERDICTS = ['passed', 'failed', 'not_shown'] as const;

const LineSchema = z.strictObject({
  /** `contained`, `rogue_found`, …: the same from drill to drill. */
  name: z.string(),
  title: z.string(),
  verdict: z.enum(DRILL_VERDICTS),
  /** What was seen, with its figures. */
  detail: z.string(),
});
export type DrillLine = z.infer<typeof LineSchema>;

/** What a drill showed: the incident of `sallyport drill`, played on a scratch installation. */
export const ScorecardSchema = z
  .strictObject({
    /** Its start, as `20261126T142000Z`: drills sort by it. */
    id: z.string().regex(/^\d{8}T\d{6}Z$/),
    started_at: TimestampSchema,
    /** From the first rogue write to the end of the incident. */
    ms: z.int().min(0),
    seed: z.int().min(0),
    passed: z.boolean(),
    /** SHA-256 (hex) of the text of the policy that was tried. */
    policy_digest: z.string(),
    /** From the first rogue write to the opening, ms; null when it was not detected. */
    detected_ms: z.int().min(0).nullable(),
    /** From the opening to each step's end, ms. */
    clocks_ms: z.partialRecord(z.enum(CLOCKS), z.int().min(0)),
    lines: z.array(LineSchema),
  })
  .meta({ id: 'Scorecard' });
export type Scorecard = z.infer<typeof ScorecardSchema>;
