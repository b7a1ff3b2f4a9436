import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { AuditEntrySchema } from '../../src/contracts/audit-entry.ts';
import {
  type Answer,
  type Caller,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts';
import { runInFile } from '../support/store-file.ts';

let gateway: TestGateway;
let noteId: string;
let read: Caller;
const get = async (query = '', call: Caller = read): Promise<any> => {
  const { status, body } = await call('GET', `/v1/audit${query}`);
  expect([query, status]).toEqual([query, 200]);
  return body;
};
const refusal = async (answer: Promise<Answer>) => {
  const { status, body } = await answer;
  return [status, body.code];
};

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  ({ call: read } = await gateway.addPerson('Ada Auditor', ['auditor']));
  const note = { action: 'create_note', contact_id: '20001', note: 'Zebra wants the offer.' };
  const { body } = await gateway.submit(note, { prompt: 'Note what Zebra said.' });
  noteId = body.id;
  await gateway.approve(noteId, body.digest);
  await gateway.ended(noteId);
  await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
});
afterAll(() => gateway.close());

describe('GET /v1/audit', () => {
  it('is for an operator and an auditor, and for nobody else', async () => {
    const { call: plain } = await gateway.addPerson('Paul Plain', ['approver']);
    expect(await refusal(plain('GET', '/v1/audit'))).toEqual([403, 'person.forbidden']);
    expect(await refusal(gateway.agent.call('GET', '/v1/audit'))).toEqual([
      ...[401, 'person.unauthenticated'],
    ]);
    expect((await get('', gateway.approver.call)).entries.length).toBeGreaterThan(5);
  });

  it('gives who may not read it the proof of what is of a request, and of nothing else', async () => {
    const { call: plain } = await gateway.addPerson('Petra Plain', ['approver']);
    await gateway.context.auditLog.publish();
    const { entries } = await get('?limit=100');
    const of = entries.find(({ request_id: id }: any) => id === noteId);
    const none = entries.find(({ request_id: id }: any) => id === null);
    const proof = (index: number, by: Caller) => by('GET', `/v1/audit/${index}/proof`);
    expect((await proof(of.index, plain)).status).toBe(200);
    expect(await refusal(proof(none.index, plain))).toEqual([404, 'request.not_found']);
    expect((await proof(none.index, read)).status).toBe(200);
  });

  it('has each entry as it was signed, the newest first, from the last to the first', async () => {
    await gateway.context.auditLog.publish();
    const all: any[] = [];
    let query = '?limit=4';
    for (;;) {
      const { entries, next, signed, size } = await get(query);
      expect(signed.size).toBeLessThanOrEqual(size);
      all.push(...entries);
      if (next === undefined) break;
      query = `?limit=4&before=${next}`;
    }
    expect(all.map(({ index }) => index)).toEqual(all.map((_, nth) => all.length - 1 - nth));
    const at = all.find(({ event }) => event === 'approval.requested');
    const { leaf } = (await read('GET', `/v1/audit/${at.index}/proof`)).body;
    expect(JSON.parse(Buffer.from(leaf, 'base64').toString())).toEqual(AuditEntrySchema.parse(at));
    expect(JSON.stringify(all)).not.toMatch(/Zebra|Dana|robin@/);
  });

  it('finds what somebody asks for, and says of each request what it is', async () => {
    const events = async (query: string) =>
      new Set((await get(query)).entries.map(({ event }: any) => event));
    const { record: robin } = gateway.approver;
    expect(await events(`?person=${robin.id}&request=${noteId}`)).toEqual(
      new Set(['approval.granted']),
    );
    expect(await events(`?agent=${gateway.agent.record.id}&event=request.accepted`)).toEqual(
      new Set(['request.accepted']),
    );
    const note = await get('?action=create_note');
    expect(new Set(note.entries.map(({ request_id: id }: any) => id))).toEqual(new Set([noteId]));
    expect(note.actions).toEqual({ [noteId]: 'create_note' });
    expect((await get('?record=contacts/20001')).entries.length).toBeGreaterThan(3);
    expect((await get('?code=policy.denied')).entries).toEqual([]);
    const soon = encodeURIComponent(new Date(Date.now() + 60_000).toISOString());
    expect((await get(`?from=${soon}`)).entries).toEqual([]);
    expect((await get(`?to=${soon}&limit=2`)).entries).toHaveLength(2);
  });

  it('refuses what it cannot look for, and more than a hundred entries', async () => {
    const queries = ['limit=101', 'limit=0', 'before=-1', 'event=nothing.done', 'from=yesterday'];
    for (const query of [...queries, 'request=act_1', 'word=zebra'])
      expect([query, ...(await refusal(read('GET', `/v1/audit?${query}`)))]).toEqual([
        ...[query, 400, 'request.malformed'],
      ]);
  });

  it('names a damaged entry beside those that open', async () => {
    const { entries } = await get(`?request=${noteId}`);
    const seen = entries.find(({ event }: any) => event === 'approval.granted');
    const { index } = seen;
    const rename = (event: string) =>
      runInFile(
        gateway.config.files.store,
        'update log_entries set event = ? where idx = ?',
        event,
        index,
      );
    rename('approval.rejected');
    const damaged = await get();
    rename('approval.granted');
    expect(damaged.damaged).toEqual([`entry ${index}`]);
    expect(damaged.entries.map((entry: any) => entry.index)).not.toContain(index);
    expect((await get()).damaged).toBeUndefined();
  });
});
