import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { linkSlackUser } from '../../src/gate/roster.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  BOT_TOKEN,
  CHANNEL,
  type Message,
  postForm,
  press,
  signedForm,
  SIGNING_SECRET,
  type SlackStandIn,
  startSlack,
  submitReason,
} from '../support/slack.ts';

let slack: SlackStandIn;
let gateway: TestGateway;
let door: string;
const ROBIN = 'U0ROBIN';
let contactId: string;

beforeAll(async () => {
  slack = await startSlack();
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_SLACK_CHANNEL: CHANNEL, SALLYPORT_SLACK_URL: slack.url },
  });
  const { secrets, store } = gateway.context;
  await secrets.put('slack/bot-token', BOT_TOKEN, 0);
  await secrets.put('slack/signing-secret', SIGNING_SECRET, 0);
  const personId = gateway.approver.record.id;
  await store.commit((tx) => linkSlackUser(tx, { slackUser: ROBIN, personId, by: 'test' }));
  const found = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
  contactId = found.body.result.contacts[0].id;
  door = `http://127.0.0.1:${gateway.config.ports.api}/v1/slack/interactions`;
});
afterAll(async () => {
  await gateway.close();
  await slack.close();
});

async function until<T>(what: () => T | undefined | false, ms = 10_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = what();
    if (found) return found;
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await sleep(50);
  }
}

let count = 0;
async function waiting(body = `Called about the yard ${(count += 1)}`) {
  const { body: request } = await gateway.submit({
    action: 'create_note',
    contact_id: contactId,
    note: body,
  });
  const message = await until(() => slack.messages.find(({ text }) => text.includes(request.id)));
  return { id: request.id as string, digest: request.digest as string, message };
}

const header = (message: Message): string => message.blocks[0].text.text;
const buttons = (message: Message): string[] =>
  message.blocks.flatMap((b) =>
    b.type === 'actions' ? b.elements.map((e: any) => e.text.text) : [],
  );

describe('an approval in Slack', () => {
  it('is asked with the change, decided by a button, carried out, and changed in place', async () => {
    const { id, message } = await waiting();
    expect(buttons(message)).toEqual(['Approve', 'Reject with reason', 'Open']);
    const answer = await postForm(door, signedForm(press(message, 'approve', ROBIN)));
    expect(answer.status).toBe(200);
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    await until(() => header(message) === 'Approved and done');
    expect(buttons(message)).toEqual([]);
    const posted = slack.messages.filter(({ text }) => text.includes(id));
    expect(posted).toHaveLength(1);
    const granted = (await gateway.entriesOf(id)).find(({ event }) => event === 'approval.granted');
    expect(granted).toMatchObject({
      actor: `person:${gateway.approver.record.id}`,
      facts: { proof: 'slack' },
    });
    expect((await gateway.entriesOf(id)).some(({ event }) => event === 'notice.sent')).toBe(true);
  });

  it('is rejected with a reason from a modal, which reaches the agent', async () => {
    const { id, message } = await waiting();
    await postForm(door, signedForm(press(message, 'reject', ROBIN)));
    const view = await until(() => slack.views.find((one) => one.private_metadata.includes(id)));
    const answer = await postForm(door, signedForm(submitReason(view, 'Not this one.', ROBIN)));
    expect(await answer.json()).toEqual({});
    const ended = await gateway.ended(id);
    expect(ended.body).toMatchObject({ status: 'rejected', problem: { detail: 'Not this one.' } });
    await until(() => header(message).startsWith('Rejected'));
    expect(buttons(message)).toEqual([]);
  });

  it('says in the message that it was withdrawn', async () => {
    const { id, message } = await waiting();
    await gateway.agent.call('DELETE', `/v1/actions/${id}`);
    await until(() => header(message).startsWith('Withdrawn'));
    expect(buttons(message)).toEqual([]);
  });

  it('counts nobody whom the operator did not name, and tells them', async () => {
    const { id, message } = await waiting();
    const answer = await postForm(door, signedForm(press(message, 'approve', 'U0STRANGER')));
    expect(answer.status).toBe(200);
    expect((await gateway.agent.call('GET', `/v1/actions/${id}`)).body.status).toBe(
      'awaiting_approval',
    );
    await until(() => slack.ephemerals.find(({ user }) => user === 'U0STRANGER'));
    const refused = (await gateway.entriesOf(id)).find(({ event }) => event === 'approval.refused');
    expect(refused).toMatchObject({
      code: 'channel.unknown_sender',
      facts: { slack_user: 'U0STRANGER' },
    });
    expect(await gateway.context.store.decisions.of(id)).toEqual([]);
  });

  it('takes the digest from the button and refuses it on another request', async () => {
    const { id, message } = await waiting();
    const other = await waiting();
    const crossed = press(message, 'approve', ROBIN);
    crossed.actions[0]!.value = `${id} ${other.digest}`;
    await postForm(door, signedForm(crossed));
    expect(await gateway.context.store.decisions.of(id)).toEqual([]);
    const refused = (await gateway.entriesOf(id)).find(({ event }) => event === 'approval.refused');
    expect(refused?.code).toBe('approval.digest_mismatch');
  });

  it('has no decision buttons when it cannot be shown in full, says so with a count, and takes none', async () => {
    const { id, digest, message } = await waiting(`long ${'x'.repeat(3_500)}`);
    expect(buttons(message)).toEqual(['Open to decide']);
    expect(JSON.stringify(message.blocks)).toContain('cannot be shown in full here');
    const forced = press(message, 'approve', ROBIN);
    forced.actions[0]!.value = `${id} ${digest}`;
    await postForm(door, signedForm(forced));
    expect(await gateway.context.store.decisions.of(id)).toEqual([]);
    const refused = (await gateway.entriesOf(id)).find(({ event }) => event === 'approval.refused');
    expect(refused?.code).toBe('approval.elsewhere');
  });

  it('refuses the same signed request a second time, also after a restart, and any without a signature', async () => {
    const { id, message } = await waiting();
    const heard = signedForm(press(message, 'approve', ROBIN));
    const { headers } = heard;
    const unsigned = { ...heard, headers: { 'content-type': headers['content-type'] ?? '' } };
    const forged = signedForm(press(message, 'approve', ROBIN), { secret: 'x' });
    for (const one of [unsigned, forged]) {
      const answer = await postForm(door, one);
      expect([answer.status, ((await answer.json()) as any).code]).toEqual([
        401,
        'channel.unproven',
      ]);
    }
    expect((await postForm(door, heard)).status).toBe(200);
    const replay = async () => ((await (await postForm(door, heard)).json()) as any).code;
    expect(await replay()).toBe('channel.replayed');
    await gateway.ended(id);
    await gateway.stopGateway();
    await gateway.startGateway();
    expect(await replay()).toBe('channel.replayed');
    expect(await gateway.context.store.decisions.of(id)).toHaveLength(1);
  });

  it('counts one of a hundred presses at once', async () => {
    const { id, message } = await waiting();
    await Promise.all(
      Array.from({ length: 100 }, () =>
        postForm(door, signedForm(press(message, 'approve', ROBIN))),
      ),
    );
    expect(await gateway.context.store.decisions.of(id)).toHaveLength(1);
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
  });

  it('is posted once though the answer to the first post was lost', async () => {
    slack.failNext('chat.postMessage', 'commit_then_drop');
    const { id, message } = await waiting();
    await until(() => slack.calls.some(({ method }) => method === 'conversations.history'));
    await sleep(1_000);
    expect(slack.messages.filter(({ text }) => text.includes(id))).toEqual([message]);
    const [notice] = await gateway.context.store.notices.of(id);
    expect(notice).toMatchObject({ state: 'sent', reference: message.ts });
  });

  it('was taken by Slack in every call so far', () => {
    const refused = slack.calls.filter(
      ({ error }) => error !== undefined && error !== 'commit_then_drop',
    );
    expect(refused).toEqual([]);
  });
});
