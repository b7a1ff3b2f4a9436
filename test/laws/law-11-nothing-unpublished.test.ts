import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

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
  const file = new DatabaseSync(gateway.config.files.store, { timeout: 5_000 });
  const row = file
    .prepare(
      idx === undefined
        ? 'SELECT idx, voucher FROM log_entries ORDER BY idx DESC LIMIT 1 OFFSET 1'
        : `SELECT idx, voucher FROM log_entries WHERE idx = ${idx}`,
    )
    .get() as { idx: number; voucher: Uint8Array };
  row.voucher[row.voucher.length - 1]! ^= 1;
  file.prepare('UPDATE log_entries SET voucher = ? WHERE idx = ?').run(row.voucher, row.idx);
  file.close();
  return row.idx;
}

describe('law 11: a log that is written and not published', () => {
  it('lets no write begin, which nobody outside could ever hold against it', async () => {
    await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
    const damaged = flipNewer();
    const note = { action: 'create_note', contact_id: '20001', note: 'Seen by nobody.' };
    const { body } = await gateway.submit(note);
    await sleep(STALLED_AFTER_MS);
    await gateway.approve(body.id, body.digest);
    await sleep(WOULD_BE_SENT_BY_MS);
    expect(await gateway.timesSent('Seen by nobody.')).toBe(0);
    expect(await gateway.context.store.requests.status(body.id)).toBe('approved');
    flipNewer(damaged);
    expect((await gateway.ended(body.id, 40_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Seen by nobody.')).toBe(1);
  });
});
