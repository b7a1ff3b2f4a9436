import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectDependencies } from '../../src/dependencies.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/**
 * What was shown was a record of one HubSpot account. A token of another one, set by mistake or by
 * somebody else, must not carry it there, nor look there for what was lost.
 */
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_APPROVAL_SECONDS: '600' },
  });
});
afterAll(() => gateway.close());

const contact = (name: string) => ({ action: 'create_contact', email: `${name}@elsewhere.test` });

const connect = (isPortalForced = false) =>
  connectAccount(connectDependencies(gateway.context, gateway.simulator.url), {
    ...{ connection: 'main', by: 'operator' },
    isPortalForced,
  });

/** A token that was put into use without the look at what it opens, as for an account that is not connected. */
async function rotate(): Promise<number> {
  const { secrets, store } = gateway.context;
  const before = await secrets.get('hubspot/main');
  const token = await gateway.simulator.token('all');
  const version = await secrets.put('hubspot/main', token, before?.version ?? 0);
  const of = { connection: 'main', version, fingerprint: randomUUID().slice(0, 12), by: 'test' };
  await store.commit((tx) => activateCredential(tx, of));
  return version;
}

/** The connection leads to an account that no token of the simulator opens. */
async function moveElsewhere(): Promise<void> {
  const { store } = gateway.context;
  const known = await store.connections.get('main');
  if (known === undefined) throw new Error('not connected yet');
  await store.commit((tx) => tx.connections.put({ ...known, portalId: 1 }));
}

describe('law 2: a connected account', () => {
  it('is not called on a new token until it was seen to open it; what waits goes on then', async () => {
    await connect();
    const { body } = await gateway.submit(contact('rotated'));
    await rotate();
    const read = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
    expect([read.status, read.body.code]).toEqual([503, 'credential.unchecked']);
    await gateway.approve(body.id, body.digest);
    await expect
      .poll(
        async () => (await gateway.agent.call('GET', `/v1/actions/${body.id}`)).body.waiting_for,
      )
      .toBe('credential.unchecked');
    expect(await gateway.timesSent('rotated@')).toBe(0);
    await connect();
    expect((await gateway.ended(body.id, 40_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('rotated@')).toBe(1);
  }, 60_000);

  it('and a write approved for it is sent to no other', async () => {
    const { body } = await gateway.submit(contact('moved'));
    await moveElsewhere();
    await rotate();
    await expect(connect()).rejects.toThrow('connection.portal_changed');
    await gateway.approve(body.id, body.digest);
    // Also when an operator means it: what was approved before was shown of the account before.
    await connect(true);
    const { body: ended } = await gateway.ended(body.id, 40_000);
    expect([ended.status, ended.problem.code]).toEqual(['refused', 'connection.portal_changed']);
    expect(await gateway.timesSent('moved@')).toBe(0);
    const { body: asked } = await gateway.submit(contact('asked-again'));
    await gateway.approve(asked.id, asked.digest);
    expect((await gateway.ended(asked.id)).body.status).toBe('succeeded');
  }, 60_000);

  it('and one that was lost there is not looked for, nor sent again, elsewhere', async () => {
    const { body } = await gateway.submit(contact('lost'));
    await gateway.fault({ method: 'POST', path: '/contacts$' }, 'drop', 1);
    await gateway.fault({ method: 'GET', path: '/crm/objects/' }, '503', 0);
    await gateway.approve(body.id, body.digest);
    const stateOf = async () =>
      (await gateway.agent.call('GET', `/v1/actions/${body.id}`)).body.status;
    await expect.poll(stateOf, { timeout: 15_000 }).toBe('outcome_unknown');
    await moveElsewhere();
    await connect(true);
    await gateway.simulator.control('DELETE', '/faults');
    // Longer than the quiet time and several looks.
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    expect(await stateOf()).toBe('outcome_unknown');
    const events = (await gateway.entriesOf(body.id)).map(({ event }) => event);
    expect(events).not.toContain('hubspot.absent');
    expect(await gateway.timesSent('lost@')).toBe(0);
  }, 60_000);
});
