import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

interface Logged {
  readonly method: string;
  readonly path: string;
}
const calls = async (): Promise<readonly Logged[]> =>
  (await gateway.simulator.control<{ requests: Logged[] }>('GET', '/requests')).body.requests;

describe('law 7: an agent gets only what policy grants it', () => {
  it('a reader’s answer has names and nothing more, for the same question', async () => {
    const reader = await gateway.addAgent('reader', ['readers']);
    const question = { action: 'search_contact', name: 'Fox' };
    const assistants = await gateway.submit(question);
    const readers = await gateway.submit(question, { call: reader.call });
    expect(Object.keys(assistants.body.result.contacts[0])).toContain('email');
    expect(Object.keys(readers.body.result.contacts[0]).sort()).toEqual([
      'firstname',
      'id',
      'lastname',
    ]);
    expect(JSON.stringify(readers.body)).not.toContain('@acme.test');
  });

  it('a field that is not granted is not even asked of HubSpot', async () => {
    const reader = await gateway.addAgent('asking-reader', ['readers']);
    const answer = await gateway.submit(
      { action: 'search_contact', name: 'Fox' },
      { call: reader.call },
    );
    const request = await gateway.context.store.requests.get(answer.body.id);
    expect(request!.plan!.operations[0]!.body).not.toContain('email');
  });

  it('searching by a field that is not granted is refused: the answer would tell it', async () => {
    const reader = await gateway.addAgent('guessing-reader', ['readers']);
    const before = (await calls()).length;
    const answer = await gateway.submit(
      { action: 'search_contact', email: 'dana.fox@acme.test' },
      { call: reader.call },
    );
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe('policy.denied');
    expect((await calls()).length).toBe(before);
  });

  it('an action that is not granted is refused before any call, whoever asks', async () => {
    const nobody = await gateway.addAgent('nobody', ['no-such-group']);
    const reader = await gateway.addAgent('writing-reader', ['readers']);
    const before = (await calls()).length;
    for (const call of [nobody.call, reader.call]) {
      const write = await gateway.submit(
        { action: 'create_note', contact_id: '20001', note: 'No.' },
        { call },
      );
      expect(write.body.code).toBe('policy.denied');
    }
    expect(
      (await gateway.submit({ action: 'search_contact', name: 'Fox' }, { call: nobody.call }))
        .status,
    ).toBe(403);
    expect((await calls()).length).toBe(before);
  });
});
