import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { checkProof } from '../../src/audit/proof.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let dealId: string;
let noteId: string;
let digest: string;
const get = async (path: string): Promise<any> => {
  const { status, body } = await gateway.approver.call('GET', path);
  expect([path, status]).toEqual([path, 200]);
  return body;
};

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const note = { action: 'create_note', contact_id: '20001', note: 'Wants the offer by Friday.' };
  const waiting = await gateway.submit(note, { prompt: 'Note what Zebra said.' });
  expect(waiting.status).toBe(202);
  ({ id: noteId, digest } = waiting.body);
  const own = await gateway.submit(note, { userId: 'robin@sallyport.test' });
  dealId = own.body.id;
});
afterAll(() => gateway.close());

describe('what people see', () => {
  it('tells on each approval whether the reader may decide, and why not', async () => {
    const { approvals } = await get('/v1/approvals');
    const you = Object.fromEntries(approvals.map((each: any) => [each.id, each.you]));
    expect(you[noteId]).toEqual({ can_decide: true });
    expect(you[dealId]).toEqual({ can_decide: false, code: 'approval.own_request' });
    const watcher = await gateway.addPerson('Wendy Watcher', []);
    const seen = await watcher.call('GET', `/v1/approvals/${noteId}`);
    expect(seen.body.you).toEqual({ can_decide: false, code: 'approval.not_eligible' });
  });

  it('counts what waits for the reader and says where the log stands', async () => {
    const status = await get('/v1/status');
    expect(status).toMatchObject({ waiting_for_you: 1, waiting_for_others: 1, freezes: [] });
    expect(status.log.size).toBeGreaterThanOrEqual(0);
  });

  it('lists agents with what each may do, and nothing that opens a door', async () => {
    const { agents } = await get('/v1/agents');
    const [agent] = agents;
    expect(agent).toMatchObject({ name: 'test-assistant', freeze: null, requests_30_days: 2 });
    const of = (action: string) => agent.grants.filter((grant: any) => grant.action === action);
    expect(of('search_contact')).toHaveLength(1);
    expect(of('search_contact')[0].needs.approvals).toBe(0);
    expect(of('search_contact')[0].fields).not.toContain('phone');
    expect(of('create_note')[0].needs).toMatchObject({ approvals: 1, roles: ['approver'] });
    expect(of('update_deal')[0].changes[0]).toMatchObject({ of: 'amount', from: 10_001 });
    const { people } = await get('/v1/people');
    expect(JSON.stringify([agents, people])).not.toMatch(/hash|totp|spa_|spp_/i);
    expect(await get('/v1/people/me')).toMatchObject({ name: 'Robin Vale' });
  });

  it('says of each agent when it asked last, how much since a moment, and how much waits', async () => {
    const first = (await get('/v1/agents')).agents[0];
    expect(first).toMatchObject({ requests_today: 2, waiting: 2 });
    expect(Date.parse(first.last_request_at)).toBeGreaterThan(Date.now() - 60_000);
    const after = new Date(Date.parse(first.last_request_at) + 1).toISOString();
    expect((await get(`/v1/agents?since=${after}`)).agents[0]).toMatchObject({ requests_today: 0 });
    const { record } = await gateway.addAgent('silent', []);
    const silent = (await get('/v1/agents')).agents.find(({ id }: any) => id === record.id);
    expect(silent).toMatchObject({ requests_today: 0, last_request_at: null, waiting: 0 });
    const old = new Date(Date.now() - 49 * 3_600_000).toISOString();
    const refused = await gateway.approver.call('GET', `/v1/agents?since=${old}`);
    expect(refused).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
  });

  it('finds requests by words, state and agent, and says how far it looked', async () => {
    const ids = async (query: string) =>
      (await get(`/v1/requests${query}`)).requests.map(({ id }: any) => id);
    expect(await ids('')).toEqual([dealId, noteId]);
    expect(await ids('?q=zebra')).toEqual([noteId]);
    expect(await ids('?q=nothing-like-it')).toEqual([]);
    expect(await ids('?status=succeeded')).toEqual([]);
    expect(await ids(`?agent=${gateway.agent.record.id}&limit=1`)).toEqual([dealId]);
    expect(await ids(`?limit=1&before=${dealId}`)).toEqual([noteId]);
  });

  it('finds what people were asked about behind reads and what policy refused, newest first', async () => {
    const search = await gateway.submit({ action: 'search_contact', name: 'Fox' });
    expect(search.status).toBe(200);
    const denied = await gateway.submit(
      { action: 'create_note', contact_id: '20001', note: 'Nobody is asked.' },
      { call: (await gateway.addAgent('no-writer', [])).call },
    );
    expect(denied.body.code).toBe('policy.denied');
    const ids = async (query: string) =>
      (await get(`/v1/requests${query}`)).requests.map(({ id }: any) => id);
    expect(await ids('?limit=2')).toEqual([denied.body.request_id, search.body.id]);
    expect(await ids('?only=asked&limit=1')).toEqual([dealId]);
    expect(await ids('?only=asked')).toEqual([dealId, noteId]);
  });

  it('shows one request with its log, and proves an entry to whoever has the public key', async () => {
    const detail = await get(`/v1/requests/${noteId}`);
    expect(detail).toMatchObject({ digest, prompt: 'Note what Zebra said.' });
    const events = detail.time_line.map(({ event }: any) => event);
    expect(events).toEqual(expect.arrayContaining(['request.accepted', 'approval.requested']));
    expect(JSON.stringify(detail.time_line)).not.toContain('Zebra');
    const { index } = detail.time_line[0];
    await gateway.context.auditLog.publish();
    const { proof, leaf, vkey } = await get(`/v1/audit/${index}/proof`);
    const bytes = Buffer.from(leaf, 'base64');
    expect(checkProof(proof, vkey, bytes).index).toBe(index);
    const none = await gateway.approver.call('GET', '/v1/audit/999999/proof');
    expect(none).toMatchObject({ status: 404, body: { code: 'request.not_found' } });
  });

  it('is for people alone', async () => {
    for (const path of ['/v1/requests', '/v1/agents', '/v1/people', '/v1/people/me', '/v1/status'])
      expect((await gateway.agent.call('GET', path)).status).toBe(401);
  });
});

describe('what there was since a moment', () => {
  it('counts what was asked for since a moment, by what became of it', async () => {
    const counted = async (since: Date) =>
      get(`/v1/requests/counts?since=${encodeURIComponent(since.toISOString())}`);
    const start = new Date();
    const since = start.toISOString();
    expect(await counted(start)).toEqual({ since, read: 0, approved: 0, rejected: 0, refused: 0 });
    const submit = async (action: Record<string, unknown>) => (await gateway.submit(action)).body;
    const note = { action: 'create_note', contact_id: '20001', note: 'To be counted.' };
    await submit({ action: 'search_contact', company: 'Acme Corp' });
    await submit({ action: 'search_contact', company: 'Acme Corp' });
    const yes = await submit(note);
    await gateway.approve(yes.id, yes.digest);
    await gateway.ended(yes.id);
    const no = await submit(note);
    const body = { decision: 'reject', digest: no.digest, reason: 'Not now.' };
    await gateway.approver.call('POST', `/v1/approvals/${no.id}/decisions`, { body });
    const stranger = (await gateway.addAgent('uncounted', [])).call;
    await gateway.submit({ action: 'get_deal', deal_id: '1' }, { call: stranger });
    const gone = await submit(note);
    await gateway.agent.call('DELETE', `/v1/actions/${gone.id}`);
    await gateway.ended(no.id);
    expect(await counted(start)).toEqual({ since, read: 2, approved: 1, rejected: 1, refused: 1 });
    expect(await counted(new Date(Date.now() + 60_000))).toMatchObject({ read: 0, approved: 0 });
  });

  it('counts no further back than 31 days, and for people alone', async () => {
    const path = `/v1/requests/counts?since=${new Date(Date.now() - 32 * 86_400_000).toISOString()}`;
    const { status, body } = await gateway.approver.call('GET', path);
    expect([status, body.code]).toEqual([400, 'request.malformed']);
    expect((await gateway.approver.call('GET', '/v1/requests/counts')).status).toBe(400);
    expect((await gateway.agent.call('GET', path)).status).toBe(401);
  });
});
