import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());
afterEach(() => gateway.simulator.control('DELETE', '/faults'));

const update = (id: string, jobtitle: string) => ({
  action: 'update_contact',
  contact_id: id,
  jobtitle,
});

describe('law 4: a write is sent again only on the record that was seen', () => {
  it('and not over what a person changed before the second attempt', async () => {
    const { quietMs } = gateway.config.timing;
    const { body } = await gateway.submit(update('20005', 'By the agent'));
    await gateway.fault({ method: 'PATCH' }, 'drop');
    await gateway.approve(body.id, body.digest);
    // The last look before the second attempt: it came after the quiet time.
    const isDecided = async (): Promise<boolean> => {
      const entries = await gateway.entriesOf(body.id);
      const begun = entries.findLast(({ facts }) => facts.purpose === 'execute');
      const isLate = ({ event, facts }: any): boolean =>
        event === 'hubspot.absent' && facts.quiet_ms >= quietMs;
      return begun?.event === 'hubspot.lost' && entries.some(isLate);
    };
    await expect.poll(isDecided, { timeout: 30_000, interval: 10 }).toBe(true);
    await gateway.simulator.control('POST', '/edits', {
      object_type: 'contacts',
      id: '20005',
      properties: { jobtitle: 'By a person' },
    });
    const ended = await gateway.ended(body.id, 30_000);
    expect(ended.body.problem?.code ?? ended.body.code).toBe('outcome.not_executed');
    expect(await gateway.timesSent('By the agent')).toBe(0);
  }, 60_000);
});
