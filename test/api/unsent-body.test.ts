import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

/** Sends this much and no more; what comes back within the time, and whether the other side has closed. */
async function knock(text: string, waitMs: number): Promise<{ answer: string; closed: boolean }> {
  const socket = connect(gateway.config.ports.api, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const closed = once(socket, 'close').then(() => true);
  socket.write(text.replaceAll('\n', '\r\n'));
  const result = await Promise.race([closed, sleep(waitMs, false)]);
  socket.destroy();
  return { answer, closed: result };
}

describe('a body that is announced and never sent', () => {
  it.each(['GET /healthz', 'GET /readyz', 'GET /openapi.json', 'GET /nowhere', 'PUT /healthz'])(
    'does not hold the answer to %s, which reads none',
    async (what) => {
      const { answer } = await knock(
        `${what} HTTP/1.1\nHost: x\nConnection: close\nContent-Length: 10\n\n`,
        3_000,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 (200|404|405) /);
    },
  );

  it('does not hold the refusal of whoever has no key: nothing of theirs is read', async () => {
    const head = 'POST /v1/actions HTTP/1.1\nHost: x\nConnection: close\n';
    const { answer } = await knock(`${head}Content-Length: 100000\n\n{`, 3_000);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    const large = await gateway.caller('nobody')('POST', '/v1/actions', {
      body: 'x'.repeat(200_000),
    });
    expect(large.body.code).toBe('agent.unauthenticated');
  });

  it('holds a connection for ten seconds and no longer', async () => {
    const head = `POST /v1/actions HTTP/1.1\nHost: x\nAuthorization: Bearer ${gateway.agent.key}\nContent-Type: application/json\n`;
    const since = Date.now();
    const { answer, closed } = await knock(`${head}Content-Length: 10\n\n{`, 15_000);
    expect(closed).toBe(true);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(Date.now() - since).toBeGreaterThan(8_000);
  });

  it('of an answered request does not keep its connection for ever either', async () => {
    const head = 'GET /healthz HTTP/1.1\nHost: x\nContent-Length: 10\n\n';
    expect((await knock(head, 15_000)).closed).toBe(true);
  });
});

describe('an answer that takes its time', () => {
  it('is not cut off by the limit on sending the request', async () => {
    const submitted = await gateway.submit({
      action: 'create_note',
      contact_id: '20001',
      note: 'Takes its time',
    });
    expect(submitted.status).toBe(202);
    const answer = await gateway.agent.call('GET', `/v1/actions/${submitted.body.id}?wait=13`);
    expect(answer.status).toBe(200);
    expect(answer.body.status).toBe('awaiting_approval');
  });
});
