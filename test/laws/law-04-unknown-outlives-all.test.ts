import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { workflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { placeFreeze } from '../../src/gate/freezes.ts';
import { revokeAgent, revokePerson } from '../../src/gate/roster.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let companyId: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const found = await gateway.submit({ action: 'search_company', name: 'Acme Corp' });
  companyId = found.body.result.companies[0].id;
});
afterAll(() => gateway.close());
afterEach(() => gateway.simulator.control('DELETE', '/faults'));

const statusOf = (id: string) => gateway.context.store.requests.status(id);

const isUnknown = (id: string) =>
  expect.poll(() => statusOf(id), { timeout: 20_000, interval: 20 }).toBe('outcome_unknown');

/** A note whose answer was lost, and that cannot be looked for as long as the fault stands. */
async function lostNote(
  text: string,
  mode: 'commit_then_drop' | 'drop',
  by = { agent: gateway.agent.call, approver: gateway.approver.call },
): Promise<string> {
  const action = { action: 'create_note', company_id: companyId, note: text };
  const { body } = await gateway.submit(action, { call: by.agent });
  await gateway.fault({ method: 'POST', path: '/notes' }, mode, 1);
  await gateway.fault({ path: '/associations/' }, '503', 100_000);
  await gateway.approve(body.id, body.digest, by.approver);
  await isUnknown(body.id);
  return body.id;
}

const settled = async (id: string): Promise<string | undefined> => {
  await gateway.simulator.control('DELETE', '/faults');
  await expect.poll(() => statusOf(id), { timeout: 40_000 }).not.toBe('outcome_unknown');
  return statusOf(id);
};

const codeOf = async (id: string) => (await gateway.context.store.requests.get(id))?.code;

describe('law 4: an unknown write is settled', () => {
  it.each(['revoked', 'frozen'])(
    'also when its agent was %s meanwhile',
    async (fate) => {
      const agent = await gateway.addAgent(`leaving-${fate}`);
      const text = `Its agent was ${fate}.`;
      const id = await lostNote(text, 'commit_then_drop', {
        agent: agent.call,
        approver: gateway.approver.call,
      });
      await gateway.context.store.commit(async (tx) => {
        const target = { kind: 'agent', id: agent.record.id } as const;
        if (fate === 'revoked') await revokeAgent(tx, { id: agent.record.id, by: 'test' });
        else await placeFreeze(tx, { target, reason: 'test', by: 'test', configured: 'main' });
      });
      expect(await settled(id)).toBe('succeeded');
      expect(await gateway.timesSent(text)).toBe(1);
    },
    60_000,
  );

  it('but is not sent again for an agent that was revoked meanwhile', async () => {
    const agent = await gateway.addAgent('left-for-good');
    const id = await lostNote('Never arrived, agent gone.', 'drop', {
      agent: agent.call,
      approver: gateway.approver.call,
    });
    await gateway.context.store.commit((tx) =>
      revokeAgent(tx, { id: agent.record.id, by: 'test' }),
    );
    expect(await settled(id)).toBe('failed');
    expect(await codeOf(id)).toBe('outcome.not_executed');
    expect(await gateway.timesSent('Never arrived, agent gone.')).toBe(0);
  }, 60_000);

  it('nor on the approval of somebody who was revoked meanwhile', async () => {
    const leaver = await gateway.addPerson('Lou Leaver');
    const id = await lostNote('Never arrived, approver gone.', 'drop', {
      agent: gateway.agent.call,
      approver: leaver.call,
    });
    await gateway.context.store.commit((tx) =>
      revokePerson(tx, { id: leaver.record.id, by: 'test' }),
    );
    expect(await settled(id)).toBe('failed');
    expect(await codeOf(id)).toBe('outcome.not_executed');
    expect(await gateway.timesSent('Never arrived, approver gone.')).toBe(0);
  }, 60_000);

  it('also over a history that has grown too long, and is never said to have failed', async () => {
    const id = await lostNote('Over a new history.', 'commit_then_drop');
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const { namespace } = gateway.config.temporal;
    const client = new Client({ connection, namespace });
    const workflow = client.workflow.getHandle(workflowIdOf(id));
    const first = await workflow.describe();
    for (let sent = 0; sent < 4_500; sent += 100) {
      await Promise.all(Array.from({ length: 100 }, () => workflow.signal('decide')));
    }
    // It starts afresh at its next look, which is as far away as the looks have already gone on.
    await expect
      .poll(async () => (await workflow.describe()).runId, { timeout: 180_000, interval: 500 })
      .not.toBe(first.runId);
    expect(await statusOf(id)).toBe('outcome_unknown');
    expect(await settled(id)).toBe('succeeded');
    expect(await gateway.timesSent('Over a new history.')).toBe(1);
    await connection.close();
  }, 300_000);
});
