import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../src/core/records.ts';
import { noteAbsence } from '../../src/gate/absences.ts';
import { linkSlackUser, revokePerson } from '../../src/gate/roster.ts';
import { person } from '../adapters/store/fixtures.ts';
import { DEFAULT_POLICY, type Deciding, deciding, WAITS_MS } from '../support/deciding.ts';
import { entriesOf } from '../support/log-entries.ts';

const DELAY_MS = 600_000;
const EMAIL = 'solo@acme.test';
const solo = person(1, { email: EMAIL, roles: ['approver'] });
const other = person(2, { roles: ['approver'] });
const viewer = person(3, { roles: ['viewer'] });
const OWN = 'approval.own_request';

let desk: Deciding;

beforeEach(async () => {
  desk = await deciding([solo, viewer]);
});
afterEach(() => desk.close());

const ask = (of: { amount?: number; userId?: string } = {}) => desk.wait({ userId: EMAIL, ...of });
const approve = (on: RequestRecord) => desk.approve(solo, on);
const statusOf = (on: RequestRecord) => desk.store.requests.status(on.id);
const join = () => desk.store.commit((tx) => tx.people.insert(other));

/** Asked, approved by who asked, and the delay over. */
async function matured(): Promise<RequestRecord> {
  desk.setDial(DELAY_MS);
  const waiting = await ask();
  await approve(waiting);
  desk.pass(DELAY_MS);
  return waiting;
}

describe('law 9, with the dial for firms of one person', () => {
  it('off: nobody’s own approval counts, nor does one that was made while it was on', async () => {
    expect(await approve(await ask())).toMatchObject({ code: OWN });
    const waiting = await matured();
    desk.setDial(undefined);
    await desk.wake(waiting);
    expect(await statusOf(waiting)).toBe('awaiting_approval');
    desk.setDial(DELAY_MS);
    await desk.wake(waiting);
    expect(await statusOf(waiting)).toBe('approved');
    desk.setDial(undefined);
    expect(await desk.begin(waiting)).toBe('approval.insufficient');
  });

  it('on: it counts after the delay and not before, and the log says so', async () => {
    desk.setDial(DELAY_MS);
    const waiting = await ask();
    expect(await approve(waiting)).toMatchObject({ status: 'awaiting_approval' });
    expect(await approve(waiting)).toMatchObject({ code: 'approval.already_decided' });
    desk.pass(DELAY_MS - 1);
    expect(await desk.wake(waiting)).toBe(1);
    expect(await statusOf(waiting)).toBe('awaiting_approval');
    expect(await desk.begin(waiting)).toBe('not_due');
    desk.pass(1);
    await desk.wake(waiting);
    expect(await statusOf(waiting)).toBe('approved');
    expect(await desk.begin(waiting)).toBe('begun');
    const entries = await entriesOf(desk.store, waiting.id);
    expect(entries.map(({ event }) => event)).toContain('approval.matured');
    expect(entries.find(({ event }) => event === 'approval.granted')?.facts).toMatchObject({
      own: true,
      enough: false,
    });
  });

  it('the sweep wakes its workflow when the delay is over, and not before', async () => {
    desk.setDial(DELAY_MS);
    const waiting = await ask();
    await approve(waiting);
    const overdue = () => desk.store.requests.overdue(desk.now(), 10);
    desk.pass(DELAY_MS - 1);
    expect(await overdue()).toEqual([]);
    desk.pass(1);
    expect(await overdue()).toEqual([waiting.id]);
  });

  it('on: not where somebody else could decide, though they are away', async () => {
    await join();
    desk.setDial(DELAY_MS);
    await desk.store.commit((tx) =>
      noteAbsence(tx, {
        personId: other.id,
        until: new Date(tx.now.getTime() + 10 * WAITS_MS),
        delegateId: solo.id,
        by: 'operator',
      }),
    );
    expect(await approve(await ask())).toMatchObject({ code: OWN });
    await desk.store.commit((tx) => revokePerson(tx, { id: other.id, by: 'test' }));
    expect(await approve(await ask())).toMatchObject({ status: 'awaiting_approval' });
  });

  it('on: nor once somebody else came who could, before its delay is over or before it begins', async () => {
    const [waiting, ripe] = [await matured(), await matured()];
    await desk.wake(ripe);
    await join();
    await desk.wake(waiting);
    expect(await statusOf(waiting)).toBe('awaiting_approval');
    expect(await desk.begin(ripe)).toBe('approval.insufficient');
    expect(await desk.approve(other, waiting)).toMatchObject({ status: 'approved' });
    expect(await desk.begin(waiting)).toBe('begun');
  });

  it('on: nor with the own approval as one of two', async () => {
    desk.setDial(DELAY_MS);
    expect(await approve(await ask({ amount: 20_000 }))).toMatchObject({ code: OWN });
  });

  it('on: nor by somebody in no role, nor after they were revoked', async () => {
    desk.setDial(DELAY_MS);
    const theirs = await ask({ userId: viewer.email });
    expect(await desk.approve(viewer, theirs)).toMatchObject({ code: OWN });
    const waiting = await matured();
    await desk.wake(waiting);
    await desk.store.commit((tx) => revokePerson(tx, { id: solo.id, by: 'test' }));
    expect(await desk.begin(waiting)).toBe('approval.insufficient');
  });

  it('on: nor where the policy forbids it without a word of the dial', async () => {
    desk.setPolicy(DEFAULT_POLICY.replace(' && !context.selfApproval', ''));
    desk.setDial(DELAY_MS);
    expect(await approve(await ask())).toMatchObject({ code: OWN });
  });

  it('on: where policy asks for a passkey, with one alone', async () => {
    desk.setPolicy(`${DEFAULT_POLICY}
@id("passkeys") forbid (principal, action == Action::"update_deal", resource)
when { Role::"approver".passkeyApprovals < 1 };`);
    desk.setDial(DELAY_MS);
    expect(await approve(await ask())).toMatchObject({ code: 'approval.passkey_required' });
  });

  it('is refused where the time ends before the delay', async () => {
    desk.setDial(DELAY_MS);
    const waiting = await ask();
    desk.pass(WAITS_MS - DELAY_MS);
    expect(await approve(waiting)).toMatchObject({ code: 'approval.delay_too_long' });
    expect(await desk.store.decisions.of(waiting.id)).toEqual([]);
  });

  it('can be stopped by them until it is carried out, and then nothing is', async () => {
    const waiting = await matured();
    expect(await desk.reject(solo, waiting)).toMatchObject({ status: 'rejected' });
    await desk.wake(waiting);
    expect(await desk.begin(waiting)).toBe('not_due');
    expect(await statusOf(waiting)).toBe('rejected');
  });

  it('knows them by their other names, too', async () => {
    const link = { slackUser: 'U0SOLO', personId: solo.id, by: 'test' };
    await desk.store.commit((tx) => linkSlackUser(tx, link));
    desk.setDial(DELAY_MS);
    const waiting = await ask({ userId: '<@U0SOLO>' });
    expect(await approve(waiting)).toMatchObject({ status: 'awaiting_approval' });
    expect(await desk.begin(waiting)).toBe('not_due');
  });

  it('is woken for no more once the dial is off or policy takes it no more', async () => {
    const waiting = await matured();
    const overdue = () => desk.store.requests.overdue(desk.now(), 10);
    expect(await overdue()).toEqual([waiting.id]);
    desk.setDial(undefined);
    await desk.wake(waiting);
    expect(await overdue()).toEqual([]);
  });

  it('of somebody who was revoked and enrolled again, the one that they gave since counts', async () => {
    desk.setDial(DELAY_MS);
    const waiting = await ask();
    await approve(waiting);
    await desk.store.commit((tx) => revokePerson(tx, { id: solo.id, by: 'test' }));
    const again = person(4, { email: EMAIL, roles: ['approver'] });
    await desk.store.commit((tx) => tx.people.insert(again));
    expect(await desk.approve(again, waiting)).toMatchObject({ status: 'awaiting_approval' });
    desk.pass(DELAY_MS);
    await desk.wake(waiting);
    expect(await statusOf(waiting)).toBe('approved');
    expect(await desk.begin(waiting)).toBe('begun');
  });
});
