import { generateSecret } from 'otplib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { listApprovals } from '../../src/api/routes/approvals.ts';
import { gateStatus } from '../../src/api/routes/status.ts';
import type { PersonRecord } from '../../src/core/records.ts';
import { type AskPolicy, createAskedOnce } from '../../src/gate/eligible.ts';
import { addPerson, revokePerson } from '../../src/gate/roster.ts';
import { mayDecide } from '../../src/policy/requirement.ts';
import { cardFor, requestId, request } from '../adapters/store/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const WAITING = 100;
const LOOKS = 20;

let gateway: TestGateway;
let readers: PersonRecord[];

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const { id: agentId } = gateway.agent.record;
  const expiresAt = new Date(Date.now() + 3_600_000);
  await gateway.context.store.commit(async (tx) => {
    for (let n = 1; n <= WAITING; n += 1) {
      const card = cardFor(requestId(n));
      const submission = {
        userId: 'dana@acme.test',
        prompt: 'Note that I called.',
        action: { action: 'create_note', contact_id: '20001', note: `Note ${n}` },
      };
      const of = { agentId, submission, card, expiresAt, status: 'awaiting_approval' } as const;
      await tx.requests.insert(request(n, of));
    }
  });
  const people = ['Ada', 'Ben'].map((name) => gateway.addPerson(name));
  readers = [gateway.approver, ...(await Promise.all(people))].map(({ record }) => record);
});
afterAll(() => gateway.close());

/** Looks as the console's queue does, and counts how often policy is asked anything. */
async function countAsked(looks: number, make: (ask: AskPolicy) => AskPolicy) {
  let asked = 0;
  const { store, policy, auditLog, config } = gateway.context;
  const counting = {
    ...policy,
    decide: (query: Parameters<typeof policy.decide>[0]) => {
      asked += 1;
      return policy.decide(query);
    },
  };
  const context: any = {
    ...{ store, auditLog, policy: () => counting, askPolicy: make(mayDecide) },
    clock: () => new Date(),
    settings: { connection: config.connection },
  };
  const look = async (person: PersonRecord) => {
    const call: any = { person, query: { limit: 100 } };
    const status: any = (await gateStatus.handler(context, call as never)).body;
    await listApprovals.handler(context, call as never);
    return status.waiting_for_you as number;
  };
  const seen: number[] = [];
  for (let n = 0; n < looks; n += 1) for (const person of readers) seen.push(await look(person));
  return { asked, seen, look, count: () => asked };
}

describe('looking again', () => {
  it('asks policy once for what has not changed, however many look and how often', async () => {
    const before = await countAsked(2, (ask) => ask);
    const after = await countAsked(LOOKS, createAskedOnce);
    expect(new Set([...before.seen, ...after.seen])).toEqual(new Set([WAITING]));
    const each = before.asked / 2;
    console.log('policy evaluations', {
      waiting: WAITING,
      readers: readers.length,
      perRoundBefore: each,
      twentyRoundsBefore: each * LOOKS,
      twentyRoundsAfter: after.asked,
    });
    // The hundred ask the same of policy, so each reader costs one answer for all of them.
    expect(each).toBeGreaterThanOrEqual(2 * WAITING * readers.length);
    expect(after.asked).toBeLessThanOrEqual(10 * readers.length);
  });

  it('asks anew when a role is gone, and when the requester turns out to be on the roster', async () => {
    const { look, count } = await countAsked(1, createAskedOnce);
    const [, ada] = readers;
    const known = count();
    expect(await look({ ...ada!, roles: [] })).toBe(0);
    expect(count()).toBeGreaterThan(known);
    const again = count();
    const { record } = await gateway.context.store.commit((tx) =>
      addPerson(tx, {
        ...{ name: 'Dana', email: 'dana@acme.test', roles: [], by: 'test' },
        totpSecret: generateSecret(),
      }),
    );
    expect(await look(ada!)).toBe(WAITING);
    expect(count()).toBeGreaterThan(again);
    expect(await look(record)).toBe(0);
    await gateway.context.store.commit((tx) => revokePerson(tx, { id: record.id, by: 'test' }));
  });
});
