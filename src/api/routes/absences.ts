import { z } from 'zod';
import { AbsenceBodySchema, AbsenceIdSchema, AbsenceSchema } from '../../contracts/absence.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { PersonRecord } from '../../core/records.ts';
import { endAbsence, noteAbsence } from '../../gate/absences.ts';
import type { Store } from '../../ports/store.ts';
import { defineRoute } from '../define-route.ts';
import { absenceView } from '../person-view.ts';

/** By id, or by the e-mail of somebody who is on the roster. */
async function delegateNamed({ people }: Pick<Store, 'people'>, name: string): Promise<string> {
  const { rows } = await people.legible();
  const isNamed = ({ id, email, revokedAt }: PersonRecord): boolean =>
    revokedAt === null && (id === name || email === name.trim().toLowerCase());
  const found = rows.find(isNamed);
  if (found !== undefined) return found.id;
  throw new GatewayError('absence.invalid', { detail: 'the delegate is not on the roster' });
}

export const noteOwnAbsence = defineRoute({
  method: 'post',
  path: '/v1/absences',
  summary: 'Say that you are away, and who decides in your place until you are back.',
  door: 'person',
  body: AbsenceBodySchema,
  replies: { 201: { is: 'Noted.', body: AbsenceSchema } },
  errors: ['absence.invalid', 'store.unavailable'],
  handler: async ({ store }, { person, body }) => {
    const { from, until, delegate } = body;
    const delegateId = delegate === undefined ? null : await delegateNamed(store, delegate);
    const of = {
      personId: person.id,
      from: from === undefined ? undefined : new Date(from),
      until: new Date(until),
      delegateId,
      by: `person:${person.id}`,
    };
    const absence = await store.commit((tx) => noteAbsence(tx, of));
    return { status: 201, body: absenceView(absence) };
  },
});

export const endOwnAbsence = defineRoute({
  method: 'delete',
  path: '/v1/absences/{id}',
  summary:
    'Say that you are back before your time: what was approved in your place and was not begun counts no more.',
  door: 'person',
  params: z.object({ id: AbsenceIdSchema }),
  replies: { 204: { is: 'Ended.', body: null } },
  errors: ['absence.not_found', 'store.unavailable'],
  handler: async ({ store }, { person, params }) => {
    const of = { id: params.id, personId: person.id, by: `person:${person.id}` };
    await store.commit((tx) => endAbsence(tx, of));
    return { status: 204 };
  },
});
