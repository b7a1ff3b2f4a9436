import { z } from 'zod';
import { ActionNameSchema, RequestIdSchema } from './ids.ts';
import { AuditEntrySchema } from './audit-entry.ts';
import { DamagedSchema } from './damaged.ts';
import { GateStatusSchema } from './gate-status.ts';

/** `GET /v1/audit`: entries of the log as anyone has them who has the published one, the newest first. */
export const AuditPageSchema = z
  .strictObject({
    signed: GateStatusSchema.shape.log.meta({
      description: 'The signed log as last published; null when it cannot be read.',
    }),
    size: z
      .int()
      .min(0)
      .meta({ description: 'Entries so far; those that are not signed yet too.' }),
    entries: z.array(AuditEntrySchema),
    actions: z.record(RequestIdSchema, ActionNameSchema).meta({
      description: 'What each request that is named in these entries asks for, by its id.',
    }),
    damaged: DamagedSchema,
    looked_through: z
      .int()
      .min(0)
      .meta({ description: 'How many entries were looked at for these.' }),
    next: z
      .int()
      .optional()
      .meta({ description: 'Go on with this as `before`; absent where nothing is left.' }),
  })
  .meta({ id: 'AuditPage' });
export type AuditPage = z.infer<typeof AuditPageSchema>;
