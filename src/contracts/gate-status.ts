import { z } from 'zod';
import { FreezeSchema } from './freeze.ts';
import { FreezeIdSchema, IncidentIdSchema } from './ids.ts';

/** The state of the gate in one look: `GET /v1/status`. */
export const GateStatusSchema = z
  .strictObject({
    connection: z.string(),
    /** HubSpot's number of the account; null until it was connected. */
    portal_id: z.int().nullable(),
    /** Those that stand. */
    freezes: z.array(FreezeSchema),
    /** The one that is open on this connection, and the freeze that it holds. */
    incident: z.strictObject({ id: IncidentIdSchema, freeze: FreezeIdSchema }).nullable(),
    /** As last published; null when it cannot be read: then nothing is sent. */
    log: z.strictObject({ size: z.int().min(0), root_prefix: z.string() }).nullable(),
    /** How many of the hundred that expire first this person may decide on. */
    waiting_for_you: z.int().min(0),
    waiting_for_others: z.int().min(0),
    /** Episodes that the rules of detection told in the last day. */
    alerts_last_day: z.int().min(0),
  })
  .meta({ id: 'GateStatus' });
export type GateStatus = z.infer<typeof GateStatusSchema>;
