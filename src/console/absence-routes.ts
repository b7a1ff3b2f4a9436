import { type Request, Router } from 'express';
import { z } from 'zod';
import { AbsenceIdSchema, AbsenceSchema } from '../contracts/absence.ts';
import { ApiProblem } from './api-client.ts';
import { noteOf } from './notes.ts';
import { reads } from './pages-routes.ts';
import { type AwayDraft, awayPage } from './pages/away.ts';
import { formAbout, step } from './step-routes.ts';
import { comeBack, type Form, frameOf, type House, ownForm, sendPage, statusOf } from './visit.ts';
import { dayOf, dayStart, zoneOf } from './zone.ts';

const Anything = z.unknown();
const PLACE = '/console/away';

/** A day as its first moment by the reader's clocks; what is no day goes to the API as it is, which refuses it. */
const momentOf = (day: string, zone: string): string =>
  z.iso.date().safeParse(day).success ? dayStart(day, zone).toISOString() : day;

/** What the form asks for. Today has begun: from today on is from now on. */
function bodyIn({ until = '', from = '', delegate = '' }: Form, zone: string): object {
  const isFromNow = from === '' || from === dayOf(new Date(), zone);
  return {
    until: momentOf(until, zone),
    ...(isFromNow ? {} : { from: momentOf(from, zone) }),
    ...(delegate === '' ? {} : { delegate }),
  };
}

/** Each refusal of `gate/absences.ts`, as a person reads it who has a form of days before them. */
const REFUSALS: readonly (readonly [starts: string, words: string])[] = [
  ['it begins in the past', 'It cannot begin in the past.'],
  ['it begins more than', 'It cannot begin more than a year from now.'],
  ['it ends before', 'You would be back before you are away.'],
  ['it is longer', 'It is longer than 90 days.'],
  ['it overlaps', 'You are away at that time already: end that first.'],
  ['the delegate', 'Whom you named is not on the roster any more.'],
];

function draftOf(values: Form, { code, detail = '' }: ApiProblem): AwayDraft {
  const words = REFUSALS.find(([starts]) => detail.startsWith(starts))?.[1];
  const said = code === 'request.malformed' ? 'Say each day as a day, such as 2026-12-04.' : words;
  return { values, problem: `Nothing was noted. ${said ?? noteOf(code)?.text ?? code}` };
}

const absenceIn = ({ params }: Request): string | undefined =>
  AbsenceIdSchema.safeParse(params['absence']).data;

/** Being away: readers say it of themselves alone, and end it. */
export function absenceRoutes(house: House): Router {
  const router = Router();
  router.get(
    '/away',
    reads(house, ({ frame }) => Promise.resolve(awayPage(frame))),
  );
  router.post('/away', async (request, response) => {
    const made = ownForm(house, request);
    const body = bodyIn(made.form, zoneOf(request));
    try {
      await made.api({ method: 'POST', path: '/v1/absences', body, answer: AbsenceSchema });
      comeBack(response, PLACE, 'absence.noted');
    } catch (error) {
      const isSaid =
        error instanceof ApiProblem && /^(?:absence\.|request\.malformed)/.test(error.code);
      if (!isSaid) throw error;
      const frame = await frameOf(house, made, { request, status: await statusOf(made) });
      sendPage(response, awayPage(frame, draftOf(made.form, error)), error.status);
    }
  });
  router.post(
    '/absences/:absence/end',
    formAbout(house, absenceIn, async ({ api }, absence, response) => {
      await step(response, PLACE, async () => {
        await api({ method: 'DELETE', path: `/v1/absences/${absence}`, answer: Anything });
        return 'absence.ended';
      });
    }),
  );
  return router;
}
