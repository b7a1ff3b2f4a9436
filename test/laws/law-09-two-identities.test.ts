import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkSlackUser, unlinkSlackUser } from '../../src/gate/roster.ts';
import { person } from '../adapters/store/fixtures.ts';
import { type Deciding, deciding } from '../support/deciding.ts';

const EMAIL = 'sam@acme.test';
const SLACK = 'U0SAM';
const roles = ['approver'];
const former = person(1, { email: EMAIL, roles, revokedAt: new Date('2026-10-01T10:00:00Z') });
const sam = person(2, { email: EMAIL, roles });
const omar = person(3, { roles });

let desk: Deciding;

beforeEach(async () => {
  desk = await deciding([former, sam, omar]);
  const link = { slackUser: SLACK, personId: sam.id, by: 'test' };
  await desk.store.commit((tx) => linkSlackUser(tx, link));
});
afterEach(() => desk.close());

describe('law 9: two identities of one person', () => {
  it.each([
    ['their e-mail, in capitals', 'SAM@Acme.Test'],
    ['their id', sam.id],
    ['the id of the row they had before they were enrolled anew', former.id],
    ['the Slack user they are', SLACK],
    ['the same in small letters', SLACK.toLowerCase()],
    ['the Slack user as a mention', `<@${SLACK}>`],
    ['the Slack user as a mention with a name', `<@${SLACK}|sam>`],
    ['the Slack user with the channel in front', `slack:${SLACK}`],
    ['the Slack user between blanks', ` ${SLACK} `],
  ])('do not approve what was asked for under %s', async (_what, userId) => {
    const waiting = await desk.wait({ userId });
    expect(await desk.approve(sam, waiting)).toMatchObject({ code: 'approval.own_request' });
    expect(await desk.approve(omar, waiting)).toMatchObject({ status: 'approved' });
    expect(await desk.begin(waiting)).toBe('begun');
  });

  it('and what somebody approved counts no more once they are known to have asked for it', async () => {
    const waiting = await desk.wait({ userId: 'U0TWO' });
    expect(await desk.approve(sam, waiting)).toMatchObject({ status: 'approved' });
    const link = { slackUser: 'U0TWO', personId: sam.id, by: 'test' };
    await desk.store.commit((tx) => linkSlackUser(tx, link));
    expect(await desk.begin(waiting)).toBe('approval.insufficient');
  });

  it('a Slack user whom nobody has linked, or who was taken off the map, is nobody we know', async () => {
    await desk.store.commit((tx) => unlinkSlackUser(tx, { slackUser: SLACK, by: 'test' }));
    for (const userId of [SLACK, 'U0NOBODY']) {
      const waiting = await desk.wait({ userId });
      expect(await desk.approve(sam, waiting)).toMatchObject({ status: 'approved' });
    }
  });
});
