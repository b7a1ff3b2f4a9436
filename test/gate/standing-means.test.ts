import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import { beginWrite } from '../../src/gate/begin.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { type ProvenDecision, recordDecision } from '../../src/gate/decisions.ts';
import { revokePasskey } from '../../src/gate/passkeys.ts';
import { changeRoles, linkSlackUser, unlinkSlackUser } from '../../src/gate/roster.ts';
import { revokeWebhookSigner } from '../../src/gate/webhook-signers.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Store, StoreTransaction } from '../../src/ports/store.ts';
import { agent, passkey, person, request, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { noSecrets } from '../support/no-secrets.ts';
import { inFile, putBack, rowOf } from '../support/store-file.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const file = 'policy/default.cedar';
const policy = loadPolicy({ text: readFileSync(file, 'utf8'), file, actions: POLICY_ACTIONS });
const rules = { policy, approvalValidMs: 60_000 };
const lena = person(1, { roles: ['approver'] });
const omar = person(2, { roles: ['approver'] });
const SLACK = 'U0LENA';
const SIGNER = 'whk_0000000000000001';
const SEEN = [
  { object_type: 'deals', id: '40001', properties: { dealname: 'Yard', amount: '3' } },
] as const;
const CREDENTIAL = { connection: 'main', version: 1 };

type Means = Pick<ProvenDecision, 'proof' | 'passkeyId' | 'slackUser' | 'webhookSigner'>;

/** How it was proven, and how that is taken away again. */
const MEANS: readonly [string, Means, (tx: StoreTransaction) => Promise<unknown>][] = [
  [
    'a passkey that is revoked',
    { proof: 'passkey', passkeyId: passkey(1).id },
    (tx) => revokePasskey(tx, { id: passkey(1).id, by: 'test' }),
  ],
  [
    'a passkey of somebody who has the role no more',
    { proof: 'passkey', passkeyId: passkey(1).id },
    (tx) => changeRoles(tx, { id: lena.id, roles: ['operator'], by: 'test' }),
  ],
  [
    'a Slack user who is taken off the map',
    { proof: 'slack', slackUser: SLACK },
    (tx) => unlinkSlackUser(tx, { slackUser: SLACK, by: 'test' }),
  ],
  [
    'a Slack user who is somebody else now',
    { proof: 'slack', slackUser: SLACK },
    (tx) => linkSlackUser(tx, { slackUser: SLACK, personId: omar.id, by: 'test' }),
  ],
  [
    'a webhook’s signer that is revoked',
    { proof: 'webhook', webhookSigner: SIGNER },
    (tx) => tx.webhookSigners.revoke(SIGNER),
  ],
];

let place: SqlitePlace;
let store: Store;
let digest: string;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open({ clock: () => START });
});
afterEach(() => place.close());

/** By what of high risk is approved with; the others count for one alone. */
const SHARED = MEANS.filter(([, { proof }]) => proof === 'passkey');

/** A deal of this amount takes one approver or two. */
async function waitFor(amount: number): Promise<void> {
  const action = { action: 'update_deal', deal_id: '40001', amount };
  const waiting = waitingRequest(1, {
    action: 'update_deal',
    submission: { userId: 'dana@acme.test', prompt: 'p', action },
    card: { action: 'update_deal', seen: SEEN },
  });
  digest = waiting.digest ?? '';
  await store.commit(async (tx) => {
    await activateCredential(tx, { ...CREDENTIAL, fingerprint: 'f'.repeat(12), by: 'test' });
    for (const one of [lena, omar]) await tx.people.insert(one);
    await tx.agents.insert(agent(1, { groups: ['assistants'], id: request(1).agentId }));
    await tx.passkeys.insert(passkey(1, { personId: lena.id }));
    await linkSlackUser(tx, { slackUser: SLACK, personId: lena.id, by: 'test' });
    await tx.webhookSigners.insert({ id: SIGNER, personId: lena.id, createdAt: START });
    await insertWaiting(tx, waiting);
  });
}

const approve = (by: typeof lena, means: Means) =>
  store.commit((tx) =>
    recordDecision(
      tx,
      { requestId: requestId(1), person: by, decision: 'approve', digest, ...means },
      rules,
    ),
  );

const begin = () =>
  store.commit((tx) =>
    beginWrite(tx, policy, {
      requestId: requestId(1),
      credential: CREDENTIAL,
      resend: false,
      seen: SEEN,
      quietMs: 1_000,
      publishedSize: 0,
    }),
  );

describe.each(SHARED)('one of two approvals, by %s', (_what, means, takeAway) => {
  it('counts while that stands', async () => {
    await waitFor(20_000);
    expect(await approve(lena, means)).toMatchObject({ status: 'awaiting_approval' });
    expect(await approve(omar, { proof: 'key' })).toMatchObject({ status: 'approved' });
    expect(await begin()).toMatchObject({ kind: 'begun' });
  });

  it('does not count towards two afterwards', async () => {
    await waitFor(20_000);
    await approve(lena, means);
    await store.commit(takeAway);
    expect(await approve(omar, { proof: 'key' })).toMatchObject({ status: 'awaiting_approval' });
  });
});

describe.each(MEANS)('an approval by %s', (_what, means, takeAway) => {
  it('lets it begin while that stands', async () => {
    await waitFor(5);
    expect(await approve(lena, means)).toMatchObject({ status: 'approved' });
    expect(await begin()).toMatchObject({ kind: 'begun' });
  });

  it('lets nothing begin that it had approved before', async () => {
    await waitFor(5);
    expect(await approve(lena, means)).toMatchObject({ status: 'approved' });
    await store.commit(takeAway);
    expect(await begin()).toEqual({ kind: 'refused', code: 'approval.insufficient' });
  });
});

describe('an approval by means whose row is damaged', () => {
  /** Sets it for every row, and returns what the first had. */
  const swapped = (table: string, column: string, value: number | null): number | null =>
    inFile(place.file, (raw) => {
      const before = raw.prepare(`SELECT ${column} AS was FROM ${table}`).get()?.['was'];
      raw.prepare(`UPDATE ${table} SET ${column} = ?`).run(value);
      return before as number | null;
    });

  it.each([
    ['passkeys', { proof: 'passkey', passkeyId: passkey(1).id }, 'last_used_at'],
    ['webhook_signers', { proof: 'webhook', webhookSigner: SIGNER }, 'created_at'],
  ] as const)('lets the write wait until that of %s is restored', async (table, means, column) => {
    await waitFor(5);
    await approve(lena, means);
    const before = swapped(table, column, 7);
    expect(await begin()).toEqual({ kind: 'waits', code: 'store.unavailable' });
    expect(await store.requests.status(requestId(1))).toBe('approved');
    swapped(table, column, before);
    expect(await begin()).toMatchObject({ kind: 'begun' });
  });
});

describe('an approval by somebody whose row was put back from before they had the role no more', () => {
  it('lets nothing begin', async () => {
    await waitFor(5);
    await approve(lena, { proof: 'passkey', passkeyId: passkey(1).id });
    const before = rowOf(place.file, 'people', lena.id);
    await store.commit((tx) => changeRoles(tx, { id: lena.id, roles: ['operator'], by: 'test' }));
    putBack(place.file, 'people', before);
    expect(await begin()).toEqual({ kind: 'refused', code: 'approval.insufficient' });
  });
});

describe('an approval by a webhook’s signer whose row was put back from before it was revoked', () => {
  it('lets nothing begin', async () => {
    await waitFor(5);
    await approve(lena, { proof: 'webhook', webhookSigner: SIGNER });
    const before = rowOf(place.file, 'webhook_signers', SIGNER);
    await revokeWebhookSigner({ store, secrets: noSecrets, by: 'test' }, SIGNER);
    putBack(place.file, 'webhook_signers', before);
    expect(await begin()).toEqual({ kind: 'refused', code: 'approval.insufficient' });
  });
});
