import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { readLeaf } from '../support/log-entries.ts';
import { runInFile } from '../support/store-file.ts';

/** An entry that was taken out, or that does not open, may hide that a write was begun. Whose? */

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterEach(() => gateway.close());

const waitingNote = async (text: string): Promise<{ id: string; digest: string }> =>
  (await gateway.submit({ action: 'create_note', contact_id: '20001', note: text })).body;

function inStore(sql: string, ...values: string[]): void {
  expect(runInFile(gateway.config.files.store, sql, ...values)).toBeGreaterThan(0);
}

const published = async (): Promise<void> => {
  const { auditLog, store } = gateway.context;
  const size = await store.log.size();
  await expect.poll(async () => (await auditLog.checkpoint()).size).toBeGreaterThanOrEqual(size);
};

/** Nothing that this process has read before may help it. */
async function restart(): Promise<void> {
  await gateway.stopGateway();
  await gateway.startGateway();
}

const alerts = async (): Promise<number> => {
  const { log } = gateway.context.store;
  const size = await log.size();
  let found = 0;
  for (let at = 0; at < size; at += 1) {
    const [leaf] = await log.leaves(at, at + 1).catch(() => []);
    if (leaf !== undefined && readLeaf(leaf).event === 'store.tampered') found += 1;
  }
  return found;
};

describe('law 3: a gap in the log', () => {
  it('harms no write whose begin it cannot hide: a read’s answer', async () => {
    const { id, digest } = await waitingNote('Beside a read.');
    const read = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
    await waitingNote('Later.');
    await published();
    inStore(
      "UPDATE log_entries SET leaf = x'7b7d' WHERE request_id = ? AND event = 'hubspot.answered'",
      read.body.id,
    );
    await restart();
    await gateway.approve(id, digest);
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    expect(await alerts()).toBe(0);
  });

  it('harms no write whose begin it cannot hide: the begin of another', async () => {
    const { id, digest } = await waitingNote('Beside a write.');
    const other = await waitingNote('The other write.');
    await gateway.approve(other.id, other.digest);
    await gateway.ended(other.id);
    await waitingNote('Later still.');
    await published();
    inStore(
      `DELETE FROM log_entries WHERE request_id = ? AND event = 'hubspot.intended'
       AND instr(CAST(leaf AS TEXT), '"purpose":"execute"')`,
      other.id,
    );
    await restart();
    await gateway.approve(id, digest);
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    expect(await alerts()).toBe(0);
  });

  it('holds a write whose begin it may hide, with one alert however often it is resumed', async () => {
    const { id, digest } = await waitingNote('Perhaps begun.');
    const others = [await waitingNote('Another.'), await waitingNote('And another.')];
    for (const other of others) {
      await gateway.approve(other.id, other.digest);
      await gateway.ended(other.id);
    }
    await waitingNote('The last.');
    await published();
    inStore(
      `DELETE FROM log_entries WHERE idx > (SELECT max(idx) FROM log_entries WHERE request_id = ?)
       AND request_id IN (?, ?)`,
      id,
      ...others.map((other) => other.id),
    );
    await restart();
    await gateway.approve(id, digest);
    const { requests } = gateway.context.store;
    await expect.poll(() => requests.status(id), { timeout: 20_000 }).toBe('outcome_unknown');
    expect(await alerts()).toBe(1);
    for (let again = 0; again < 2; again += 1) {
      await restart();
      await sleep(2_500);
    }
    expect(await gateway.context.store.requests.status(id)).toBe('outcome_unknown');
    expect(await alerts()).toBe(1);
    expect(await gateway.timesSent('Perhaps begun.')).toBe(0);
  }, 60_000);
});
