import { z } from 'zod';
import { ObjectTypeSchema, RecordRefSchema } from './plan.ts';

const ValuesSchema = z.record(z.string(), z.string());

/**
 * What would take an executed write back, as data: made from the plan and the write ledger, so that it
 * can be shown, approved and logged like any other write. `expects` are the values the write left
 * behind: whoever executes it reads the record first and leaves alone what holds another value by
 * `isSameValue`, since a later change by a person wins (law 12).
 */
export const UndoSchema = z.discriminatedUnion('kind', [
  /** Of an update. Property by property: one that was changed since stays, the others are restored. */
  z.strictObject({
    kind: z.literal('restore'),
    object_type: ObjectTypeSchema,
    id: z.string(),
    /** HubSpot property -> value to write; `""` empties it. */
    properties: ValuesSchema,
    expects: ValuesSchema,
  }),
  /** Of a create: `DELETE /crm/objects/…/{id}`, restorable for 90 days. Not when any value has changed. */
  z.strictObject({
    kind: z.literal('archive'),
    object_type: ObjectTypeSchema,
    id: z.string(),
    expects: ValuesSchema,
  }),
  /**
   * Of an association. HubSpot removes all types between two records at once; `type_ids` are those the
   * write can have made (HubSpot-defined). Any other type there is a label that a person set since, and
   * the association stays.
   */
  z.strictObject({
    kind: z.literal('dissociate'),
    from: RecordRefSchema,
    to: RecordRefSchema,
    type_ids: z.array(z.int()).min(1),
  }),
]);
export type Undo = z.infer<typeof UndoSchema>;
