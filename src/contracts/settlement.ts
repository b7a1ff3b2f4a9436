import { z } from 'zod';
import { DECISION_LIMITS } from './decision.ts';

/**
 * What a person sends to `POST /v1/settlements/{id}` about a write whose answer was lost, after looking
 * in HubSpot. Who settles comes from the credential.
 */
export const SettlementBodySchema = z
  .strictObject({
    outcome: z.enum(['executed', 'not_executed']),
    /** What the person saw; kept with their name. */
    reason: z.string().min(1).max(DECISION_LIMITS.reasonMaxChars),
    record_id: z
      .string()
      .regex(/^[1-9]\d{0,19}$/)
      .optional()
      .meta({ description: 'The HubSpot id of the record that the write made.' }),
  })
  .meta({ id: 'SettlementBody' });
export type SettlementBody = z.infer<typeof SettlementBodySchema>;
