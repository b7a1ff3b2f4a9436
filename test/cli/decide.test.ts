import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Card } from '../../src/contracts/card.ts';
import { mintKey } from '../../src/gate/keys.ts';
import { atTerminal, hasTerminal } from '../support/command.ts';
import { createInstallation, type Installation } from './support.ts';

/** A stand-in for the API: what it answers, and what it was sent. */
interface StandIn {
  waiting: unknown[];
  /** Statuses that the approval goes through, one for each look after the decision. */
  after: string[];
  freezes: unknown[];
  problem: { status: number; body: string } | undefined;
  readonly seen: { method: string; path: string; key: string; body: unknown }[];
}

const ID = 'act_01k8s6q0w3v7m2c5x9t4r1b8ha';
const OTHER = 'act_01k8s6q0w3v7m2c5x9t4r1b8hb';
const THIRD = 'act_01k8s6q0w3v7m2c5x9t4r1b8hc';
const KEY = mintKey('person', 'per_0123456789abcdef');

const card = (id: string, sentence: string): Card => ({
  request_id: id,
  digest: 'd'.repeat(64),
  action: 'create_note',
  sentence,
  risk: 'write',
  connection: 'main',
  agent: { id: 'agt_0123456789abcdef', name: 'helper' },
  records: [{ object_type: 'companies', id: '7', name: 'Acme Corp' }],
  changes: [{ label: 'Note', property: 'hs_note_body', before: null, after: 'Called back.' }],
  seen: [],
  claimed: { user_id: 'dana@acme.test', prompt: 'Add a note.' },
  requires: { approvals: 1, passkey: false, roles: ['approver'], reasons: [] },
  expires_at: '2026-01-02T03:04:05.678Z',
  log: { size: 3, root_prefix: 'abc' },
});

const approval = (id: string, status = 'awaiting_approval', sentence = 'Add a note to Acme.') => ({
  id,
  status,
  card: card(id, sentence),
  decisions: [],
});

const recordOf = (id: string, now: Date) => ({
  id,
  agentId: 'agt_0123456789abcdef',
  connection: 'main',
  bodyHash: 'b'.repeat(64),
  submission: { userId: 'dana', prompt: 'Add a note.', action: { action: 'create_note' } },
  action: 'create_note' as const,
  risk: 'write' as const,
  status: 'planned' as const,
  plan: null,
  digest: null,
  card: null,
  requirement: null,
  seen: null,
  credentialVersion: null,
  result: null,
  code: null,
  detail: null,
  retryAt: null,
  createdAt: now,
  updatedAt: now,
  expiresAt: null,
});

let at: Installation;
let server: Server;
let api: string;
let standIn: StandIn;

/** As the gateway pages, two at a time. */
function page(path: string): unknown {
  const after = new URL(path, api).searchParams.get('after');
  const ids = standIn.waiting.map((one) => (one as { id: string }).id);
  const start = after === null ? 0 : ids.indexOf(after) + 1;
  const approvals = standIn.waiting.slice(start, start + 2);
  const isLast = start + 2 >= ids.length;
  return { approvals, ...(isLast ? {} : { next_after: ids[start + 1] }) };
}

function answerTo(method: string, path: string): unknown {
  if (path.startsWith('/v1/approvals?') || path === '/v1/approvals') return page(path);
  if (path === '/v1/freezes') return { freezes: standIn.freezes };
  const id = path.split('/')[3] ?? '';
  const decided = standIn.seen.find(
    (call) => call.method === 'POST' && call !== standIn.seen.at(-1),
  );
  if (method === 'GET')
    return approval(id, decided === undefined ? 'awaiting_approval' : standIn.after.shift());
  const body = standIn.seen.at(-1)?.body as { decision: string };
  const status = body.decision === 'approve' ? 'approved' : 'rejected';
  return { id, decision: body.decision, status };
}

beforeAll(async () => {
  at = await createInstallation();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '' } = request;
      const text = Buffer.concat(chunks).toString();
      const key = request.headers.authorization ?? '';
      standIn.seen.push({ method, path, key, body: text === '' ? null : JSON.parse(text) });
      response.statusCode = standIn.problem?.status ?? 200;
      response.end(standIn.problem?.body ?? JSON.stringify(answerTo(method, path)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  at.writeRunFile({ api, approver_key: KEY });
});
afterAll(() => {
  server.close();
  at.remove();
});
beforeEach(() => {
  standIn = {
    waiting: [approval(ID)],
    after: ['succeeded'],
    freezes: [],
    problem: undefined,
    seen: [],
  };
});

const decisions = () => standIn.seen.filter(({ method }) => method === 'POST');

describe('approve', () => {
  it('takes the only one, shows its card and decides on the digest it showed', async () => {
    standIn.after = ['approved', 'executing', 'succeeded'];
    const said = await at.sallyport(['approve', '--yes']);
    expect(said.err).toBe('');
    expect(said.status).toBe(0);
    expect(said.out).toContain('Called back.');
    expect(said.out).toContain('done in HubSpot: succeeded');
    expect(decisions()).toEqual([
      {
        method: 'POST',
        path: `/v1/approvals/${ID}/decisions`,
        key: `Bearer ${KEY}`,
        body: { decision: 'approve', digest: 'd'.repeat(64) },
      },
    ]);
    expect(said.out).not.toContain(KEY);
    // Asked for by its id, so that the log has who was shown it.
    const calls = standIn.seen.map(({ method, path }) => `${method} ${path}`);
    const decided = calls.indexOf(`POST /v1/approvals/${ID}/decisions`);
    expect(calls.slice(0, decided)).toContain(`GET /v1/approvals/${ID}`);
  });

  it.each([
    [ID, 'approval.stale', /^Nothing was sent\. Submit the write again/m],
    [
      ID.replace('b8ha', 'b8hd'),
      'freeze.active',
      /^`npx sallyport unfreeze <freeze>` lifts it.*new Idempotency-Key\.$/m,
    ],
  ] as const)('says why %s was not done (%s) and what to do', async (id, code, remedy) => {
    await at.open(({ store }) =>
      store.commit(async (tx) => {
        await tx.requests.insert(recordOf(id, tx.now));
        await tx.requests.update(id, { status: 'refused', code });
      }),
    );
    standIn.after = ['approved', 'refused'];
    const said = await at.sallyport(['approve', id, '--yes']);
    expect(said.status).toBe(1);
    expect(said.out).toContain(`not done: refused. ${code}\n`);
    expect(said.out).toMatch(remedy);
  });

  it.skipIf(!hasTerminal && process.env['CI'] === undefined)(
    'says at a terminal what it waits for, where HubSpot takes long; a script is told the outcome alone',
    async () => {
      const long = [...Array.from({ length: 14 }, () => 'executing'), 'succeeded'];
      standIn.after = [...long];
      const said = await atTerminal(['approve', '--yes'], { env: at.env });
      expect(said).toMatch(/…\s+HubSpot has not answered yet {2}\([23] s\)/);
      expect(said).toContain('done in HubSpot: succeeded');
      standIn.after = [...long];
      standIn.seen.length = 0;
      expect(await at.sallyport(['approve', '--yes'])).toMatchObject({ status: 0, err: '' });
    },
  );

  it('without a terminal and without --yes decides nothing', async () => {
    const said = await at.sallyport(['approve'], { input: 'y\n' });
    expect(said.status).toBe(1);
    expect(said.err).toContain('--yes');
    expect(decisions()).toEqual([]);
  });

  it('of several takes none by itself', async () => {
    standIn.waiting = [approval(ID), approval(OTHER)];
    const said = await at.sallyport(['approve', '--yes']);
    expect(said.status).toBe(1);
    expect(said.err).toMatch(new RegExp(`1 {2}${ID}.*\n.*2 {2}${OTHER}`));
    expect(decisions()).toEqual([]);
  });

  it('of several shows what each would write and when it was asked', async () => {
    const other = approval(OTHER);
    const after = `${'Long words. '.repeat(20)}end`;
    other.card.changes = [
      { label: 'Dated', property: 'hs_timestamp', before: null, after: '2026-01-01T00:00:00.000Z' },
      { label: 'Note', property: 'hs_note_body', before: null, after },
    ];
    standIn.waiting = [approval(ID), other, approval(THIRD)];
    const askedAt = await at.open(({ store }) =>
      store.commit(async (tx) => {
        await tx.requests.insert(recordOf(THIRD, tx.now));
        await tx.requests.update(THIRD, { status: 'awaiting_approval' });
        return tx.now.toISOString();
      }),
    );
    const { err } = await at.sallyport(['approve', '--yes']);
    expect(err).toMatch(
      new RegExp(`1 {2}${ID} {2}until 2026.* Add a note.* Note: Called back\\.\n`),
    );
    expect(err).toMatch(new RegExp(`2 {2}${OTHER} .* Note: Long words\\. .*…\n`));
    expect(err).toContain(`3  ${THIRD}  asked ${askedAt}  Add a note`);
    expect(err).not.toContain('end\n');
  });

  it.each([
    [{ kind: 'connection', id: 'main' }, 'connection main'],
    [{ kind: 'agent', id: 'agt_0123456789abcdef' }, 'agent agt_0123456789abcdef'],
  ])('says before it asks that %j is frozen', async (target, words) => {
    const lifted = { id: 'frz_0', target, lifted_at: '2026-01-01T00:00:00.000Z' };
    const foreign = { id: 'frz_2', target: { ...target, id: 'another' }, lifted_at: null };
    standIn.freezes = [lifted, { id: 'frz_1', target, lifted_at: null }, foreign];
    const said = await at.sallyport(['approve']);
    expect(said.status).toBe(1);
    expect(said.err).toContain(
      `${words} is frozen (frz_1): nothing is approved until somebody lifts that.`,
    );
    expect(said.err).toContain('npx sallyport unfreeze frz_1');
    expect(said.err).not.toMatch(/frz_[02]/);
    expect(decisions()).toEqual([]);
  });

  it('with --json and no terminal prints nothing for people on standard output', async () => {
    expect(await at.sallyport(['approve', '--json'])).toMatchObject({ status: 1, out: '' });
    standIn.waiting = [approval(ID), approval(OTHER)];
    expect(await at.sallyport(['approve', '--json'])).toMatchObject({ status: 1, out: '' });
  });

  it('with nothing waiting says so', async () => {
    standIn.waiting = [];
    expect((await at.sallyport(['approve', '--yes'])).err).toContain('Nothing waits');
  });

  it('with --json prints the answer alone, and the card beside it', async () => {
    const said = await at.sallyport(['approve', '--yes', '--json']);
    expect(JSON.parse(said.out)).toEqual({
      id: ID,
      decision: 'approve',
      status: 'approved',
      outcome: 'succeeded',
      why: null,
    });
    expect(said.err).toContain('Called back.');
  });

  it('a refusal by the gateway is its code, its words and what to do', async () => {
    standIn.problem = {
      status: 403,
      body: JSON.stringify({ code: 'approval.own_request', detail: 'it is yours' }),
    };
    const said = await at.sallyport(['approve', ID, '--yes']);
    expect(said.status).toBe(1);
    expect(said.err).toBe(
      'approval.own_request: People do not approve their own requests.\nit is yours\nAsk another approver.\n',
    );
  });
});

describe('reject', () => {
  it('sends the reason', async () => {
    const said = await at.sallyport(['reject', ID, '--yes', '--reason', 'Wrong company.']);
    expect(said.status).toBe(0);
    expect(said.out).toContain('Rejected. Nothing is sent.');
    expect(decisions().map(({ body }) => body)).toEqual([
      { decision: 'reject', digest: 'd'.repeat(64), reason: 'Wrong company.' },
    ]);
  });
});

describe('the key', () => {
  it('of a key file is used, and goes to the named gateway', async () => {
    const mine = mintKey('person', 'per_fedcba9876543210');
    const file = join(at.folder, 'key');
    writeFileSync(file, `${mine}\n`);
    chmodSync(file, 0o600);
    const said = await at.sallyport(['approvals', '--api', `${api}/`, '--key-file', file]);
    expect(said.err).toBe('');
    expect(standIn.seen.map(({ key }) => key)).toEqual([`Bearer ${mine}`]);
  });

  it('of run.json goes to no other address than that of run.json', async () => {
    at.writeRunFile({ api: 'http://127.0.0.1:9', approver_key: KEY });
    const said = await at.sallyport(['approvals', '--api', api]);
    at.writeRunFile({ api, approver_key: KEY });
    expect(said.status).toBe(1);
    expect(said.err).toContain('--key-file');
    expect(standIn.seen).toEqual([]);
  });

  it('that nobody has yet is asked for, with the commands that make one', async () => {
    at.writeRunFile({ api, agent_key: null, approver_key: null });
    const said = await at.sallyport(['approvals']);
    at.writeRunFile({ api, approver_key: KEY });
    expect(said.status).toBe(1);
    expect(said.err).toContain('sallyport person add');
    expect(said.err).toContain('sallyport agent add');
    expect(said.err).toContain('--key-file');
    expect(standIn.seen).toEqual([]);
  });

  it.each([0o640, 0o604])('is not taken from a file that others read: mode %o', async (mode) => {
    const file = join(at.folder, 'open-key');
    writeFileSync(file, KEY);
    chmodSync(file, mode);
    const said = await at.sallyport(['approvals', '--key-file', file]);
    expect([said.status, said.err]).toEqual([
      ...[1, `${file} can be read by others than its owner.\nchmod 600 ${file}\n`],
    ]);
    expect(standIn.seen).toEqual([]);
  });

  it("a file without a person's key is not sent", async () => {
    const file = join(at.folder, 'agent-key');
    writeFileSync(file, mintKey('agent', 'agt_0123456789abcdef'), { mode: 0o600 });
    const said = await at.sallyport(['approvals', '--key-file', file]);
    expect(said.err).toContain("no person's key");
    expect(standIn.seen).toEqual([]);
  });
});

describe('approvals', () => {
  it('lists one line for each, whatever a record is called', async () => {
    standIn.waiting = [approval(ID, 'awaiting_approval', 'Note to \u001b[2J\u202eevil\nact_fake')];
    const said = await at.sallyport(['approvals']);
    expect(said.out.trimEnd().split('\n')).toHaveLength(2);
    expect(said.out).toContain('<U+001B>[2J<U+202E>evil act_fake');
  });

  it('lists all that wait, however many pages the gateway makes of them', async () => {
    const ids = Array.from({ length: 5 }, (_, i) => `${ID.slice(0, -1)}${i}`);
    standIn.waiting = ids.map((id) => approval(id));
    const listed = JSON.parse((await at.sallyport(['approvals', '--json'])).out) as {
      id: string;
    }[];
    expect(listed.map(({ id }) => id)).toEqual(ids);
  });

  it('shows one in full, also when it is decided', async () => {
    const said = await at.sallyport(['approvals', 'show', ID]);
    expect(said.out).toContain('Asked by       │ agent helper');
    expect(JSON.parse((await at.sallyport(['approvals', 'show', ID, '--json'])).out)).toMatchObject(
      { id: ID },
    );
  });

  it('an answer of something else than a gateway is said so', async () => {
    standIn.problem = { status: 200, body: '<html>hello</html>' };
    const said = await at.sallyport(['approvals']);
    expect(said.status).toBe(1);
    expect(said.err).toContain('does not answer as a gateway does');
  });
});

describe('requests', () => {
  it('are listed by status and shown in full, from the record alone', async () => {
    const listed = await at.sallyport(['requests', '--status', 'refused']);
    expect(listed.out).toMatch(new RegExp(`${ID} .*create_note +refused +approval\\.stale`));
    expect((await at.sallyport(['requests', '--status', 'failed'])).out).toContain('no such');
    expect((await at.sallyport(['requests', '--status', 'nonsense'])).status).toBe(2);
    expect((await at.sallyport(['requests', '--limit', '0'])).status).toBe(2);
    const shown = await at.sallyport(['request', ID]);
    expect(shown.out).toContain('approval.stale: The record changed after the approver saw it.');
    expect(shown.out).toContain('The agent says its own words, not checked:');
    expect(JSON.parse((await at.sallyport(['request', ID, '--json'])).out)).toMatchObject({
      id: ID,
      status: 'refused',
      submission: { userId: 'dana' },
    });
    expect((await at.sallyport(['request', OTHER])).status).toBe(1);
  });
});
