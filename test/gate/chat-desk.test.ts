import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import { createSlackDoor } from '../../src/adapters/notify/slack/slack-door.ts';
import type { Card } from '../../src/contracts/card.ts';
import { type ChatAnswer, createChatDesk } from '../../src/gate/chat-desk.ts';
import { linkSlackUser, revokePerson, unlinkSlackUser } from '../../src/gate/roster.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Interaction } from '../../src/ports/chat-door.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, cardFor, person, request, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { BOT_TOKEN, CHANNEL, type SlackStandIn, startSlack } from '../support/slack.ts';
import { inFile, putBack, type Row, runInFile } from '../support/store-file.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const file = 'policy/default.cedar';
const WITH_PASSKEY = `
@id("with-a-passkey")
@reason("Notes need a passkey.")
forbid (principal, action == Action::"create_note", resource)
when { Role::"approver".passkeyApprovals < 1 };
`;
const text = readFileSync(file, 'utf8');
const policyOf = (more = '') =>
  loadPolicy({ text: `${text}${more}`, file, actions: POLICY_ACTIONS });
const USUAL = policyOf();
const STRICT = policyOf(WITH_PASSKEY);
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const lena = person(1, { roles: ['approver'] });
const omar = person(2, { roles: ['approver'] });
const LENA = 'U0LENA';
const OMAR = 'U0OMAR';

let place: SqlitePlace;
let store: Store;
let slack: SlackStandIn;
let policy: typeof USUAL;
let woken: string[];
let count = 0;

beforeEach(async () => {
  policy = USUAL;
  woken = [];
  slack = await startSlack();
  place = await sqlitePlace();
  store = await place.open({ clock: () => START });
  await store.commit(async (tx) => {
    for (const one of [lena, omar]) await tx.people.insert(one);
    await tx.agents.insert(agent(1, { groups: ['assistants'], id: request(1).agentId }));
    await linkSlackUser(tx, { slackUser: LENA, personId: lena.id, by: 'operator' });
    await linkSlackUser(tx, { slackUser: OMAR, personId: omar.id, by: 'operator' });
  });
});
afterEach(async () => {
  await place.close();
  await slack.close();
});

const NOTE = { action: 'create_note', contact_id: '20001', note: 'Called.' };
const DEAL = { action: 'update_deal', deal_id: '40001', amount: 48_000 };

let digest: string;
async function wait(card: Partial<Card> = {}, action: { action: string } = NOTE): Promise<void> {
  const submission = { userId: 'dana@acme.test', prompt: 'p', action };
  const waiting = waitingRequest(1, {
    action: action.action,
    submission,
    card: { action: action.action, seen: [], ...card },
  });
  digest = waiting.digest ?? '';
  await store.commit((tx) => insertWaiting(tx, waiting));
}

const settings = () => ({
  channel: CHANNEL,
  url: slack.url,
  readSecret: () => Promise.resolve(BOT_TOKEN),
});

function take(of: Partial<Interaction> & { kind: string }, name?: string): Promise<ChatAnswer> {
  const desk = createChatDesk({
    store,
    door: createSlackDoor(settings()),
    rules: () => ({ policy, approvalValidMs: 60_000 }),
    wake: (id) => {
      woken.push(id);
      return Promise.resolve();
    },
    logger,
  });
  const pressed = { user: LENA, requestId: requestId(1), digest, trigger: `t${count}` };
  return desk.take({
    name: name ?? `v0=${(count += 1)}`,
    interaction: { ...pressed, reason: 'No.', ...of } as Interaction,
  });
}

const entries = async (): Promise<any[]> =>
  (await store.log.ofRequest(requestId(1))).map(({ leaf }) =>
    JSON.parse(Buffer.from(leaf).toString()),
  );
const lastEntry = async () => (await entries()).at(-1);
const status = () => store.requests.status(requestId(1));

async function expectRefused(of: Parameters<typeof take>[0], code: string): Promise<void> {
  const before = (await entries()).length;
  expect(await take(of)).toMatchObject({ kind: 'refused', code });
  expect(await lastEntry()).toMatchObject({ event: 'approval.refused', code });
  expect((await entries()).length).toBe(before + 1);
  expect(await store.decisions.of(requestId(1))).toEqual([]);
  expect(await status()).toBe('awaiting_approval');
  expect(woken).toEqual([]);
  expect(slack.ephemerals.at(-1)?.text).toMatch(/^Nothing was decided\. /);
}

describe('a decision in the chat', () => {
  it('counts for the person whom the operator named, and the log has how it was proven', async () => {
    await wait();
    expect(await take({ kind: 'approve' })).toEqual({ kind: 'done' });
    expect(await lastEntry()).toMatchObject({
      event: 'approval.granted',
      actor: `person:${lena.id}`,
      digest,
      facts: { proof: 'slack', slack_user: LENA },
    });
    expect(woken).toEqual([requestId(1)]);
  });

  it('to approve is refused where the card asks for a passkey, whatever the button said; to reject is not', async () => {
    policy = STRICT;
    await wait({ requires: { ...cardFor(requestId(1)).requires, passkey: true } });
    await expectRefused({ kind: 'approve' }, 'approval.elsewhere');
    expect(slack.ephemerals.at(-1)?.text).toContain('Policy asks for a passkey.');
    expect(await take({ kind: 'reject' })).toEqual({ kind: 'done' });
    expect(await status()).toBe('rejected');
  });

  it('is refused where policy asks for a passkey only since the card was made', async () => {
    await wait();
    policy = STRICT;
    await expectRefused({ kind: 'approve' }, 'approval.passkey_required');
  });

  it('to approve is refused for a write of high risk; to reject is not', async () => {
    await wait({ risk: 'destructive' });
    await expectRefused({ kind: 'approve' }, 'approval.elsewhere');
    expect(slack.ephemerals.at(-1)?.text).toContain('Risk high');
    expect(await take({ kind: 'reject' })).toEqual({ kind: 'done' });
    expect(await status()).toBe('rejected');
  });

  it('is refused from a message whose digest is not the one that waits', async () => {
    await wait();
    await expectRefused({ kind: 'approve', digest: 'ab'.repeat(32) }, 'approval.digest_mismatch');
  });

  it('is refused for a person who was revoked after the message was posted', async () => {
    await wait();
    await store.commit((tx) => revokePerson(tx, { id: lena.id, by: 'operator' }));
    await expectRefused({ kind: 'approve' }, 'channel.unknown_sender');
  });

  it('is refused for a Slack user who was taken off the map after the message was posted', async () => {
    await wait();
    await store.commit((tx) => unlinkSlackUser(tx, { slackUser: LENA, by: 'operator' }));
    await expectRefused({ kind: 'approve' }, 'channel.unknown_sender');
  });

  it('is refused, and the place is in the log, where somebody wrote another person beside the Slack user', async () => {
    await wait();
    const sql = 'update slack_users set person_id = ? where slack_user = ?';
    runInFile(place.file, sql, lena.id, OMAR);
    await expectRefused({ kind: 'approve', user: OMAR }, 'plan.tampered');
    expect(await lastEntry()).toMatchObject({ facts: { place: `slack_users ${OMAR}` } });
    expect(await take({ kind: 'approve' })).toEqual({ kind: 'done' });
  });

  it('is refused, and the place is in the log, where the link was put back after its removal', async () => {
    await wait();
    const row = inFile(
      place.file,
      (raw) => raw.prepare('select * from slack_users where slack_user = ?').get(LENA) as Row,
    );
    await store.commit((tx) => unlinkSlackUser(tx, { slackUser: LENA, by: 'operator' }));
    putBack(place.file, 'slack_users', row);
    await expectRefused({ kind: 'approve' }, 'plan.tampered');
    expect(await lastEntry()).toMatchObject({ facts: { place: `slack_users ${LENA}` } });
  });

  it('is of no write that two people are asked for: each of them decides in the console', async () => {
    await wait({ requires: { ...cardFor(requestId(1)).requires, approvals: 2 } }, DEAL);
    const answers = await Promise.all([
      take({ kind: 'approve' }),
      take({ kind: 'approve', user: OMAR }),
    ]);
    expect(answers.map((answer) => 'code' in answer && answer.code)).toEqual([
      'approval.elsewhere',
      'approval.elsewhere',
    ]);
    expect(await store.decisions.of(requestId(1))).toEqual([]);
    expect(await status()).toBe('awaiting_approval');
  });

  it('of two people at once counts once where one is asked for; the other hears that it is closed', async () => {
    await wait();
    const answers = await Promise.all([
      take({ kind: 'approve' }),
      take({ kind: 'reject', user: OMAR }),
    ]);
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['done', 'refused']);
    expect(await store.decisions.of(requestId(1))).toHaveLength(1);
    expect((await entries()).filter(({ code }) => code === 'approval.closed')).toHaveLength(1);
  });

  it('is heard once under its name, also when it asks for a reason', async () => {
    await wait();
    await take({ kind: 'ask_reason' }, 'v0=same');
    await expect(take({ kind: 'ask_reason' }, 'v0=same')).rejects.toMatchObject({
      code: 'channel.replayed',
    });
    await expect(take({ kind: 'approve' }, 'v0=same')).rejects.toMatchObject({
      code: 'channel.replayed',
    });
    expect(await store.decisions.of(requestId(1))).toEqual([]);
    expect(slack.views).toHaveLength(1);
  });

  it('counts though Slack cannot be reached to say so', async () => {
    await wait();
    await take({ kind: 'approve' });
    slack.failNext('chat.postEphemeral', 'internal_error', 10);
    expect(await take({ kind: 'approve', user: OMAR })).toMatchObject({ code: 'approval.closed' });
  });
});
