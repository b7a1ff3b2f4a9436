import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runSallyport } from '../support/command.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { takingBack, type TakingBack } from '../support/take-back.ts';

let gateway: TestGateway;
let taking: TakingBack;
let written: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  taking = takingBack(gateway, gateway.simulator.url);
  written = await taking.written({
    action: 'update_contact',
    contact_id: '20030',
    jobtitle: 'Unwanted',
    phone: '+1 555 0100',
  });
  await gateway.simulator.control('POST', '/edits', {
    object_type: 'contacts',
    id: '20030',
    properties: { phone: '+1 555 0199' },
  });
});
afterAll(() => gateway.close());

function sallyport(args: readonly string[], more: Record<string, string> = {}) {
  const env = {
    PATH: process.env['PATH'] ?? '',
    SALLYPORT_DATA_DIR: gateway.config.dataDir,
    SALLYPORT_HUBSPOT_URL: gateway.simulator.url,
    ...more,
  };
  return runSallyport(args, { env });
}

describe('sallyport revert', () => {
  it('says what would be taken back and what is left alone, and asks for nothing by itself', async () => {
    const { status, out, err } = await sallyport(['revert', written]);
    expect(status).toBe(1);
    expect(out).toContain('contacts 20030: jobtitle from Unwanted back to ');
    expect(out).toMatch(/20030\s+phone\s+\+1 555 0100\s+\+1 555 0199\s+CRM_UI userId:70002 at /);
    expect(err).toContain('Add --yes');
    expect((await gateway.context.store.requests.list({ limit: 10 })).rows).toHaveLength(1);
  });

  it('takes one request, an agent or a time, and says so', async () => {
    for (const args of [['revert'], ['revert', written, '--since', '2h']]) {
      const { status, err } = await sallyport(args);
      expect([status, err]).toEqual([1, expect.stringContaining('--agent demo-assistant')]);
    }
    expect((await sallyport(['revert', '--since', 'yesterday'])).status).toBe(2);
  });

  it('without a rule in the policy says which one to add', async () => {
    const policy = join(gateway.config.dataDir, '..', 'older.cedar');
    writeFileSync(policy, 'permit (principal, action in [Action::"read"], resource);');
    const older = { SALLYPORT_POLICY: policy };
    const { status, out } = await sallyport(['revert', written, '--yes'], older);
    expect(status).toBe(1);
    expect(out).toContain('policy.denied, policy has no rule for taking back: add the rule');
  });

  it('asks people, says how to approve, and has nothing left to do afterwards', async () => {
    const args = ['revert', '--agent', 'test-assistant', '--since', '2h', '--yes'];
    const first = await sallyport(args);
    const [, id = ''] = /npx sallyport approve (act_\w+)/.exec(first.out) ?? [];
    expect(first).toMatchObject({ status: 0, out: expect.stringContaining(`${id}  asked for`) });
    expect((await sallyport(args)).out).toContain(`${id}  asked for before, and not ended yet`);
    expect(await taking.carryOut(id)).toMatchObject({ status: 'succeeded' });
    const again = await sallyport(args);
    expect(again).toMatchObject({
      status: 0,
      out: expect.stringContaining('Nothing is left to do'),
    });
  });

  it('is an agent of the gateway’s own, which is shown and not revoked', async () => {
    const { out } = await sallyport(['agent', 'list']);
    expect(out).toMatch(/^agt_\w+\s+sallyport\s+sallyport\s+active, the gateway’s own/m);
    const revoked = await sallyport(['agent', 'revoke', 'sallyport']);
    expect(revoked).toMatchObject({ status: 1, err: expect.stringContaining('freeze sallyport') });
    const explained = await sallyport(['policy', 'explain']);
    expect(explained.out.match(/take_back/g)).toHaveLength(1);
  });
});
