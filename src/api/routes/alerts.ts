import { z } from 'zod';
import { AlertListSchema } from '../../contracts/alert.ts';
import { alertView, newestAlerts } from '../../gate/alerts.ts';
import { defineRoute } from '../define-route.ts';
import { indexPage } from '../index-page.ts';

export const listAlerts = defineRoute({
  method: 'get',
  path: '/v1/alerts',
  summary: 'What the rules of detection have told, newest first, each with the entries behind it.',
  door: 'person',
  query: z.strictObject({
    ...indexPage('Go on after the alert with this index.'),
  }),
  replies: { 200: { is: 'A page of alerts.', body: AlertListSchema } },
  errors: ['store.unavailable'],
  handler: async ({ store }, { query: { limit, before } }) => {
    const page = before === undefined ? { limit } : { limit, before };
    const alerts = await newestAlerts(store, page);
    const last = alerts.at(-1);
    const isMore = last !== undefined && alerts.length === limit;
    return {
      status: 200,
      body: { alerts: alerts.map(alertView), ...(isMore ? { next_before: last.index } : {}) },
    };
  },
});
