import { afterEach, describe, expect, it, vi } from 'vitest';
import { createFetchSecret } from '../../src/activities/fetch-secret.ts';
import { createPrepareApproval } from '../../src/activities/prepare-approval.ts';
import { createReadCall } from '../../src/activities/read-call.ts';
import { createReconcileWrite } from '../../src/activities/reconcile-write.ts';
import { createValidateAction } from '../../src/activities/validate-action.ts';
import { createWriteCall } from '../../src/activities/write-call.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { recordDecision } from '../../src/gate/decisions.ts';
import { bodyHash } from '../../src/gate/digest.ts';
import { requestIdFor } from '../../src/gate/ids.ts';
import { createQuietWatch } from '../../src/gate/quiet-watch.ts';
import type { AgentActionInput } from '../../src/ports/engine.ts';
import type { CrmAnswer } from '../../src/ports/crm.ts';
import type { Store } from '../../src/ports/store.ts';
import { createSimulatedEngine } from './engine.ts';
import { createTurns } from './turns.ts';
import { createWorld, REQUESTER, TIMING, type World } from './world.ts';

vi.mock(
  '@temporalio/workflow',
  async () => (await import('./fake-temporal.ts')).fakeWorkflowModule,
);

/** What the simulation found, each as its shortest story. */

let world: World;
afterEach(() => world.close());

async function openWorld(): Promise<void> {
  world = await createWorld(1);
  world.crm.isHealthy = true;
}

function inputFor(action: Record<string, unknown> & { action: string }): AgentActionInput {
  const requestId = requestIdFor(world.agent.id, 'key');
  const body = { user_id: REQUESTER, agent_prompt: 'Please.', action };
  const made = { agentId: world.agent.id, connection: 'main', bodyHash: bodyHash(body), body };
  const mac = world.deps.attester.submission(requestId, made);
  return { requestId, submission: { ...made, mac } };
}

const deps = (store: Store = world.store) => ({
  ...world.deps,
  store,
  crm: {
    takeTurns: () => Promise.resolve(undefined),
    call: (operation: Parameters<World['crm']['call']>[0]) =>
      Promise.resolve(world.crm.call(operation)),
  },
});

const TITLE = { action: 'update_contact', contact_id: '1', jobtitle: 'Buyer' };

async function approved(): Promise<string> {
  const input = inputFor(TITLE);
  await createValidateAction(deps())(input);
  const lease = await createFetchSecret(deps())('main');
  await createPrepareApproval(deps())(input.requestId, lease);
  const request = await world.store.requests.get(input.requestId);
  const made = {
    requestId: input.requestId,
    person: world.people[0]!,
    proof: 'key',
    decision: 'approve',
    digest: request?.digest ?? '',
  } as const;
  const rules = { policy: world.deps.policy(), approvalValidMs: TIMING.approvalValidMs };
  await world.store.commit((tx) => recordDecision(tx, made, rules));
  world.publish();
  return input.requestId;
}

/** A HubSpot that takes an update and gives no answer; as far as anyone can see it may still be at it. */
const losing = () => ({
  ...deps(),
  crm: {
    ...deps().crm,
    call: (operation: Parameters<World['crm']['call']>[0]) =>
      operation.kind === 'update'
        ? Promise.resolve({ kind: 'lost', code: 'hubspot.timeout' } as const)
        : deps().crm.call(operation),
  },
});

/** An approved write in a world of its own, and the call that sends it. */
async function writeToCall() {
  await openWorld();
  const requestId = await approved();
  const credential = await createFetchSecret(deps())('main');
  const call = { kind: 'write', requestId, credential, resend: false } as const;
  return { requestId, credential, call };
}

/** HubSpot takes as long as we say to answer an update. */
const answering = (answer: Promise<CrmAnswer>) => ({
  ...deps(),
  crm: {
    ...deps().crm,
    call: (operation: Parameters<World['crm']['call']>[0]) =>
      operation.kind === 'update' ? answer : deps().crm.call(operation),
  },
});

const REFUSED = { kind: 'refused', status: 400, code: 'record.invalid' } as const;

describe('what the simulation found', () => {
  it('a process that stood still after its begin does not send any more', async () => {
    await openWorld();
    const requestId = await approved();
    // As long as it takes others to look three times, to find nothing, and to send it again.
    const standing: Store = {
      ...world.store,
      commit: async (work) => {
        const value = await world.store.commit(work);
        if (world.entries().at(-1)?.facts['purpose'] === 'execute') world.advance(TIMING.quietMs);
        return value;
      },
    };
    const credential = await createFetchSecret(deps())('main');
    const call = { kind: 'write', requestId, credential, resend: false } as const;
    expect(await createWriteCall(deps(standing))(call)).toEqual({ kind: 'unknown' });
    expect(world.crm.effects).toEqual([]);
    expect(await world.store.requests.status(requestId)).toBe('outcome_unknown');
  });

  it('looks that were begun before the quiet time was over do not count as looks after it', async () => {
    const { requestId, credential, call } = await writeToCall();
    expect(await createWriteCall(losing())(call)).toEqual({ kind: 'unknown' });
    // What the third one has read is on its way for so long that the quiet time is over when it is noted.
    const slow = {
      ...deps(),
      crm: {
        ...deps().crm,
        call: async (operation: Parameters<World['crm']['call']>[0]) => {
          const answer = await deps().crm.call(operation);
          world.advance(TIMING.quietMs);
          return answer;
        },
      },
    };
    const look = createReconcileWrite(deps());
    expect(await look(requestId, credential)).toEqual({ kind: 'absent', sinceMs: 0 });
    expect(await look(requestId, credential)).toEqual({ kind: 'absent', sinceMs: 0 });
    const third = await createReconcileWrite(slow)(requestId, credential);
    expect(third).toEqual({ kind: 'absent', sinceMs: 0 });
    world.publish();
    const again = { ...call, resend: true };
    expect(await createWriteCall(deps())(again)).toEqual({ kind: 'unknown' });
    expect(world.crm.effects).toEqual([]);
    await look(requestId, credential);
    world.publish();
    expect(await createWriteCall(deps())(again)).toEqual({ kind: 'ended' });
    expect(world.crm.effects).toHaveLength(1);
  });

  it('a clock that is set forward ends no quiet time, and neither does a process that begins anew', async () => {
    const { requestId, credential, call } = await writeToCall();
    expect(await createWriteCall(losing())(call)).toEqual({ kind: 'unknown' });
    const looks = async (): Promise<unknown> => {
      let last: unknown;
      for (let n = 0; n < 3; n += 1)
        last = await createReconcileWrite(deps())(requestId, credential);
      world.publish();
      return last;
    };
    const again = { ...call, resend: true };
    await createReconcileWrite(deps())(requestId, credential);
    world.advance(TIMING.quietMs / 2);
    world.jump(10 * TIMING.quietMs);
    expect(await looks()).toEqual({ kind: 'absent', sinceMs: TIMING.quietMs / 2 });
    expect(await createWriteCall(deps())(again)).toEqual({ kind: 'unknown' });
    world.forgetQuiet();
    expect(await looks()).toEqual({ kind: 'absent', sinceMs: 0 });
    expect(await createWriteCall(deps())(again)).toEqual({ kind: 'unknown' });
    expect(world.crm.effects).toEqual([]);
    world.advance(TIMING.quietMs);
    expect(await looks()).toEqual({ kind: 'absent', sinceMs: TIMING.quietMs });
    expect(await createWriteCall(deps())(again)).toEqual({ kind: 'ended' });
    expect(world.crm.effects).toHaveLength(1);
  });

  it('a clock that ran ahead and is set right again keeps no write unknown', async () => {
    const { requestId, credential, call } = await writeToCall();
    expect(await createWriteCall(losing())(call)).toEqual({ kind: 'unknown' });
    world.jump(-86_400_000);
    const look = () => createReconcileWrite(deps())(requestId, credential);
    await look();
    await look();
    world.advance(TIMING.quietMs);
    expect(await look()).toEqual({ kind: 'absent', sinceMs: TIMING.quietMs });
    world.publish();
    expect(await createWriteCall(deps())({ ...call, resend: true })).toEqual({ kind: 'ended' });
    expect(world.crm.effects).toHaveLength(1);
  });

  it('an order to send it again that comes without the looks concludes nothing from what its own effect has changed', async () => {
    const { requestId, credential, call } = await writeToCall();
    const lost = { kind: 'lost', code: 'hubspot.timeout' } as const;
    const deaf = {
      ...deps(),
      crm: {
        ...deps().crm,
        call: async (operation: Parameters<World['crm']['call']>[0]) => {
          const answer = await deps().crm.call(operation);
          return operation.kind === 'update' ? lost : answer;
        },
      },
    };
    expect(await createWriteCall(deaf)(call)).toEqual({ kind: 'unknown' });
    world.advance(TIMING.quietMs);
    expect(world.crm.effects).toHaveLength(1);
    world.publish();
    expect(await createWriteCall(deps())({ ...call, resend: true })).toEqual({ kind: 'unknown' });
    expect(await world.store.requests.status(requestId)).toBe('outcome_unknown');
    await createReconcileWrite(deps())(requestId, credential);
    expect(await world.store.requests.status(requestId)).toBe('succeeded');
  });

  it('after a look that nothing could be made of the looks begin anew', async () => {
    const { requestId, credential, call } = await writeToCall();
    expect(await createWriteCall(losing())(call)).toEqual({ kind: 'unknown' });
    const refusing = { ...deps().crm, call: () => Promise.resolve(REFUSED) };
    const look = () => createReconcileWrite(deps())(requestId, credential);
    const unclear = createReconcileWrite({ ...deps(), crm: refusing });
    await look();
    await look();
    world.advance(TIMING.quietMs);
    expect(await unclear(requestId, credential)).toEqual({ kind: 'unclear' });
    expect(await unclear(requestId, credential)).toEqual({ kind: 'unclear' });
    expect(world.entries().filter(({ event }) => event === 'hubspot.unclear')).toHaveLength(1);
    const again = { ...call, resend: true };
    expect(await look()).toEqual({ kind: 'absent', sinceMs: TIMING.quietMs });
    world.publish();
    expect(await createWriteCall(deps())(again)).toEqual({ kind: 'unknown' });
    expect(world.crm.effects).toEqual([]);
    await look();
    await look();
    world.publish();
    expect(await createWriteCall(deps())(again)).toEqual({ kind: 'ended' });
    expect(world.crm.effects).toHaveLength(1);
  });

  it('a refusal that comes when the write was sent again speaks of the first attempt alone', async () => {
    const { requestId, credential, call } = await writeToCall();
    const first = Promise.withResolvers<CrmAnswer>();
    const second = Promise.withResolvers<CrmAnswer>();
    // Of another process: what this one is sending is not sent again by it.
    const ofAnother = { ...answering(first.promise), quietWatch: createQuietWatch() };
    const slow = createWriteCall(ofAnother)(call);
    await expect.poll(() => world.entries().at(-1)?.facts['purpose']).toBe('execute');
    const look = createReconcileWrite(deps());
    for (let n = 0; n < 3; n += 1) {
      world.advance(TIMING.quietMs);
      await look(requestId, credential);
    }
    world.publish();
    const again = createWriteCall(answering(second.promise))({ ...call, resend: true });
    await expect.poll(() => world.entries().at(-1)?.facts['resend']).toBe(true);
    first.resolve({ kind: 'refused', status: 400, code: 'record.invalid' });
    expect(await slow).toEqual({ kind: 'unknown' });
    expect(await world.store.requests.status(requestId)).toBe('outcome_unknown');
    second.resolve({ kind: 'lost', code: 'hubspot.timeout' });
    expect(await again).toEqual({ kind: 'unknown' });
  });

  it('what this process is still sending is not sent again by it, whatever the engine thinks', async () => {
    const { requestId, credential, call } = await writeToCall();
    const answer = Promise.withResolvers<CrmAnswer>();
    const slow = createWriteCall(answering(answer.promise))(call);
    await expect.poll(() => world.entries().at(-1)?.facts['purpose']).toBe('execute');
    for (let n = 0; n < 4; n += 1) {
      world.advance(TIMING.quietMs);
      const seen = await createReconcileWrite(deps())(requestId, credential);
      expect(seen).toEqual({ kind: 'absent', sinceMs: 0 });
    }
    world.publish();
    expect(await createWriteCall(deps())({ ...call, resend: true })).toEqual({ kind: 'unknown' });
    expect(world.crm.effects).toEqual([]);
    answer.resolve(REFUSED);
    expect(await slow).toEqual({ kind: 'ended' });
  });

  it('a write whose turn has not come reads nothing: what it had compared would be old by then', async () => {
    const { call } = await writeToCall();
    const before = world.entries().length;
    const noTurn = { code: 'hubspot.rate_limited', retryAfterSeconds: 9 } as const;
    const asked: string[][] = [];
    const takeTurns = (calls: readonly { kind: string }[]) => {
      asked.push(calls.map(({ kind }) => kind));
      return Promise.resolve(noTurn);
    };
    const deferred = createWriteCall({ ...deps(), crm: { ...deps().crm, takeTurns } });
    expect(await deferred(call)).toEqual({ kind: 'not_begun', code: noTurn.code });
    expect(asked).toEqual([['read', 'update']]);
    expect(world.entries().length).toBe(before);
  });

  it('a lost write is looked for first, also while a row of the roster is damaged', async () => {
    const { requestId, call } = await writeToCall();
    const lost = { kind: 'lost', code: 'hubspot.timeout' } as const;
    const losing = { ...deps(), crm: { ...deps().crm, call: () => Promise.resolve(lost) } };
    await world.store.commit((tx) => tx.requests.update(requestId, { status: 'executing' }));
    await world.store.commit((tx) => tx.requests.update(requestId, { status: 'outcome_unknown' }));
    world.file.exec("UPDATE people SET name = 'Somebody else'");
    expect(await createWriteCall(losing)(call)).toEqual({ kind: 'unknown' });
  });

  it('a card that is refused is refused once, though two runs come to it', async () => {
    await openWorld();
    const input = inputFor({ ...TITLE, contact_id: '999' });
    await createValidateAction(deps())(input);
    const lease = await createFetchSecret(deps())('main');
    const prepare = createPrepareApproval(deps());
    await Promise.all([prepare(input.requestId, lease), prepare(input.requestId, lease)]);
    expect(await world.store.requests.status(input.requestId)).toBe('failed');
    const ends = world.entries().filter(({ event }) => event === 'request.refused');
    expect(ends).toHaveLength(1);
  });

  it('a card is made on the new credential when the old one was rotated out meanwhile', async () => {
    await openWorld();
    const turns = createTurns();
    const engine = createSimulatedEngine(world, turns);
    const input = inputFor(TITLE);
    await engine.start(input);
    const isPreparing = (): boolean =>
      turns.waiting.some(({ owner }) => owner.name.startsWith('prepareApproval'));
    while (!isPreparing()) await turns.release(turns.waiting[0]!);
    const rotated = { connection: 'main', version: 2, fingerprint: 'f', by: 'test' };
    await world.store.commit((tx) => activateCredential(tx, rotated));
    for (let round = 0; round < 100; round += 1) {
      const turn = turns.waiting[0];
      const timer = engine.timers()[0];
      if (turn !== undefined) await turns.release(turn);
      else if (timer !== undefined && timer.dueMs - world.now().getTime() < 10_000) {
        world.advance(Math.max(0, timer.dueMs - world.now().getTime()));
        await engine.fire(timer);
      }
    }
    expect(await world.store.requests.status(input.requestId)).toBe('awaiting_approval');
    engine.lose();
  });

  it('two validations of one request at once are one request, for both of them', async () => {
    await openWorld();
    const validate = createValidateAction(deps());
    const input = inputFor(TITLE);
    const verdicts = await Promise.all([validate(input), validate(input)]);
    expect(verdicts[1]).toEqual(verdicts[0]);
    expect(verdicts[0]).toMatchObject({ kind: 'write', status: 'planned' });
  });

  it('a read that runs twice at once ends once, and both answers are in the log', async () => {
    await openWorld();
    const input = inputFor({ action: 'get_contact', contact_id: '1' });
    const verdict = await createValidateAction(deps())(input);
    if (verdict.kind !== 'read') throw new Error(`a read was taken for ${verdict.kind}`);
    const credential = await createFetchSecret(deps())('main');
    const call = { kind: 'read', input, read: verdict.read, credential } as const;
    await Promise.all([createReadCall(deps())(call), createReadCall(deps())(call)]);
    expect(await world.store.requests.status(input.requestId)).toBe('succeeded');
    const events = world.entries().map(({ event }) => event);
    expect(events.filter((event) => event === 'hubspot.answered')).toHaveLength(2);
    expect(events.filter((event) => event === 'request.completed')).toHaveLength(1);
  });

  it('an entry that is missing before it was published stops writes, and no request is blamed', async () => {
    await openWorld();
    const requestId = await approved();
    await world.store.commit(async (tx) => {
      for (let entry = 0; entry < 2; entry += 1)
        await tx.log.append({
          event: 'gateway.started',
          actor: 'gateway',
          facts: { policy: 'one' },
        });
    });
    world.file.exec(`DELETE FROM log_entries WHERE idx = ${world.published.at(-1)?.size ?? 0}`);
    const credential = await createFetchSecret(deps())('main');
    const call = { kind: 'write', requestId, credential, resend: false } as const;
    const outcome = await createWriteCall(deps())(call);
    expect(outcome).toEqual({ kind: 'not_begun', code: 'log.unavailable' });
    expect(world.crm.effects).toEqual([]);
    expect(await world.store.requests.status(requestId)).toBe('approved');
  });
});
