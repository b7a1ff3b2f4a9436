import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createSqliteStore } from '../../src/adapters/store/sqlite/store.ts';
import { createEdgeRefusals } from '../../src/api/edge-refusals.ts';
import { openContext } from '../../src/context.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import type { Store } from '../../src/ports/store.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';

interface Refusal {
  readonly event: string;
  readonly actor: string;
  readonly code: string;
  readonly facts: { readonly route: string; readonly suppressed_before: number };
}

const refusals = async (store: Pick<Store, 'log'>): Promise<Refusal[]> =>
  (await logEntries(store)).filter(({ event }) => event === 'request.refused');

const summary = (entries: readonly Refusal[]): string[] =>
  entries.map(({ code, facts }) => `${code} ${facts.route} ${facts.suppressed_before}`);

describe('refusals at the edge', () => {
  const refusal = { code: 'agent.unauthenticated', actor: 'unknown', route: '/v1/x' } as const;
  let folder: string;
  let store: Store;
  let isFull = false;
  let nowMs = 0;
  const create = () =>
    createEdgeRefusals(
      {
        commit: (work) =>
          isFull ? Promise.reject(new GatewayError('store.unavailable')) : store.commit(work),
      },
      () => new Date(nowMs),
    );

  beforeEach(async () => {
    isFull = false;
    folder = mkdtempSync(join(tmpdir(), 'sallyport-edge-'));
    store = await createSqliteStore({
      file: join(folder, 'store.db'),
      sealKey: Buffer.alloc(32, 7),
    });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are one entry a minute for each kind, and a count, however many come at once', async () => {
    const edge = create();
    await Promise.all(Array.from({ length: 50 }, () => edge.note(refusal)));
    expect(summary(await refusals(store))).toEqual(['agent.unauthenticated /v1/x 0']);
    nowMs += 60_000;
    await edge.note(refusal);
    expect(summary(await refusals(store)).at(-1)).toBe('agent.unauthenticated /v1/x 49');
  });

  it('are told by the next one when the log could not be written', async () => {
    const edge = create();
    isFull = true;
    await expect(edge.note(refusal)).rejects.toMatchObject({ code: 'store.unavailable' });
    isFull = false;
    await edge.note(refusal);
    expect(summary(await refusals(store))).toEqual(['agent.unauthenticated /v1/x 1']);
  });

  it('that were only counted are written at the stop', async () => {
    const edge = create();
    for (let i = 0; i < 4; i += 1) await edge.note(refusal);
    await edge.flush();
    await edge.flush();
    expect(summary(await refusals(store))).toEqual([
      'agent.unauthenticated /v1/x 0',
      'agent.unauthenticated /v1/x 2',
    ]);
  });
});

describe('the log of a gateway', () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  });
  afterEach(() => gateway.close());

  it('has what a known caller asked for in vain, and nothing of that from strangers', async () => {
    const { call, record } = gateway.agent;
    const missing = `/v1/actions/act_${'0'.repeat(26)}`;
    for (const stranger of [gateway.caller(undefined), gateway.caller('spa_nobody')]) {
      expect((await stranger('GET', '/v1/nothing')).status).toBe(404);
      expect((await stranger('PUT', '/v1/actions')).status).toBe(405);
    }
    expect(await refusals(gateway.context.store)).toEqual([]);
    for (let i = 0; i < 3; i += 1) {
      expect((await call('GET', missing)).status).toBe(404);
      expect((await call('GET', '/v1/nothing')).status).toBe(404);
      expect((await call('PUT', '/v1/actions')).status).toBe(405);
    }
    expect((await gateway.approver.call('GET', '/v1/elsewhere')).status).toBe(404);
    expect(
      (await gateway.approver.call('GET', missing.replace('actions', 'approvals'))).status,
    ).toBe(404);
    const found = await refusals(gateway.context.store);
    expect(summary(found)).toEqual([
      'request.not_found /v1/actions/:id 0',
      'request.not_found unknown 0',
      'request.method_not_allowed /v1/actions 0',
      'request.not_found unknown 0',
      'approval.not_found /v1/approvals/:id 0',
    ]);
    const agent = `agent:${record.id}`;
    const person = `person:${gateway.approver.record.id}`;
    expect(found.map(({ actor }) => actor)).toEqual([agent, agent, agent, person, person]);
  });

  it('has the counts of a minute that the stop cut short', async () => {
    for (let i = 0; i < 3; i += 1) await gateway.caller('nobody')('GET', '/v1/actions');
    await gateway.stopGateway();
    const context = await openContext(gateway.config);
    const found = summary(await refusals(context.store));
    await context.close();
    expect(found).toEqual([
      'agent.unauthenticated /v1/actions 0',
      'agent.unauthenticated /v1/actions 1',
    ]);
  });
});
