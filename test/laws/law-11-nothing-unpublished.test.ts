import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { inFile } from '../support/store-file.ts';

/** After ten seconds without a publication nothing begins; and some to spare. */
const STALLED_AFTER_MS = 11_000;
const WOULD_BE_SENT_BY_MS = 3_000;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

/**
 * Flips a byte of what vouches for the newest entry but one; again, and it is as before. The newest
 * could be a freeze: without it nothing at all would be called.
 */
function flipNewer(idx?: number): number {
  return inFile(gateway.config.files.store, (file) => {
    const row = file
      .prepare(
        idx === undefined
          ? 'SELECT idx, voucher FROM log_entries ORDER BY idx DESC LIMIT 1 OFFSET 1'
          : `SELECT idx, voucher FROM log_entries WHERE idx = ${idx}`,
      )
      .get() as { idx: number; voucher: Uint8Array };
    row.voucher[row.voucher.length - 1]! ^= 1;
    file.prepare('UPDATE log_entries SET voucher = ? WHERE idx = ?').run(row.voucher, row.idx);
    return row.idx;
  });
}

/** Changes an entry in the commit that writes it, so that nobody publishes it before. Puts it back. */
async function keepUnpublished(): Promise<() => void> {
  const { store, auditLog } = gateway.context;
  const isAllPublished = async () =>
    (await auditLog.checkpoint()).size === (await store.log.size());
  await expect.poll(isAllPublished, { timeout: 10_000 }).toBe(true);
  const file = new DatabaseSync(gateway.config.files.store, { timeout: 5_000 });
  file.exec(`
    CREATE TABLE kept (idx INTEGER, voucher BLOB);
    CREATE TRIGGER keep AFTER INSERT ON log_entries WHEN NEW.event = 'gateway.started' BEGIN
      INSERT INTO kept SELECT idx, voucher FROM log_entries WHERE idx = NEW.idx - 1;
      UPDATE log_entries SET voucher = zeroblob(length(voucher)) WHERE idx = NEW.idx - 1;
    END`);
  await store.commit(async (tx) => {
    await tx.log.append({ event: 'radar.swept', actor: 'gateway' });
    // The newest could be a freeze: without it nothing at all would be called.
    await tx.log.append({ event: 'gateway.started', actor: 'gateway' });
  });
  return () => {
    file.exec(`
      UPDATE log_entries SET voucher = (SELECT voucher FROM kept) WHERE idx = (SELECT idx FROM kept);
      DROP TRIGGER keep;
      DROP TABLE kept`);
    file.close();
  };
}

/** A write that is approved once the log has stood still for longer than it may. */
async function approveStalled(text: string): Promise<string> {
  const note = { action: 'create_note', contact_id: '20001', note: text };
  const { body } = await gateway.submit(note);
  await sleep(STALLED_AFTER_MS);
  await gateway.approve(body.id, body.digest);
  await sleep(WOULD_BE_SENT_BY_MS);
  expect(await gateway.timesSent(text)).toBe(0);
  const waiting = { status: 'approved', code: 'log.unavailable' };
  expect(await gateway.context.store.requests.get(body.id)).toMatchObject(waiting);
  return body.id;
}

describe('law 11: a log that is written and not published', () => {
  it('lets no write begin, which nobody outside could ever hold against it', async () => {
    await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
    const damaged = flipNewer();
    const id = await approveStalled('Seen by nobody.');
    flipNewer(damaged);
    expect((await gateway.ended(id, 40_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Seen by nobody.')).toBe(1);
  });

  it('keeps a write waiting, also when what comes next to be published is what was changed', async () => {
    const putBack = await keepUnpublished();
    const id = await approveStalled('Next to nothing.');
    putBack();
    expect((await gateway.ended(id, 40_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Next to nothing.')).toBe(1);
  });
});
