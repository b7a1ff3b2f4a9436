import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import { PROOFS, type Proof } from '../../src/core/proofs.ts';
import { assertAsLogged } from '../../src/gate/as-logged.ts';
import { recordDecision } from '../../src/gate/decisions.ts';
import { readLogged } from '../../src/gate/logged.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, person, request, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const file = 'policy/default.cedar';
const WITH_PASSKEY = `
@id("with-a-passkey")
@reason("Notes need a passkey.")
forbid (principal, action == Action::"create_note", resource)
when { Role::"approver".passkeyApprovals < 1 };
`;
const text = `${readFileSync(file, 'utf8')}${WITH_PASSKEY}`;
const policy = loadPolicy({ text, file, actions: POLICY_ACTIONS });
const rules = { policy, approvalValidMs: 60_000 };
const lena = person(1, { roles: ['approver'] });
const watcher = person(2, { roles: ['viewer'] });
const WEAK = PROOFS.filter((proof) => proof !== 'passkey');

let place: SqlitePlace;
let store: Store;
let digest: string;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open({ clock: () => START });
  const submission = {
    userId: 'dana@acme.test',
    prompt: 'p',
    action: { action: 'create_note', contact_id: '20001', note: 'Called.' },
  };
  const waiting = waitingRequest(1, { submission });
  digest = waiting.digest ?? '';
  await store.commit(async (tx) => {
    for (const one of [lena, watcher]) await tx.people.insert(one);
    await tx.agents.insert(agent(1, { groups: ['assistants'], id: request(1).agentId }));
    await insertWaiting(tx, waiting);
  });
});
afterEach(() => place.close());

const decide = (proof: Proof, decision: 'approve' | 'reject', by = lena) =>
  store.commit((tx) =>
    recordDecision(
      tx,
      { requestId: requestId(1), person: by, proof, decision, digest, passkeyId: 'psk_1' },
      rules,
    ),
  );

const lastEntry = async () =>
  JSON.parse(
    Buffer.from((await store.log.leaves(0, await store.log.size())).at(-1) ?? []).toString(),
  );

describe('a write that needs a passkey', () => {
  it.each(WEAK)('is not approved by %s, and the answer says what is missing', async (proof) => {
    expect(await decide(proof, 'approve')).toMatchObject({
      kind: 'refused',
      code: 'approval.passkey_required',
    });
    expect(await store.decisions.of(requestId(1))).toEqual([]);
    expect(await lastEntry()).toMatchObject({ event: 'approval.refused', facts: { proof } });
    expect(await decide('passkey', 'approve')).toMatchObject({ status: 'approved' });
  });

  it.each(PROOFS)('is rejected by %s as well: stopping takes the person alone', async (proof) => {
    expect(await decide(proof, 'reject')).toMatchObject({ status: 'rejected' });
  });

  it.each(PROOFS)('is neither approved nor rejected by who has no say, by %s', async (proof) => {
    for (const decision of ['approve', 'reject'] as const)
      expect(await decide(proof, decision, watcher)).toMatchObject({
        kind: 'refused',
        code: 'approval.not_eligible',
      });
  });

  it('names the passkey in the log', async () => {
    await decide('passkey', 'approve');
    expect(await lastEntry()).toMatchObject({
      event: 'approval.granted',
      facts: { proof: 'passkey', passkey: 'psk_1' },
    });
  });
});

describe('how strongly a decision was proven', () => {
  it.each(WEAK)('is what the log says: a rejection by %s does not become more', async (proof) => {
    await decide(proof, 'reject');
    const of = await store.requests.get(requestId(1));
    const logged = await readLogged(store, requestId(1));
    const decisions = await store.decisions.of(requestId(1));
    expect(decisions).toMatchObject([{ proof }]);
    expect(() => {
      assertAsLogged(of!, logged, decisions);
    }).not.toThrow();
    const stronger = decisions.map((one) => ({ ...one, proof: 'passkey' as const }));
    expect(() => {
      assertAsLogged(of!, logged, stronger);
    }).toThrow(expect.objectContaining({ code: 'plan.tampered' }));
  });
});
