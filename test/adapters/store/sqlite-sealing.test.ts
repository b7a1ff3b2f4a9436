import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { opens } from '../../../src/audit/leaf.ts';
import { AuditEntrySchema } from '../../../src/contracts/audit-entry.ts';
import type { Listed } from '../../../src/ports/listed.ts';
import type { Store, StoreReads, StoreTransaction } from '../../../src/ports/store.ts';
import { inFile, runInFile } from '../../support/store-file.ts';
import {
  agent,
  cardFor,
  challenge,
  connection,
  decision,
  invitation,
  later,
  ledgerEntry,
  passkey,
  person,
  plan,
  request,
  requestId,
  session,
  webhookSigner,
} from './fixtures.ts';
import { SEAL_KEY, type SqlitePlace, sqlitePlace } from './sqlite-place.ts';

/** Past the real clock that these stores have. */
const FAR = new Date('2999-01-01T00:00:00.000Z');

const CANARY = 'canary-5f1e';
const canaryFor = (column: string) => `${CANARY}-${column}`;

/** Every sealed column, by the row of request or person 1, and how it is read. */
const SEALED = [
  ['requests', 'submission', (store: Store) => store.requests.get(requestId(1))],
  ['requests', 'plan', (store: Store) => store.requests.get(requestId(1))],
  ['requests', 'card', (store: Store) => store.requests.get(requestId(1))],
  ['requests', 'requirement', (store: Store) => store.requests.get(requestId(1))],
  ['requests', 'result', (store: Store) => store.requests.get(requestId(1))],
  ['requests', 'detail', (store: Store) => store.requests.get(requestId(1))],
  ['requests', 'retry_at', (store: Store) => store.requests.get(requestId(1))],
  ['decisions', 'reason', (store: Store) => store.decisions.of(requestId(1))],
  ['agents', 'voucher', (store: Store) => store.agents.get(agent(1).id)],
  ['people', 'totp_secret', (store: Store) => store.people.get(person(1).id)],
  ['passkeys', 'content', (store: Store) => store.passkeys.get(passkey(1).id)],
  ['sessions', 'voucher', (store: Store) => store.sessions.get(session(1).id)],
  ['invitations', 'voucher', (store: Store) => store.invitations.get(invitation(1).id)],
  ['webhook_signers', 'voucher', (store: Store) => store.webhookSigners.get(webhookSigner(1).id)],
  ['ledger', 'before', (store: Store) => store.ledger.of(requestId(1))],
  ['ledger', 'after', (store: Store) => store.ledger.of(requestId(1))],
  ['log_entries', 'personal', (store: Store) => store.log.ofRequest(requestId(1))],
] as const;

/** Clear columns that a decision rests on. */
const VOUCHED_FOR = [
  ...['agent_id', 'connection', 'body_hash', 'action', 'risk'].map((c) => ['requests', c] as const),
  ...['status', 'digest', 'credential_version', 'code', 'created_at', 'expires_at'].map(
    (c) => ['requests', c] as const,
  ),
  ...['event', 'at', 'leaf'].map((c) => ['log_entries', c] as const),
  ...['decision', 'digest', 'proof', 'decided_at', 'valid_until'].map(
    (c) => ['decisions', c] as const,
  ),
  ...['name', 'groups', 'key_hash', 'created_at', 'revoked_at'].map((c) => ['agents', c] as const),
  ...['name', 'email', 'roles', 'key_hash', 'totp_last_step', 'created_at', 'revoked_at'].map(
    (c) => ['people', c] as const,
  ),
  ...['credential_id', 'person_id', 'created_at', 'last_used_at', 'revoked_at'].map(
    (c) => ['passkeys', c] as const,
  ),
  ...['person_id', 'token_hash', 'proof', 'passkey_id', 'created_at', 'last_seen_at'].map(
    (c) => ['sessions', c] as const,
  ),
  ...['expires_at', 'ended_at'].map((c) => ['sessions', c] as const),
  ...['person_id', 'created_at', 'revoked_at'].map((c) => ['webhook_signers', c] as const),
  ...['person_id', 'token_hash', 'created_at', 'expires_at', 'used_at'].map(
    (c) => ['invitations', c] as const,
  ),
];

/** Every list, by a sealed column of one of its rows. */
const LISTS: readonly [
  string,
  string,
  string,
  (from: StoreReads) => Promise<Listed<{ readonly id: string }>>,
][] = [
  ['requests', 'plan', requestId(2), (from) => from.requests.list({ limit: 1 })],
  ['people', 'totp_secret', person(2).id, (from) => from.people.legible()],
  ['agents', 'voucher', agent(2).id, (from) => from.agents.list()],
  ['webhook_signers', 'voucher', webhookSigner(2).id, (from) => from.webhookSigners.list()],
];

async function fill(store: Store, number: number): Promise<void> {
  const id = requestId(number);
  const row = request(number);
  const card = cardFor(id);
  const submission = { ...row.submission, prompt: canaryFor('submission') };
  await store.commit(async (tx) => {
    await tx.requests.insert({
      ...row,
      submission,
      plan: { ...plan, fields: [canaryFor('plan')] },
      card: { ...card, sentence: canaryFor('card') },
      requirement: { ...card.requires, reasons: [canaryFor('requirement')] },
      result: { email: canaryFor('result') },
      detail: canaryFor('detail'),
      retryAt: later(1),
    });
    await tx.decisions.insert(decision(id, { reason: canaryFor('reason') }));
    await tx.agents.insert(agent(number));
    await tx.people.insert(person(number, { totpSecret: canaryFor('totp') }));
    await tx.passkeys.insert(passkey(number, { label: canaryFor('label') }));
    await tx.sessions.insert(session(number));
    await tx.invitations.insert(invitation(number));
    await tx.webhookSigners.insert(webhookSigner(number));
    const values = { before: { a: canaryFor('before') }, after: { a: canaryFor('after') } };
    await tx.ledger.insert(ledgerEntry(id, values));
    await tx.log.append({
      event: 'request.accepted',
      actor: 'agent:agt_1',
      requestId: id,
      personal: { agent_prompt: canaryFor('personal') },
    });
  });
}

async function bytesOnDisk(place: SqlitePlace): Promise<Buffer> {
  const folder = dirname(place.file);
  const files = await readdir(folder);
  return Buffer.concat(await Promise.all(files.map((file) => readFile(join(folder, file)))));
}

describe('what the SQLite store keeps on disk', () => {
  let place: SqlitePlace;
  let store: Store;

  /** Changes the file as someone would who has it and not the key. */
  const tamper = (statement: string, ...values: (string | Uint8Array)[]) => {
    expect(runInFile(place.file, statement, ...values)).toBeGreaterThan(0);
  };
  const readSealed = (table: string, column: string): Uint8Array =>
    inFile(place.file, (raw) => {
      const row = raw.prepare(`select "${column}" as value from ${table} limit 1`).get();
      return row?.['value'] as Uint8Array;
    });

  beforeEach(async () => {
    place = await sqlitePlace();
    store = await place.open();
    await fill(store, 1);
  });

  afterEach(async () => {
    await place.close();
  });

  it('shows no personal content, neither in the WAL nor in the database', async () => {
    const inUse = await bytesOnDisk(place);
    expect(inUse.includes(person(1).email)).toBe(true);
    expect(inUse.includes(CANARY)).toBe(false);
    await store.close();
    const closed = await bytesOnDisk(place);
    expect(closed.includes(person(1).email)).toBe(true);
    expect(closed.includes(CANARY)).toBe(false);
  });

  it.each(SEALED)('refuses %s.%s when it comes from another row', async (table, column, read) => {
    await fill(store, 2);
    const before = await read(store);
    expect(before).toBeTruthy();
    const last = `(select "${column}" from ${table} order by rowid desc limit 1)`;
    const first = `(select min(rowid) from ${table})`;
    tamper(`update ${table} set "${column}" = ${last} where rowid = ${first}`);
    await expect(read(store)).rejects.toMatchObject({ code: 'plan.tampered' });
  });

  it.each(SEALED)('refuses %s.%s when any of its bytes changed', async (table, column, read) => {
    const sealed = readSealed(table, column);
    const changed = Array.from(sealed, (byte, i) => sealed.with(i, byte ^ 1));
    const cut = [sealed.subarray(0, -1), sealed.subarray(0, 29), new Uint8Array()];
    const clear = [new TextEncoder().encode('{"prompt":"in clear text"}')];
    // The first and the last bytes each, of the middle every seventh.
    const some = changed.filter((_, i) => i < 14 || i > sealed.length - 17 || i % 7 === 0);
    for (const value of [...some, ...cut, ...clear]) {
      tamper(`update ${table} set "${column}" = ?`, value);
      await expect(read(store)).rejects.toMatchObject({ code: 'plan.tampered' });
    }
    tamper(`update ${table} set "${column}" = ?`, sealed);
    expect(await read(store)).toBeTruthy();
  });

  it('refuses a value in another column of its own row', async () => {
    // Two columns of one shape, so that only the seal can tell them apart.
    tamper('update ledger set before = after');
    const error = { code: 'plan.tampered', detail: `ledger ${requestId(1)}/0` };
    await expect(store.ledger.of(requestId(1))).rejects.toMatchObject(error);
  });

  it.each(VOUCHED_FOR)('refuses a %s row whose %s was changed by hand', async (table, column) => {
    const read = {
      requests: () => store.requests.get(requestId(1)),
      decisions: () => store.decisions.of(requestId(1)),
      agents: () => store.agents.get(agent(1).id),
      people: () => store.people.get(person(1).id),
      passkeys: () => store.passkeys.get(passkey(1).id),
      sessions: () => store.sessions.get(session(1).id),
      invitations: () => store.invitations.get(invitation(1).id),
      webhook_signers: () => store.webhookSigners.get(webhookSigner(1).id),
      log_entries: () => store.log.ofRequest(requestId(1)),
    }[table];
    expect(await read()).toBeTruthy();
    const isNumber = /(?:^at|_at|_until|_step|_version)$/.test(column);
    const text = column === 'leaf' ? "x'7b7d'" : '\'["admin"]\'';
    tamper(`update ${table} set "${column}" = ${isNumber ? '1' : text}`);
    await expect(read()).rejects.toMatchObject({ code: 'plan.tampered' });
  });

  it.each(['purpose', 'person_id', 'expires_at', 'used_at'])(
    'refuses a challenge whose %s was changed by hand, or that was put in',
    async (column) => {
      await store.commit((tx) => tx.challenges.insert(challenge(1, { expiresAt: FAR })));
      const take = (value: string) => store.commit((tx) => tx.challenges.take(value));
      await take(challenge(1).value);
      const isNumber = column.endsWith('_at');
      tamper(`update challenges set "${column}" = ${isNumber ? '9e15' : "'sign_in'"}`);
      const error = { code: 'plan.tampered' };
      await expect(take(challenge(1).value)).rejects.toMatchObject(error);
      tamper(`insert into challenges select 'new', purpose, person_id, expires_at, null, voucher
       from challenges`);
      await expect(take('new')).rejects.toMatchObject(error);
    },
  );

  it('writes no new seal over a passkey, session or invitation that somebody changed', async () => {
    for (const table of ['passkeys', 'sessions', 'invitations'])
      tamper(`update ${table} set person_id = 'per_mallory'`);
    const writes: ((tx: StoreTransaction) => Promise<unknown>)[] = [
      (tx) => tx.passkeys.used(passkey(1).id, 8),
      (tx) => tx.passkeys.revoke(passkey(1).id),
      (tx) => tx.sessions.touch(session(1).id),
      (tx) => tx.sessions.end(session(1).id),
      (tx) => tx.invitations.use(invitation(1).id),
    ];
    for (const write of writes)
      await expect(store.commit(write)).rejects.toMatchObject({ code: 'plan.tampered' });
  });

  it('refuses a TOTP step that was set back, so that a used code stays used', async () => {
    await store.commit((tx) => tx.people.useTotpStep(person(1).id, 20));
    expect((await store.people.get(person(1).id))?.totpLastStep).toBe(20);
    tamper('update people set totp_last_step = 0');
    const again = store.commit((tx) => tx.people.useTotpStep(person(1).id, 20));
    await expect(again).rejects.toMatchObject({ code: 'plan.tampered' });
  });

  it.each([
    ['agents', (of: Store) => of.commit((tx) => tx.agents.revoke(agent(1).id))],
    ['people', (of: Store) => of.commit((tx) => tx.people.revoke(person(1).id))],
    ['people', (of: Store) => of.commit((tx) => tx.people.useTotpStep(person(1).id, 20))],
  ] as const)('writes no new seal over a row of %s that somebody changed', async (table, write) => {
    tamper(`update ${table} set name = 'Mallory'`);
    await expect(write(store)).rejects.toMatchObject({ code: 'plan.tampered' });
    const id = { agents: agent(1), people: person(1) }[table].id;
    const read = { agents: store.agents, people: store.people }[table].get(id);
    await expect(read).rejects.toMatchObject({ code: 'plan.tampered' });
  });

  it('refuses clear columns that no gateway writes', async () => {
    tamper("update requests set status = 'granted'");
    await expect(store.requests.get(requestId(1))).rejects.toMatchObject({
      code: 'plan.tampered',
    });
  });

  it.each(LISTS)('names the %s row that does not open beside those that do', async (...of) => {
    const [table, column, id, list] = of;
    await fill(store, 2);
    expect((await list(store)).damaged).toEqual([]);
    tamper(`update ${table} set ${column} = ? where id = ?`, new Uint8Array(40), id);
    for (const { rows, damaged } of [await list(store), await store.commit((tx) => list(tx))]) {
      expect(damaged).toEqual([id]);
      expect(rows.map((row) => row.id)).toEqual([id.replace(/2$/, '1')]);
    }
  });

  it('gives no list of people to decide by when one of them does not open', async () => {
    await fill(store, 2);
    expect(await store.people.list()).toHaveLength(2);
    tamper('update people set totp_secret = ? where id = ?', new Uint8Array(40), person(1).id);
    const error = { code: 'plan.tampered', detail: `people ${person(1).id}` };
    await expect(store.people.list()).rejects.toMatchObject(error);
    await expect(store.commit((tx) => tx.people.list())).rejects.toMatchObject(error);
  });

  it('refuses a list when more than a hundred rows do not open: that is no damage to one', async () => {
    for (let number = 2; number <= 102; number += 1)
      await store.commit((tx) => tx.requests.insert(request(number)));
    tamper('update requests set plan = ?', new Uint8Array(40));
    await expect(store.requests.list({ limit: 9 })).rejects.toMatchObject({
      code: 'plan.tampered',
    });
  });

  it('lets a request that does not open be ended by its id', async () => {
    tamper('update requests set plan = ?', new Uint8Array(40));
    const ending = { status: 'failed', code: 'plan.tampered', detail: null } as const;
    expect(await store.commit((tx) => tx.requests.settleTampered(requestId(1), ending))).toBe(true);
    expect(await store.requests.idsIn(['failed'], { limit: 9 })).toEqual([requestId(1)]);
    expect(await store.commit((tx) => tx.requests.settleTampered('req_none', ending))).toBe(false);
  });

  it('does not move a request from a status that was set by hand, and settles it where it is told', async () => {
    tamper("update requests set status = 'outcome_unknown'");
    const move = { status: 'executing' } as const;
    await expect(
      store.commit((tx) => tx.requests.update(requestId(1), move)),
    ).rejects.toMatchObject({ code: 'plan.tampered' });
    const end = { status: 'rejected', code: 'approval.rejected', detail: null } as const;
    await store.commit((tx) => tx.requests.settleTampered(requestId(1), end));
    expect((await store.requests.get(requestId(1)))?.status).toBe('rejected');
  });

  it('gives no log entry to be signed that was put in by hand, nor one that was moved', async () => {
    await fill(store, 2);
    const size = await store.log.size();
    tamper(
      `insert into log_entries select idx + ${size}, event, request_id, at, leaf, voucher, personal
       from log_entries where idx = 0`,
    );
    const error = { code: 'plan.tampered', detail: `log_entries ${size}` };
    await expect(store.log.leaves(0, size + 1)).rejects.toMatchObject(error);
    await expect(store.log.ofRequest(requestId(1))).rejects.toMatchObject(error);
  });

  it('finds an entry of a request that was taken out', async () => {
    await fill(store, 2);
    await fill(store, 3);
    tamper('delete from log_entries where idx = 1');
    await expect(store.log.ofRequest(requestId(1))).rejects.toMatchObject({
      code: 'plan.tampered',
    });
    expect(await store.log.ofRequest(requestId(3))).toHaveLength(1);
  });

  it('finds a missing log entry before a later leaf takes its place', async () => {
    await fill(store, 2);
    await fill(store, 3);
    tamper('delete from log_entries where idx = 1');
    const error = { code: 'plan.tampered', detail: 'log_entries 1' };
    await expect(store.log.leaves(0, 3)).rejects.toMatchObject(error);
    expect(await store.log.leaves(2, 3)).toHaveLength(1);
  });

  it('forgets a person without changing a leaf', async () => {
    const leaves = await store.log.leaves(0, 1);
    const [record] = await store.log.ofRequest(requestId(1));
    const { personal } = AuditEntrySchema.parse(JSON.parse(Buffer.from(leaves[0]!).toString()));
    expect(opens(personal!, record!.personal!.salt, record!.personal!.value)).toBe(true);
    tamper('update log_entries set personal = null');
    expect(await store.log.leaves(0, 1)).toEqual(leaves);
    expect(await store.log.ofRequest(requestId(1))).toEqual([
      { index: 0, leaf: leaves[0], personal: null },
    ]);
  });

  it.each([
    ...['portal_id = 1', "time_zone = 'UTC'", 'checked_at = 1', "unique_properties = x'00'"],
    ...['credential_version = 2', 'credential_version = null', 'account_since = 1'],
    ...['app_id = 1', 'app_id = null'],
  ])('notices a connection that was changed by hand: %s', async (change) => {
    await store.commit((tx) => tx.connections.put(connection()));
    tamper(`update connections set ${change}`);
    const error = { code: 'plan.tampered', detail: 'connections main' };
    await expect(store.connections.get('main')).rejects.toMatchObject(error);
  });

  it.each(['swept_to = 1', "found = x'00'"])(
    'notices how far the radar looked that was changed by hand: %s',
    async (change) => {
      const swept = { connection: 'main', sweptTo: later(5), found: [] };
      await store.commit((tx) => tx.radar.put(swept));
      tamper(`update radar_sweeps set ${change}`);
      const error = { code: 'plan.tampered', detail: 'radar_sweeps main' };
      await expect(store.radar.get('main')).rejects.toMatchObject(error);
    },
  );

  it.each(["object_id = '78'", "object_type = 'contacts'", 'executed_at = 1'])(
    'notices a ledger row that was moved by hand: %s',
    async (change) => {
      tamper(`update ledger set ${change}`);
      const name = `ledger ${requestId(1)}/0`;
      const error = { code: 'plan.tampered', detail: name };
      await expect(store.ledger.of(requestId(1))).rejects.toMatchObject(error);
      expect(await store.ledger.between('main', new Date(0), later(1e9))).toEqual({
        rows: [],
        damaged: [`${requestId(1)}/0`],
      });
    },
  );

  it('does not open with another key, or with one of another length', async () => {
    await store.close();
    const opened = place.open({ sealKey: SEAL_KEY.with(0, 8) });
    await expect(opened).rejects.toMatchObject({ code: 'config.invalid' });
    await expect(place.open({ sealKey: SEAL_KEY.subarray(1) })).rejects.toThrow(RangeError);
    expect((await (await place.open()).requests.get(requestId(1)))?.id).toBe(requestId(1));
  });

  it('does not open for code that is older than the database', async () => {
    await store.close();
    runInFile(place.file, 'PRAGMA user_version = 999');
    await expect(place.open()).rejects.toMatchObject({
      code: 'config.invalid',
      detail: 'the store was written by a newer Sallyport (schema 999, this one knows 16)',
    });
  });

  it('is readable by its owner alone, whatever the umask', async () => {
    const umask = process.umask(0);
    const open = await sqlitePlace();
    await (await open.open()).probe();
    process.umask(umask);
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    for (const suffix of ['', '-wal', '-shm']) {
      expect(await modeOf(`${open.file}${suffix}`)).toBe(0o600);
    }
    expect(await modeOf(dirname(open.file))).toBe(0o700);
    await open.close();
  });
});
