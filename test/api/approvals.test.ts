import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cardFor, request, requestId } from '../adapters/store/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const WAITING = 105;
const HOUR_MS = 3_600_000;
/** No reminder is due and nothing expires while the tests run, however slow the box. */
const STARTED_MS = Date.now();
const since = (ms: number): Date => new Date(STARTED_MS + ms);
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  await gateway.context.store.commit(async (tx) => {
    for (let number = 1; number <= WAITING; number += 1) {
      const id = requestId(number);
      // Asked later, due earlier; pairs are due together.
      const times = {
        createdAt: since(number),
        updatedAt: since(number),
        expiresAt: since(HOUR_MS - Math.floor(number / 2)),
      };
      await tx.requests.insert(
        request(number, { ...times, status: 'awaiting_approval', card: cardFor(id) }),
      );
    }
  });
});
afterAll(() => gateway.close());

const dueAt = (number: number): number => -Math.floor(number / 2);
const mostUrgentFirst = Array.from({ length: WAITING }, (_, i) => i + 1)
  .sort((one, other) => dueAt(one) - dueAt(other) || one - other)
  .map(requestId);
const list = async (query: string) =>
  (await gateway.approver.call('GET', `/v1/approvals${query}`)) as {
    status: number;
    body: { approvals: { id: string }[]; next_after?: string; code?: string };
  };

describe('what waits for people', () => {
  it('is all to be had, page after page, each once and the first to expire first', async () => {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const { body } = await list(`?limit=20${after === undefined ? '' : `&after=${after}`}`);
      seen.push(...body.approvals.map(({ id }) => id));
      expect(body.approvals.length).toBeLessThanOrEqual(20);
      after = body.next_after;
    } while (after !== undefined);
    expect(seen).toEqual(mostUrgentFirst);
  });

  it('comes in a page of a hundred when no limit is named, and says where it goes on', async () => {
    const first = (await list('')).body;
    expect(first.approvals.map(({ id }) => id)).toEqual(mostUrgentFirst.slice(0, 100));
    const rest = (await list(`?after=${first.next_after}`)).body;
    expect(rest.approvals.map(({ id }) => id)).toEqual(mostUrgentFirst.slice(100));
    expect(rest).not.toHaveProperty('next_after');
  });

  it('says nothing of a next page when this one ends it', async () => {
    const place = mostUrgentFirst.at(-21);
    const { body } = await list(`?limit=20&after=${place}`);
    expect(body.approvals).toHaveLength(20);
    expect(body).not.toHaveProperty('next_after');
  });

  it.each(['?limit=0', '?limit=101', '?limit=x', '?after=act_1', '?before=x'])(
    'is not asked for with %s',
    async (query) => {
      expect(await list(query)).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
    },
  );
});
