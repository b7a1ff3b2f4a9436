import { z } from 'zod';
import { AuditEntrySchema } from '../../contracts/audit-entry.ts';
import { AuditPageSchema } from '../../contracts/audit-page.ts';
import { damagedIn } from '../../contracts/damaged.ts';
import { RequestIdSchema } from '../../contracts/ids.ts';
import { EntryProofSchema } from '../../contracts/request-history.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { mayReadLog } from '../../core/roles.ts';
import { entryOf } from '../../gate/logged.ts';
import { createLogReader, LOOKED_THROUGH_MAX } from '../../gate/log-search.ts';
import { defineRoute } from '../define-route.ts';
import { indexPage } from '../index-page.ts';
import { logPosition } from './status.ts';

const WordSchema = z.string().min(1).max(80).optional();
const TimeSchema = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();

const QuerySchema = z.strictObject({
  from: TimeSchema,
  to: TimeSchema.meta({
    description:
      'Times are the clock’s of then: set back by more than an hour, it may have hidden some.',
  }),
  agent: WordSchema.meta({ description: 'What it did, and what was done about it.' }),
  person: WordSchema.meta({ description: 'What they did, and what was done about them.' }),
  action: WordSchema.meta({
    description: 'Entries of requests that asked for it, and those that name it.',
  }),
  record: WordSchema.meta({
    description:
      'HubSpot’s number of a record, or with its kind, `contacts/20001`: calls that name it, and entries of requests whose card does.',
  }),
  event: AuditEntrySchema.shape.event.optional(),
  code: WordSchema,
  request: RequestIdSchema.optional(),
  ...indexPage('Go on below this index: `next` of the answer before.'),
});

export const listAudit = defineRoute({
  method: 'get',
  path: '/v1/audit',
  summary: `The log, newest first. Looks at ${LOOKED_THROUGH_MAX} entries at a time. Needs the role operator or auditor.`,
  door: 'person',
  query: QuerySchema,
  replies: { 200: { is: 'A page of entries; nothing in it is personal.', body: AuditPageSchema } },
  errors: ['person.forbidden', 'store.unavailable'],
  handler: async ({ store, auditLog }, { person, query }) => {
    if (!mayReadLog(person)) throw new GatewayError('person.forbidden');
    const { request, before, limit, ...filter } = query;
    const signed = await logPosition(auditLog);
    const found = await createLogReader(store).search({ filter, request, before, limit });
    const { entries, actions, damaged, looked, size, next } = found;
    return {
      status: 200,
      body: {
        ...{ signed, size, entries, actions, ...damagedIn(damaged), looked_through: looked },
        ...(next === undefined ? {} : { next }),
      },
    };
  },
});

export const getEntryProof = defineRoute({
  method: 'get',
  path: '/v1/audit/{index}/proof',
  summary:
    'That an entry is in the signed log, as anyone can check it with the public key alone. Of what is of no request: needs the role operator or auditor.',
  door: 'person',
  params: z.object({ index: z.coerce.number().int().min(0) }),
  replies: { 200: { is: 'The proof.', body: EntryProofSchema } },
  errors: ['request.not_found', 'log.unavailable', 'store.unavailable'],
  handler: async ({ auditLog }, { person, params }) => {
    const proven = await auditLog.prove(params.index);
    // The proof holds the entry itself. What is of a request stands on its page for everybody.
    if (proven === undefined || !(mayReadLog(person) || entryOf(proven.leaf).request_id !== null))
      throw new GatewayError('request.not_found');
    const { proof, vkey } = proven;
    const leaf = Buffer.from(proven.leaf).toString('base64');
    return { status: 200, body: { index: params.index, leaf, proof, vkey } };
  },
});
