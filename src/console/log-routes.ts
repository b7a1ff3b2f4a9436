import { Router } from 'express';
import { AuditEntrySchema } from '../contracts/audit-entry.ts';
import { AuditPageSchema } from '../contracts/audit-page.ts';
import { AgentListSchema } from '../contracts/roster-view.ts';
import { mayReadLog } from '../core/roles.ts';
import type { LogQuery } from './pages/log-form.ts';
import { closedLogPage, logPage } from './pages/log.ts';
import { reads, sendProof, textIn, type Visited } from './pages-routes.ts';
import { type House, visitOf } from './visit.ts';
import { dayAfter, dayStart } from './zone.ts';

const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const WHO = /^(?:person|agent):\w{1,40}$/;

const matching = (value: unknown, pattern: RegExp): string =>
  pattern.exec(textIn(value, 60))?.[0] ?? '';

/** What is no day, nobody and no event is nothing that could be looked for, and is left out. */
const queryIn = ({ query }: Visited['request']): LogQuery => ({
  who: matching(query['who'], WHO),
  event: AuditEntrySchema.shape.event.safeParse(query['event']).data ?? '',
  action: textIn(query['action'], 60).trim(),
  record: textIn(query['record'], 60).trim(),
  code: textIn(query['code'], 60).trim(),
  from: matching(query['from'], DAY),
  to: matching(query['to'], DAY),
  before: matching(query['before'], /^\d{1,15}$/),
});

/** As the API asks for it. Days are the reader's, the last one to its end. */
function searchOf({ who, from, to, ...same }: LogQuery, zone: string): string {
  const [kind, id = ''] = who.split(':');
  const end = to === '' ? '' : new Date(dayStart(dayAfter(to), zone).getTime() - 1).toISOString();
  const given = Object.entries({
    ...same,
    ...{ from: from === '' ? '' : dayStart(from, zone).toISOString(), to: end },
    ...(kind === 'person' ? { person: id } : { agent: id }),
  }).filter(([, value]) => value !== '');
  return new URLSearchParams(given).toString();
}

async function log({ visit: { api }, request, frame }: Visited): Promise<string> {
  if (!mayReadLog(frame.reader)) return closedLogPage(frame);
  const query = queryIn(request);
  const path = `/v1/audit?${searchOf(query, frame.zone)}`;
  const [found, { agents }] = await Promise.all([
    api({ method: 'GET', path, answer: AuditPageSchema }),
    api({ method: 'GET', path: '/v1/agents', answer: AgentListSchema }),
  ]);
  return logPage(frame, query, { found, agents });
}

/** The whole log, and the proof of each entry. */
export function logRoutes(house: House): Router {
  const router = Router();
  router.get('/log', reads(house, log));
  router.get('/log/:index/proof', async (request, response, next) => {
    const visit = visitOf(house, request);
    const index = matching(request.params['index'], /^\d{1,15}$/);
    if (index === '') next();
    else await sendProof(visit, { name: 'log', index }, response);
  });
  return router;
}
