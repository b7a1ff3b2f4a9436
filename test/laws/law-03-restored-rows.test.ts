import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runInFile } from '../support/store-file.ts';

/**
 * Law 3 against somebody who can write the file: rows of the log that do not open when the process first
 * reads them, and are as they were a moment later, must not hide for ever that a write was begun.
 */
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

function inStore(sql: string, ...values: (string | number)[]): void {
  expect(runInFile(gateway.config.files.store, sql, ...values)).toBeGreaterThan(0);
}

const waitingNote = async (text: string): Promise<{ id: string; digest: string }> =>
  (await gateway.submit({ action: 'create_note', contact_id: '20001', note: text })).body;

it('law 3: a write is not sent twice after its entries were damaged, read and put right again', async () => {
  const { id, digest } = await waitingNote('Once and no more.');
  const { store: path } = gateway.config.files;
  runInFile(path, `CREATE TABLE kept AS SELECT * FROM requests WHERE id = '${id}'`);
  await gateway.approve(id, digest);
  await gateway.ended(id);
  const later = await waitingNote('Later.');
  const hidden = `request_id = '${id}' AND event IN ('hubspot.intended', 'hubspot.answered', 'request.completed')`;
  await gateway.stopGateway();
  inStore(`UPDATE log_entries SET at = at + 1 WHERE ${hidden}`);
  await gateway.startGateway();
  await gateway.context.store.log.trace(id);
  inStore(`UPDATE log_entries SET at = at - 1 WHERE ${hidden}`);
  inStore('DELETE FROM approval_uses WHERE request_id = ?', id);
  inStore('DELETE FROM decisions WHERE request_id = ?', id);
  inStore('DELETE FROM ledger WHERE request_id = ?', id);
  inStore('DELETE FROM requests WHERE id = ?', id);
  inStore('INSERT INTO requests SELECT * FROM kept');
  await gateway.approve(id, digest);
  await gateway.approve(later.id, later.digest);
  await gateway.ended(later.id);
  await gateway.ended(id);
  expect(await gateway.timesSent('Once and no more.')).toBe(1);
}, 60_000);
