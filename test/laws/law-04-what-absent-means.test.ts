import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  type Answering,
  honest,
  type LyingProxy,
  startLyingProxy,
} from '../support/lying-proxy.ts';

/** Longer than the looks and the quiet time of the test's settings take. */
const RESEND_WOULD_BE_BY_MS = 6_000;

let gateway: TestGateway;
let proxy: LyingProxy;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    between: async (simulatorUrl) => {
      proxy = await startLyingProxy(simulatorUrl);
      return proxy.url;
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
});
afterEach(() => {
  proxy.answer = honest;
});

const isCreate = (path: string): boolean => /\/(notes|contacts)$/.test(path);

/** Does the first write and cuts its answer; answers everything else with `rest`. */
const losingOne = (rest: Answering): Answering => {
  let isLost = false;
  return async (passing) => {
    if (isLost || passing.method !== 'POST' || !isCreate(passing.path)) return rest(passing);
    isLost = true;
    await passing.forward();
    return undefined;
  };
};

async function approved(action: Record<string, unknown>): Promise<string> {
  const { body } = await gateway.submit(action);
  await gateway.approve(body.id, body.digest);
  return body.id;
}

const LIES: [
  string,
  (path: string, body: string) => { status?: number; body: string } | undefined,
][] = [
  [
    'a batch read of which only a part is told (207)',
    (path, body) =>
      path.endsWith('/notes/batch/read')
        ? { status: 207, body: JSON.stringify({ ...JSON.parse(body), results: [] }) }
        : undefined,
  ],
  [
    'a batch read with records missing',
    (path, body) =>
      path.endsWith('/notes/batch/read')
        ? { body: JSON.stringify({ ...JSON.parse(body), results: [] }) }
        : undefined,
  ],
  [
    'an association list that goes on',
    (path, body) =>
      path.includes('/associations/')
        ? {
            body: JSON.stringify({
              ...JSON.parse(body),
              results: [],
              paging: { next: { after: '1' } },
            }),
          }
        : undefined,
  ],
];

describe('law 4: only a whole answer says that a write is not there', () => {
  it.each(LIES)('%s does not', async (what, lie) => {
    const text = `Told in part: ${what}.`;
    proxy.answer = losingOne(async (passing) => {
      const told = await passing.forward();
      return { ...told, ...lie(passing.path, told.body) };
    });
    const id = await approved({ action: 'create_note', contact_id: '20001', note: text });
    await sleep(RESEND_WOULD_BE_BY_MS);
    expect(await gateway.context.store.requests.status(id)).toBe('outcome_unknown');
    expect(await gateway.timesSent(text)).toBe(1);
    proxy.answer = honest;
    expect((await gateway.ended(id, 40_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent(text)).toBe(1);
  });

  it('and a look that HubSpot did not answer takes nothing back from the others', async () => {
    const email = 'every.second.look@acme.test';
    let looks = 0;
    let posts = 0;
    proxy.answer = async (passing) => {
      if (passing.method === 'POST' && isCreate(passing.path)) {
        posts += 1;
        return posts === 1 ? undefined : passing.forward();
      }
      if (!passing.path.includes('idProperty=email')) return passing.forward();
      looks += 1;
      return looks % 2 === 0 ? { status: 503, body: '{}' } : passing.forward();
    };
    const id = await approved({ action: 'create_contact', email, lastname: 'Second' });
    expect((await gateway.ended(id, 40_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent(email)).toBe(1);
  });

  it('and is looked for once more, not anew, when the second attempt could not begin', async () => {
    const text = 'Its record could not be read before the second attempt.';
    const calls: string[] = [];
    proxy.answer = async (passing) => {
      const isPost = passing.method === 'POST' && isCreate(passing.path);
      if (isPost) calls.push('post');
      if (passing.path.includes('/associations/')) calls.push('look');
      if (isPost && calls.length === 1) return undefined;
      const isCompare = calls.length > 1 && passing.path.includes('/contacts/20003?');
      if (!isCompare || calls.includes('unread')) return passing.forward();
      calls.push('unread');
      return { status: 503, body: '{}' };
    };
    const id = await approved({ action: 'create_note', contact_id: '20003', note: text });
    expect((await gateway.ended(id, 40_000)).body.status).toBe('succeeded');
    expect(calls.slice(calls.indexOf('unread'))).toEqual(['unread', 'look', 'post']);
    expect(await gateway.timesSent(text)).toBe(1);
  });

  it('and a refusal of the second attempt does not say that the first one failed', async () => {
    const email = 'held.within@acme.test';
    let held: (() => Promise<unknown>) | undefined;
    let posts = 0;
    proxy.answer = async (passing) => {
      if (passing.method !== 'POST' || !isCreate(passing.path)) return passing.forward();
      posts += 1;
      if (posts > 1) {
        // What HubSpot held back for so long is done right before the second attempt arrives.
        await held?.();
        return passing.forward();
      }
      held = () => passing.forward();
      await sleep(1_500);
      return undefined;
    };
    const id = await approved({ action: 'create_contact', email, lastname: 'Held' });
    expect((await gateway.ended(id, 50_000)).body.status).toBe('succeeded');
    expect(posts).toBe(2);
    expect(await gateway.timesSent(email)).toBe(1);
  });

  it.each([
    ['says nothing of the first attempt', 403, 'MISSING_SCOPES', 'hubspot.missing_scope'],
    ['could be of a first one that arrived', 400, 'VALIDATION_ERROR', 'outcome.not_executed'],
  ])(
    'and a refusal of a second one that %s ends it, instead of being asked for ever',
    async (_what, status, category, code) => {
      const text = `Refused with ${status} when it was sent again.`;
      let posts = 0;
      proxy.answer = (passing) => {
        if (passing.method !== 'POST' || !isCreate(passing.path)) return passing.forward();
        posts += 1;
        const body = JSON.stringify({ status: 'error', category, message: 'No.' });
        return Promise.resolve(posts === 1 ? undefined : { status, body });
      };
      const id = await approved({ action: 'create_note', contact_id: '20004', note: text });
      const { body } = await gateway.ended(id, 80_000);
      expect([body.status, body.problem.code]).toEqual(['failed', code]);
      expect(posts).toBe(2);
      expect(await gateway.timesSent(text)).toBe(0);
    },
  );
});
