import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const CONTACT = '20060';
/** Longer than a comparison counts. */
const DISK_HANGS_MS = 7_000;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    // Four of these until the engine takes the call for lost.
    env: { SALLYPORT_CALL_DEADLINE_SECONDS: '4', SALLYPORT_HEARTBEAT_SECONDS: '10' },
  });
});
afterAll(() => gateway.close());

/** The log's disk hangs once, after the record was read and before anything is begun. */
function hangOnce(): Promise<void> {
  const { auditLog } = gateway.context;
  const { checkpoint } = auditLog;
  return new Promise((hung) => {
    auditLog.checkpoint = async () => {
      auditLog.checkpoint = checkpoint;
      hung();
      await sleep(DISK_HANGS_MS);
      return checkpoint();
    };
  });
}

describe('law 12: a comparison that is old', () => {
  it('does not count: what a person changed since, while the disk hung, stays', async () => {
    const { body } = await gateway.submit({
      action: 'update_contact',
      contact_id: CONTACT,
      jobtitle: 'Head of sales',
    });
    const hung = hangOnce();
    await gateway.approve(body.id, body.digest);
    await hung;
    await sleep(1_000);
    const properties = { jobtitle: 'Changed by a person' };
    await gateway.simulator.control('POST', '/edits', {
      ...{ object_type: 'contacts', id: CONTACT, properties },
    });
    const ended = (await gateway.ended(body.id, 40_000)).body;
    expect(ended).toMatchObject({ status: 'refused', problem: { code: 'approval.stale' } });
    expect(await gateway.timesSent('Head of sales')).toBe(0);
  });
});
