import { z } from 'zod';
import { TimestampSchema } from './ids.ts';

export const AbsenceIdSchema = z.string().regex(/^abs_[0-9a-hjkmnp-tv-z]{10,26}$/);

/** A time that a person gives: RFC 3339 with its zone. */
const GivenTimeSchema = z.iso.datetime({ offset: true });

/** `POST /v1/absences`: of whoever asks. */
export const AbsenceBodySchema = z
  .strictObject({
    until: GivenTimeSchema,
    from: GivenTimeSchema.optional().meta({ description: 'From now on when it is absent.' }),
    delegate: z.string().min(1).max(256).optional().meta({
      description:
        'Id or e-mail of who decides in their place meanwhile; nobody when it is absent.',
    }),
  })
  .meta({ id: 'AbsenceBody' });

/** Somebody is away. */
export const AbsenceSchema = z
  .strictObject({
    id: AbsenceIdSchema,
    person: z.string(),
    /** Id of who decides in their place. */
    delegate: z.string().nullable(),
    from: TimestampSchema,
    until: TimestampSchema,
  })
  .meta({ id: 'Absence' });
export type Absence = z.infer<typeof AbsenceSchema>;
