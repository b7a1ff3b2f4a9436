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
    env: { SALLYPORT_CALL_DEADLINE_SECONDS: '8', SALLYPORT_HEARTBEAT_SECONDS: '10' },
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

  it('has the age of what was read first, however slow the rest is', async () => {
    const update = (contact_id: string) => ({
      ...{ action: 'update_contact', contact_id },
      jobtitle: 'Head of two',
    });
    const { body } = await gateway.submit({
      action: 'write_several',
      steps: [update('20061'), update('20062')],
    });
    const slow = { delay_ms: 6_500 };
    await gateway.fault({ method: 'GET', path: '/contacts/20062' }, 'slow', 1, slow);
    await gateway.approve(body.id, body.digest);
    await sleep(2_000);
    const properties = { jobtitle: 'Changed by a person' };
    await gateway.simulator.control('POST', '/edits', {
      ...{ object_type: 'contacts', id: '20061', properties },
    });
    const ended = (await gateway.ended(body.id, 40_000)).body;
    expect(ended).toMatchObject({ status: 'refused', problem: { code: 'approval.stale' } });
    expect(await gateway.timesSent('Head of two')).toBe(0);
  });
});
