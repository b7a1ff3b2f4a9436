import { z } from 'zod';
import { ScorecardSchema } from '../../contracts/drill.ts';
import { defineRoute } from '../define-route.ts';

const SHOWN_MAX = 50;

export const listDrills = defineRoute({
  method: 'get',
  path: '/v1/drills',
  summary: 'The scorecards of the drills that `sallyport drill` has played, newest first.',
  door: 'person',
  replies: {
    200: {
      is: `The newest ${SHOWN_MAX}.`,
      body: z.strictObject({ drills: z.array(ScorecardSchema) }),
    },
  },
  errors: [],
  handler: ({ pastDrills }) =>
    Promise.resolve({ status: 200, body: { drills: [...pastDrills(SHOWN_MAX)] } }),
});
