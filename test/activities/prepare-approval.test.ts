import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const ORDINARY_MS = 600_000;
const HIGH_RISK_MS = 120_000;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: {
      SALLYPORT_ANSWER_WAIT_SECONDS: '1.5',
      SALLYPORT_APPROVAL_SECONDS: String(ORDINARY_MS / 1000),
      SALLYPORT_APPROVAL_HIGH_RISK_SECONDS: String(HIGH_RISK_MS / 1000),
    },
  });
});
afterAll(() => gateway.close());

const calls = async (): Promise<number> =>
  (await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests')).body.requests
    .length;

const noteOf = (note: string) => ({ action: 'create_note', contact_id: '20001', note });

async function waiting(id: string) {
  const ready = await gateway.context.store.waitForRequest(id, ({ card }) => card !== null, 20_000);
  if (ready?.card == null) throw new Error(`no card of ${id}`);
  const { card, expiresAt, createdAt } = ready;
  // One deadline: what people see is what ends it.
  expect(card.expires_at).toBe(expiresAt?.toISOString());
  return { createdMs: createdAt.getTime(), untilMs: expiresAt?.getTime() ?? 0 };
}

describe('the deadline of a card', () => {
  it('is the ordinary time after an ordinary write was asked for', async () => {
    const { body } = await gateway.submit(noteOf('An ordinary one.'));
    const { createdMs, untilMs } = await waiting(body.id);
    expect(untilMs).toBe(createdMs + ORDINARY_MS);
  });

  it('is the shorter one of high risk where policy asks for two people', async () => {
    const large = { action: 'update_deal', deal_id: '40001', amount: 20_000 };
    const { createdMs, untilMs } = await waiting((await gateway.submit(large)).body.id);
    expect(untilMs).toBeGreaterThanOrEqual(createdMs + HIGH_RISK_MS);
    expect(untilMs).toBeLessThan(createdMs + ORDINARY_MS);
  });

  it('does not begin anew when the card could be made only later', async () => {
    await gateway.fault({ path: '/contacts/' }, '503', 1);
    const { body } = await gateway.submit(noteOf('HubSpot was away.'));
    const { createdMs, untilMs } = await waiting(body.id);
    const asked = (await gateway.entriesOf(body.id)).filter(
      ({ event, facts }) => event === 'hubspot.intended' && facts.purpose === 'card',
    );
    expect(asked.length).toBeGreaterThan(1);
    expect(untilMs).toBe(createdMs + ORDINARY_MS);
  });
});

describe('a card', () => {
  it('is not made, and HubSpot not asked, while the log’s checkpoint cannot be read', async () => {
    const { auditLog, store } = gateway.context;
    // A publisher still at work would write a good one over it.
    const published = async () => (await auditLog.checkpoint()).size === (await store.log.size());
    await expect.poll(published, { timeout: 20_000 }).toBe(true);
    writeFileSync(join(gateway.config.files.log, 'checkpoint'), 'not a checkpoint\n');
    const before = await calls();
    const { body } = await gateway.submit(noteOf('No checkpoint.'));
    expect(body).toMatchObject({ status: 'planned', waiting_for: 'log.unavailable' });
    expect(await calls()).toBe(before);
  });
});
