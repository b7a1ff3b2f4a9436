import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { scaled } from './scale.ts';

/** R3: an Idempotency-Key is one request, however often, however fast and for however long it is sent. */
const KEYS = scaled(5, 50);
const POSTS = 200;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_SLOTS: '1000' },
  });
});
afterAll(() => gateway.close());

const note = (key: string): Record<string, unknown> => ({
  action: 'create_note',
  contact_id: '20001',
  note: `Sent under ${key}.`,
});
const keys = Array.from({ length: KEYS }, (_, i) => `one-key-${i}`);

/** As an agent does: what a busy gateway refuses for now is sent again under the same key. */
async function post(key: string) {
  for (;;) {
    const answer = await gateway.submit(note(key), { key });
    if (answer.status !== 503) return answer;
  }
}

const postMany = (key: string) => Promise.all(Array.from({ length: POSTS }, () => post(key)));

const timesSent = (key: string): Promise<number> => gateway.timesSent(`Sent under ${key}.`);

describe(`R3: ${POSTS} posts of one key at once, ${KEYS} keys`, () => {
  const ids = new Map<string, string>();

  it(
    'are one request each',
    async () => {
      for (const key of keys) {
        const answers = await postMany(key);
        const seen = new Set(answers.map(({ status, body }) => `${status} ${body.id}`));
        expect([...seen]).toEqual([expect.stringMatching(/^202 act_/)]);
        ids.set(key, answers[0]!.body.id);
      }
      expect(new Set(ids.values()).size).toBe(KEYS);
    },
    scaled(300_000, 1_800_000),
  );

  it(
    'and executed once, whose answer every later post gets, also after a restart',
    async () => {
      for (const id of ids.values()) {
        const { body } = await gateway.agent.call('GET', `/v1/actions/${id}`);
        await gateway.approve(id, body.digest);
        await gateway.ended(id);
      }
      const first = await Promise.all(keys.map((key) => gateway.submit(note(key), { key })));
      await gateway.stopGateway();
      await gateway.startGateway();
      for (const [i, key] of keys.entries()) {
        const answers = await postMany(key);
        const seen = new Set(answers.map(({ status, body }) => JSON.stringify([status, body])));
        expect([...seen]).toEqual([JSON.stringify([200, first[i]!.body])]);
        expect(await timesSent(key)).toBe(1);
      }
      console.info(
        `R3: ${KEYS} keys, ${2 * POSTS * KEYS} posts: ${KEYS} requests, ${KEYS} effects`,
      );
    },
    scaled(300_000, 1_800_000),
  );

  it('with another body are refused, whenever they come', async () => {
    for (const key of keys) {
      const other = { ...note(key), note: 'Another text.' };
      const answer = await gateway.submit(other, { key });
      expect([answer.status, answer.body.code]).toEqual([422, 'idempotency.mismatch']);
    }
  });

  it('of another agent are another request', async () => {
    const [key] = keys as [string];
    const other = await gateway.addAgent('another-agent');
    const answer = await gateway.submit(note(key), { key, call: other.call });
    expect(answer.status).toBe(202);
    expect(answer.body.id).not.toBe(ids.get(key));
  });
});
