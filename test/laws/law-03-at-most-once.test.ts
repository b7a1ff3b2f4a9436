import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { inFile } from '../support/store-file.ts';

let gateway: TestGateway;
let contactId: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const found = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
  contactId = found.body.result.contacts[0].id;
});
afterAll(() => gateway.close());

const note = (text: string): Record<string, unknown> => ({
  action: 'create_note',
  contact_id: contactId,
  note: text,
});
const times = async (text: string): Promise<number> => {
  const effects = await gateway.simulator.effects();
  return effects.filter(({ properties }) => JSON.stringify(properties).includes(text)).length;
};

describe('law 3: an approval executes at most once', () => {
  it('whatever the double clicks: of fifty decisions at once one counts', async () => {
    const waiting = await gateway.submit(note('Fifty clicks.'));
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => gateway.approve(waiting.body.id, waiting.body.digest)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await gateway.ended(waiting.body.id);
    expect(await times('Fifty clicks.')).toBe(1);
  });

  it('whatever the retries: of fifty posts with one key one runs', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        gateway.submit(note('Fifty posts.'), { key: 'fifty-posts' }),
      ),
    );
    const ids = new Set(answers.map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    const [{ body }] = answers as [(typeof answers)[0]];
    await gateway.approve(body.id, body.digest);
    await gateway.ended(body.id);
    expect(await times('Fifty posts.')).toBe(1);
  });

  it('also when somebody takes the mark of its use out of the file', async () => {
    const waiting = await gateway.submit(note('Used twice.'));
    await gateway.approve(waiting.body.id, waiting.body.digest);
    await gateway.ended(waiting.body.id);
    inFile(gateway.config.files.store, (file) => {
      file.exec('DELETE FROM approval_uses');
      file
        .prepare("UPDATE requests SET status = 'approved', revision = revision + 1 WHERE id = ?")
        .run(waiting.body.id);
    });
    const { requests } = gateway.context.store;
    const standing = async () => {
      // The workflow that has just ended may take back a wake that was set too early.
      await gateway.context.store.commit((tx) => tx.requests.setWake(waiting.body.id, new Date(0)));
      return requests.status(waiting.body.id);
    };
    await expect.poll(standing, { timeout: 20_000, interval: 500 }).toBe('succeeded');
    const events = (await gateway.entriesOf(waiting.body.id)).map(({ event }) => event);
    expect(events).toContain('store.tampered');
    expect(await times('Used twice.')).toBe(1);
  });

  it('also when the write’s activity runs a second time for the same request', async () => {
    const waiting = await gateway.submit(note('Run twice.'));
    await gateway.approve(waiting.body.id, waiting.body.digest);
    await gateway.ended(waiting.body.id);
    const { createWriteCall } = await import('../../src/activities/write-call.ts');
    const { activityDependencies } = await import('../../src/dependencies.ts');
    const deps = activityDependencies(gateway.context, gateway.simulator.url, []);
    const credential = { connection: 'main', version: 1, fingerprint: 'test' };
    const again = await createWriteCall(deps)({
      kind: 'write',
      requestId: waiting.body.id,
      credential,
      resend: false,
    });
    expect(again).toEqual({ kind: 'ended' });
    expect(await times('Run twice.')).toBe(1);
  });
});
