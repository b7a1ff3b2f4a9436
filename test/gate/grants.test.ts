import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { placeFreeze } from '../../src/gate/freezes.ts';
import { endGrant, endOverdueGrants } from '../../src/gate/grants.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import { ensureOwnAgent, OWN_AGENT_ID } from '../../src/gate/own-agent.ts';
import { revokeAgent, revokePerson } from '../../src/gate/roster.ts';
import { createSweep } from '../../src/gate/sweep.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { StoreTransaction } from '../../src/ports/store.ts';
import { agent, requestId, START } from '../adapters/store/fixtures.ts';
import {
  AGENT_ID,
  type Asked,
  HOUR,
  lena,
  NOTE,
  NOTES_NEED_A_PASSKEY,
  NOTES_NEED_TWO,
  omar,
  ONE_PERSON,
  rita,
  useAheadWorld,
} from '../support/allowed-ahead.ts';
import { logEntries } from '../support/log-entries.ts';

const world = useAheadWorld();

const frozen = (target: { kind: 'agent' | 'connection'; id: string }) => (tx: StoreTransaction) =>
  placeFreeze(tx, { target, reason: 'r', by: 'operator', configured: 'main' });

const endings = async (): Promise<unknown[]> =>
  (await logEntries(world.store))
    .filter(({ event }) => event === 'grant.ended')
    .map(({ facts }) => facts);

describe('what was allowed ahead', () => {
  it('is approved in the giver’s name, of the weakest proof, and begins', async () => {
    const grant = await world.give();
    expect(await world.ask(1)).toBe(true);
    expect(await world.store.decisions.of(requestId(1))).toMatchObject([
      { personId: lena.id, proof: 'grant', decision: 'approve' },
    ]);
    const facts = { proof: 'grant', grant: grant.id, approvals: 1, enough: true };
    expect((await logEntries(world.store)).at(-1)).toMatchObject({
      event: 'approval.granted',
      facts,
    });
    expect(await world.begin(1)).toBe('begun');
  });

  it('is used as often as it may, and ends with its last use, which still begins', async () => {
    const { id } = await world.give({ maxUses: 2 });
    expect(await world.ask(1)).toBe(true);
    expect(await world.ask(2)).toBe(true);
    expect(await world.ask(3)).toBe(false);
    expect(await endings()).toEqual([{ grant: id, cause: 'uses', uses: 2 }]);
    expect(await world.store.grants.get(id)).toMatchObject({ uses: 2, endedBy: 'uses' });
    expect(await world.begin(2)).toBe('begun');
  });

  it('ends with its time; what it approved before still begins', async () => {
    const { id } = await world.give({ hours: 1 });
    expect(await world.ask(1)).toBe(true);
    world.pass(HOUR);
    expect(await world.ask(2)).toBe(false);
    await world.store.commit(endOverdueGrants);
    expect(await endings()).toEqual([{ grant: id, cause: 'time', uses: 1 }]);
    expect(await world.begin(1)).toBe('begun');
  });

  it('covers no other agent and no other action', async () => {
    await world.give();
    expect(await world.ask(1, { agentId: agent(2).id })).toBe(false);
    const call = { action: 'create_task', contact_id: '20001', subject: 's' };
    const submission = { userId: 'dana@acme.test', prompt: 'p', action: call };
    expect(await world.ask(2, { action: 'create_task', submission })).toBe(false);
  });
});

type End = (tx: StoreTransaction, id: string) => Promise<unknown>;
const INSUFFICIENT = 'approval.insufficient';
const ENDS: readonly [string, string, End, string][] = [
  ['a hand', 'hand', (tx, id) => endGrant(tx, { id, by: 'operator' }), INSUFFICIENT],
  ['a freeze of its agent', 'freeze', frozen({ kind: 'agent', id: AGENT_ID }), INSUFFICIENT],
  [
    'a freeze of the connection',
    'freeze',
    frozen({ kind: 'connection', id: 'main' }),
    INSUFFICIENT,
  ],
  [
    'an incident',
    'freeze',
    (tx) => openIncident(tx, { connection: 'main', reason: 'r', by: 'operator' }),
    INSUFFICIENT,
  ],
  [
    'the revocation of the agent',
    'agent_revoked',
    (tx) => revokeAgent(tx, { id: AGENT_ID, by: 'operator' }),
    'policy.denied',
  ],
  [
    'the revocation of the giver',
    'person_revoked',
    (tx) => revokePerson(tx, { id: lena.id, by: 'operator' }),
    INSUFFICIENT,
  ],
];

describe.each(ENDS)('%s', (_what, cause, happen, code) => {
  it('ends it, says so in the log, and what it approved and has not begun is refused', async () => {
    const { id } = await world.give();
    expect(await world.ask(1)).toBe(true);
    await world.store.commit((tx) => happen(tx, id));
    expect(await endings()).toEqual([{ grant: id, cause, uses: 1 }]);
    expect(await world.store.grants.standing()).toEqual([]);
    const { freezes } = world.store;
    for (const { id: freezeId } of await freezes.list()) {
      await world.store.commit(async (tx) => {
        await tx.freezes.lift(freezeId);
        const facts = { freeze: freezeId, target: 'test' };
        await tx.log.append({ event: 'freeze.lifted', actor: 'test', facts });
      });
    }
    expect(await world.begin(1)).toBe(code);
  });
});

it('a freeze of another agent leaves it standing', async () => {
  await world.give();
  await world.store.commit(frozen({ kind: 'agent', id: agent(2).id }));
  expect(await world.ask(1)).toBe(true);
  expect(await world.begin(1)).toBe('begun');
});

describe('a write is not approved ahead, and people are asked', () => {
  const cases: readonly [string, Asked][] = [
    ['that removes something', { card: { risk: 'destructive' } }],
    ['whose card asks for two people', { card: { requires: { ...ONE_PERSON, approvals: 2 } } }],
    ['whose card asks for a passkey', { card: { requires: { ...ONE_PERSON, passkey: true } } }],
    ['with a signal on its card', { card: { signals: ['asks to skip approval'] } }],
    ['that hides a character', { card: { sentence: 'Add a note to Acme\u202E Corp.' } }],
    [
      'with a look-alike letter',
      { card: { changes: [{ label: 'N', property: 'n', before: null, after: 'pаypal' }] } },
    ],
    ['that the giver asked for', { submission: { userId: lena.email, prompt: 'p', action: NOTE } }],
    [
      'that the giver asked for by id',
      { submission: { userId: lena.id, prompt: 'p', action: NOTE } },
    ],
  ];
  it.each(cases)('%s', async (_what, of) => {
    await world.give();
    expect(await world.ask(1, of)).toBe(false);
    expect(await world.store.decisions.of(requestId(1))).toEqual([]);
    expect(await world.store.requests.status(requestId(1))).toBe('awaiting_approval');
  });

  it.each(cases.slice(0, 6))('%s, nor begun if it were', async (_what, of) => {
    await world.approveUnasked(1, await world.give(), of);
    expect(await world.begin(1)).toBe('approval.insufficient');
  });

  it('of another agent or kind, nor begun if it were', async () => {
    const other = await world.give({ agentId: agent(2).id });
    expect(await world.approveUnasked(1, other)).toBe(true);
    expect(await world.begin(1)).toBe('approval.insufficient');
    const tasks = await world.give({ action: 'create_task' });
    expect(await world.approveUnasked(2, tasks)).toBe(true);
    expect(await world.begin(2)).toBe('approval.insufficient');
  });

  it.each([
    ['two people', NOTES_NEED_TWO],
    ['a passkey', NOTES_NEED_A_PASSKEY],
  ])('when policy has come to ask for %s', async (_what, stricter) => {
    await world.give();
    expect(await world.ask(1, {}, stricter)).toBe(false);
    expect(await world.ask(2)).toBe(true);
    expect(await world.begin(2, stricter)).toBe('approval.insufficient');
  });

  it('of the gateway’s own agent', async () => {
    await world.store.commit(ensureOwnAgent);
    await expect(world.give({ agentId: OWN_AGENT_ID, action: 'take_back' })).rejects.toMatchObject({
      code: 'grant.refused',
    });
  });
});

describe('allowing ahead is refused', () => {
  it.each([
    ['for a read', { action: 'search_contact' }, 'grant.refused'],
    ['for several writes at once', { action: 'write_several' }, 'grant.refused'],
    ['for what is no action', { action: 'no_such' }, 'grant.refused'],
    ['to who may not decide', { person: rita }, 'grant.refused'],
    ['where policy asks for two', { policy: NOTES_NEED_TWO }, 'grant.refused'],
    ['where policy asks for a passkey', { policy: NOTES_NEED_A_PASSKEY }, 'grant.refused'],
    ['of an agent that is not there', { agentId: 'agt_0000000000zz' }, 'request.not_found'],
  ])('%s', async (_what, of, code) => {
    await expect(world.give(of)).rejects.toMatchObject({ code });
    expect(await world.store.grants.standing()).toEqual([]);
  });

  it('twice by one person, and while a freeze stands', async () => {
    await world.give();
    await expect(world.give()).rejects.toMatchObject({ code: 'grant.standing' });
    await world.give({ person: omar });
    await world.store.commit(frozen({ kind: 'connection', id: 'main' }));
    await expect(world.give()).rejects.toMatchObject({ code: 'freeze.active' });
  });

  it('is ended before the freeze of an incident, which comes right before the incident', async () => {
    await world.give();
    const incident = await world.store.commit((tx) =>
      openIncident(tx, { connection: 'main', reason: 'r', by: 'operator' }),
    );
    const events = (await logEntries(world.store)).slice(-3).map(({ event }) => event);
    expect(events).toEqual(['grant.ended', 'freeze.placed', 'incident.opened']);
    expect(incident.firstEntry).toBe((await world.store.log.size()) - 1);
  });

  it('keeps nobody from being revoked where the log has lost an order', async () => {
    await world.give();
    await world.store.commit(async (tx) => {
      const standing = () => Promise.reject(new GatewayError('freeze.active'));
      const blind = { ...tx, grants: { ...tx.grants, standing } };
      await revokePerson(blind, { id: lena.id, by: 'operator' });
      await revokeAgent(blind, { id: AGENT_ID, by: 'operator' });
    });
    expect((await world.store.people.get(lena.id))?.revokedAt).not.toBeNull();
    expect((await world.store.agents.get(AGENT_ID))?.revokedAt).not.toBeNull();
  });

  it('keeps nothing else from expiring where it cannot be told what stands', async () => {
    await world.ask(1);
    world.pass(2 * HOUR);
    const standing = () => Promise.reject(new GatewayError('freeze.active'));
    const store = { ...world.store, grants: { ...world.store.grants, standing } };
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const clock = () => new Date(START.getTime() + 2 * HOUR);
    const of = { store, logger, clock, engine: {} as Engine, rules: { approvalValidMs: 1_000 } };
    await expect(createSweep(of).expire()).rejects.toMatchObject({ code: 'freeze.active' });
    expect(await world.store.requests.status(requestId(1))).toBe('expired');
  });
});
