import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const READ = { action: 'search_contact', company: 'Acme Corp' };
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Takes its time.' };
const waitFor = (seconds: number | string) => ({ headers: { prefer: `wait=${seconds}` } });

let gateway: TestGateway;
afterEach(() => gateway.close());

const start = async (env: Record<string, string> = {}): Promise<void> => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress'), env });
};

async function waitingApprovals(count: number): Promise<{ id: string; digest: string }[]> {
  for (;;) {
    const { body } = await gateway.approver.call('GET', '/v1/approvals');
    if (body.approvals.length === count)
      return body.approvals.map(({ id, card }: { id: string; card: { digest: string } }) => ({
        id,
        digest: card.digest,
      }));
    await sleep(20);
  }
}

describe('a caller who waits for people', () => {
  it('holds no place among the requests in flight', async () => {
    await start({ SALLYPORT_SLOTS: '4' });
    const other = await gateway.addAgent('other');
    const writes = Array.from({ length: 4 }, () => gateway.submit(NOTE, waitFor(3)));
    await waitingApprovals(4);
    expect((await gateway.submit(READ, { call: other.call })).status).toBe(200);
    const answers = await Promise.all(writes);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  });

  it('is answered with the end as soon as a person has decided', async () => {
    await start();
    const since = Date.now();
    const write = gateway.submit(NOTE, waitFor(30));
    const [waiting] = await waitingApprovals(1);
    await gateway.approve(waiting?.id ?? '', waiting?.digest ?? '');
    const answer = await write;
    expect(answer.status).toBe(200);
    expect(answer.body.status).toBe('succeeded');
    expect(Date.now() - since).toBeLessThan(20_000);
  });

  it.each(['submit', 'look'])('gets the present state when the gateway stops (%s)', async (by) => {
    await start();
    const first = by === 'look' ? await gateway.submit(NOTE) : undefined;
    const answer =
      first === undefined
        ? gateway.submit(NOTE, waitFor(60))
        : gateway.agent.call('GET', `/v1/actions/${first.body.id}?wait=60`);
    await waitingApprovals(1);
    await sleep(200);
    const since = Date.now();
    await gateway.stopGateway();
    expect((await answer).body.status).toBe('awaiting_approval');
    expect(Date.now() - since).toBeLessThan(4_000);
  });
});

describe('a caller who hangs up while waiting', () => {
  it('is no failure of the gateway', async () => {
    await start();
    const errors = vi.spyOn(gateway.context.logger, 'error');
    const { body } = await gateway.submit(NOTE);
    const call = get({
      port: gateway.config.ports.api,
      path: `/v1/actions/${body.id}?wait=30`,
      headers: { authorization: `Bearer ${gateway.agent.key}` },
    });
    call.on('error', () => undefined);
    await once(call, 'finish');
    await sleep(500);
    call.destroy();
    await sleep(500);
    expect(errors.mock.calls).toEqual([]);
  });
});

describe('`Prefer: wait` shorter than the engine takes', () => {
  it('is answered with the accepted request, not with a refusal', async () => {
    await start();
    const answer = await gateway.submit(NOTE, waitFor(0));
    expect(answer.status).toBe(202);
    expect((await gateway.agent.call('GET', `/v1/actions/${answer.body.id}`)).status).toBe(200);
  });

  it('shortens the wait for the end', async () => {
    await start({ SALLYPORT_CALL_DEADLINE_SECONDS: '8' });
    await gateway.simulator.control('POST', '/faults', { mode: 'slow', delay_ms: 4_000, times: 1 });
    const since = Date.now();
    expect((await gateway.submit(READ, waitFor(1))).status).toBe(202);
    expect(Date.now() - since).toBeLessThan(3_000);
  });

  it('is the usual wait when it is no number of seconds', async () => {
    await start();
    expect((await gateway.submit(READ, waitFor('abc'))).status).toBe(200);
  });
});
