import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectionOf } from '../../src/dependencies.ts';
import { addAgent } from '../../src/gate/roster.ts';
import { requestId } from '../adapters/store/fixtures.ts';
import { createInstallation, type Installation } from './support.ts';

let installation: Installation;
beforeEach(async () => {
  installation = await createInstallation();
});
afterEach(() => {
  installation.remove();
});

/** One 5xx, and an agent that tried five writes it is not granted. Returns the agent. */
const raiseTwo = () =>
  installation.open(async (context) => {
    const { record } = await context.store.commit((tx) =>
      addAgent(tx, { name: 'helper', groups: [], by: 'test' }),
    );
    const { id: agentId } = record;
    await context.store.commit(async (tx) => {
      const error = { event: 'hubspot.lost', actor: 'gateway', responseStatus: 503 } as const;
      await tx.log.append({ ...error, requestId: requestId(1), agentId });
      const denied = { event: 'request.refused', code: 'policy.denied', agentId } as const;
      for (let nth = 2; nth < 7; nth += 1)
        await tx.log.append({
          ...{ ...denied, actor: `agent:${agentId}`, requestId: requestId(nth) },
          facts: { risk: 'write' },
        });
    });
    await detectionOf(context, []).look();
    return agentId;
  });

describe('sallyport alerts', () => {
  it('says that there is none, and doctor too', async () => {
    const said = await installation.sallyport(['alerts']);
    expect(said).toMatchObject({ status: 0, out: 'No alert was ever raised.\n' });
    const doctor = await installation.sallyport(['doctor']);
    expect(doctor.out).toMatch(/ok {4}rules have told +no alert in the last day/);
  });

  it('lists them, newest first, with the entries and where to look', async () => {
    const agentId = await raiseTwo();
    const { out, status } = await installation.sallyport(['alerts']);
    expect(status).toBe(0);
    expect(out).toMatch(/denied_writes[\s\S]*hubspot_error/);
    expect(out).toContain(`agent ${agentId}: 5 in 600 s; it was slowed down`);
    expect(out).toContain('HubSpot answered with an error of its own (5xx)');
    expect(out).toContain(`npx sallyport audit show ${requestId(1)}`);
    expect(out).toMatch(/entries 2\n/);
    const one = await installation.sallyport(['alerts', '--limit', '1']);
    expect(one.out).not.toContain('hubspot_error');
    const doctor = await installation.sallyport(['doctor']);
    expect(doctor.out).toMatch(/ok {4}rules have told +2 in the last day: npx sallyport alerts/);
  });

  it('gives JSON as the API does', async () => {
    const agentId = await raiseTwo();
    const { out } = await installation.sallyport(['alerts', '--json']);
    expect(JSON.parse(out)).toMatchObject([
      { rule: 'denied_writes', agent_id: agentId, count: 5, response: 'slow', late: false },
      { rule: 'hubspot_error', agent_id: null, entries: [2], requests: [requestId(1)] },
    ]);
  });
});
