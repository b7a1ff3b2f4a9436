import type { Page } from 'playwright-core';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrol, inviteTo, signIn } from '../support/passkeys.ts';
import { findChromium } from './chromium.ts';
import {
  type ConsoleHouse,
  giveAuthenticator,
  openConsoleHouse,
  type VirtualAuthenticator,
} from './console-house.ts';

const executable = findChromium();
const dispatcher = new Agent();
const LINK = /http:\/\/localhost:\d+\/console\/enrol#spi_\w+_[\w-]{43}/;

/** As if it were sending something: it does not look again, and finds out by the click that its session has ended. */
const holdStill = (page: Page): Promise<void> =>
  page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<form data-busy hidden></form>')`);

describe.skipIf(executable === undefined)('passkeys in Chromium', () => {
  let house: ConsoleHouse;

  beforeAll(async () => {
    house = await openConsoleHouse(executable!);
  });
  afterAll(() => house.close());

  const enrolBy = async (page: Page, link: string): Promise<void> => {
    await page.goto(link);
    await page.getByLabel('Name of this device').fill('Phone');
    await page.getByRole('button', { name: 'Make a passkey' }).click();
  };
  const signInOn = (page: Page) =>
    page.getByRole('button', { name: 'Sign in with passkey' }).click();
  const linkFor = async (email: string): Promise<string> =>
    LINK.exec(await house.sallyport('person', 'invite', email))?.[0] ?? '';
  const statusOf = async (id: string): Promise<string> =>
    (await house.gateway.approver.call('GET', `/v1/approvals/${id}`)).body.status;

  /** A person who came by a link of the command line, signed in, with their authenticator. */
  async function arrive(
    name: string,
    roles: readonly string[] = ['approver'],
    width = 390,
  ): Promise<{ page: Page; key: VirtualAuthenticator; email: string; complaints: string[] }> {
    const { record } = await house.gateway.addPerson(name, roles);
    const { page, complaints } = await house.open('/console', { session: null, width });
    const key = await giveAuthenticator(page);
    await enrolBy(page, await linkFor(record.email));
    await page.getByText('Your passkey is made. Sign in with it.').waitFor();
    await signInOn(page);
    await page.getByRole('link', { name: 'Waiting' }).waitFor();
    return { page, key, email: record.email, complaints };
  }

  it.each([390, 1280])(
    'lead the whole way from the operator’s link to a write that is executed, at %i px',
    async (width) => {
      const subject = `The whole way at ${width}`;
      const { id, digest } = await house.askTask(subject);
      const { page, complaints, key } = await arrive(`Ada ${width}`, ['approver'], width);
      const cookie = (await page.context().cookies()).find(({ name }) => name === 'sallyport');
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', secure: false });
      expect(cookie?.value).toMatch(/^sps_/);
      // The browser's own word for the time zone is all that a script of the page can see.
      expect(await page.evaluate('document.cookie')).toBe('sallyport-zone=Europe/Berlin');
      await page.goto(`${house.origin}/console/approvals/${id}`);
      const asked = page.waitForRequest(`**/approvals/${id}/approve`);
      await page.getByRole('button', { name: 'Approve with passkey' }).click();
      const sent = new URLSearchParams((await asked).postData() ?? '');
      const { response } = JSON.parse(sent.get('passkey') ?? '');
      const client = JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString());
      expect(Buffer.from(client.challenge, 'base64url').toString('hex')).toBe(digest);
      expect((await house.gateway.ended(id)).body.status).toBe('succeeded');
      expect(await house.gateway.timesSent(subject)).toBe(1);
      await page.getByText('Approved and done').first().waitFor();
      await page.getByText('with a passkey').first().waitFor();
      const granted = (await house.gateway.entriesOf(id)).find(
        ({ event }) => event === 'approval.granted',
      );
      expect(granted.facts).toMatchObject({ proof: 'passkey', enough: true });
      expect((await key.credentials()).map(({ rpId }) => rpId)).toEqual(['localhost']);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('reject without a passkey what takes one to approve', async () => {
    const { id } = await house.askTask('Rejected without');
    const { page } = await house.open(`/console/approvals/${id}`, { width: 390 });
    await page.getByRole('button', { name: 'Reject with reason' }).click();
    // Without a choice nothing is sent.
    await page.getByRole('button', { name: 'Reject and tell the agent' }).click();
    expect(await page.locator('input[name="reason"]:checked').count()).toBe(0);
    expect((await house.gateway.approver.call('GET', `/v1/approvals/${id}`)).body.status).toBe(
      'awaiting_approval',
    );
    await page.getByText('A value is wrong').click();
    await page.getByRole('button', { name: 'Reject and tell the agent' }).click();
    await page.getByText('You rejected this at').waitFor();
    expect((await house.gateway.ended(id)).body.problem.detail).toBe('A value is wrong');
    await page.context().close();
  });

  it('sign out: the cookie is gone and its session is worth nothing', async () => {
    const { page } = await arrive('Olga Out');
    const cookie = (await page.context().cookies()).find(({ name }) => name === 'sallyport');
    await page.getByRole('button', { name: 'Olga Out' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    expect((await page.context().cookies()).map(({ name }) => name)).not.toContain('sallyport');
    const call = house.gateway.caller(cookie?.value);
    expect((await call('GET', '/v1/people/me')).status).toBe(401);
    await page.context().close();
  });

  it('say of a used link, and of none, that another is needed', async () => {
    const { record } = await house.gateway.addPerson('Uma Used');
    const link = await linkFor(record.email);
    const { page } = await house.open('/console', { session: null });
    await giveAuthenticator(page);
    await enrolBy(page, link);
    await page.getByText('Your passkey is made.').waitFor();
    for (const again of [link, `${house.origin}/console/enrol`]) {
      await page.goto('about:blank');
      await enrolBy(page, again);
      const said = page.getByRole('alert');
      await said.getByText('This link does not work').waitFor();
      expect(await said.innerText()).toContain('Ask whoever runs the gateway for a new link.');
    }
    await page.context().close();
  });

  it('say what to do when the browser makes or uses none', async () => {
    const { record } = await house.gateway.addPerson('Nora None');
    const link = await linkFor(record.email);
    const { page } = await house.open('/console', { session: null });
    const key = await giveAuthenticator(page);
    await key.recognise(false);
    await enrolBy(page, link);
    await page.getByText('The link still works: try again').waitFor();
    await key.recognise(true);
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await page.getByText('Your passkey is made.').waitFor();
    await key.recognise(false);
    await signInOn(page);
    await page.getByText('You are not signed in. Try again.').waitFor();
    await key.recognise(true);
    await signInOn(page);
    await page.getByRole('link', { name: 'Waiting' }).waitFor();
    await page.context().close();
  });

  it('say it when an unrecognised person touches the sensor, and decide nothing', async () => {
    const { id } = await house.askTask('Touched by a stranger');
    const { page, key } = await arrive('Tia Touch');
    await page.goto(`${house.origin}/console/approvals/${id}`);
    await key.recognise(false);
    await page.getByRole('button', { name: 'Approve with passkey' }).click();
    const said = page.getByText('The passkey was not accepted. Nothing was decided. Try again.');
    await said.waitFor();
    expect(await statusOf(id)).toBe('awaiting_approval');
    await key.recognise(true);
    await page.getByRole('button', { name: 'Approve with passkey' }).click();
    await page.getByText('Approved and done').first().waitFor();
    await page.context().close();
  });

  it('tell the wrong person that someone else decides: who asked, and whom policy does not name', async () => {
    const asker = await arrive('Ask Er');
    const { id: own } = await house.askTask('Asked for it', { userId: asker.email });
    const watcher = await arrive('Wendy Watch', []);
    for (const [{ page }, words] of [
      [asker, 'You asked for this, so someone else decides.'],
      [watcher, 'Policy does not name you for this, so someone else decides.'],
    ] as const) {
      await page.goto(`${house.origin}/console/approvals/${own}`);
      await page.getByText(words).waitFor();
      expect(await page.getByRole('button', { name: /Approve|Reject/ }).count()).toBe(0);
      await page.context().close();
    }
  });

  it('refuse another person’s signature under this person’s session', async () => {
    const { id, digest } = await house.askTask('Signed by another');
    const { record } = await house.gateway.addPerson('Otto Other');
    const other = await enrol(house.gateway, record);
    const otherSession = await signIn(house.gateway, other);
    const { body: options } = await otherSession.call(
      'POST',
      `/v1/approvals/${id}/passkey-options`,
    );
    const assertion = other.authenticator.get(options, other.passkey);
    const { page } = await house.open(`/console/approvals/${id}`);
    await page.locator('#decide form').evaluate((form: any, value) => {
      form.elements.passkey.value = value;
      form.submit();
    }, JSON.stringify(assertion));
    await page.getByText('The passkey was not accepted. Nothing was decided.').waitFor();
    expect(await statusOf(id)).toBe('awaiting_approval');
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    await page.context().close();
  });

  it('lead back to the door, and on to the card, when the session has ended meanwhile', async () => {
    const { id } = await house.askTask('The session ended');
    const { page } = await arrive('Sid Session');
    await page.goto(`${house.origin}/console/approvals/${id}`);
    await holdStill(page);
    const cookie = (await page.context().cookies()).find(({ name }) => name === 'sallyport');
    expect(
      (await house.gateway.caller(cookie?.value)('DELETE', '/v1/sessions/current')).status,
    ).toBe(204);
    await page.getByRole('button', { name: 'Approve with passkey' }).click();
    await page.getByText('Your session ended. Nothing was decided. Sign in again.').waitFor();
    expect(await statusOf(id)).toBe('awaiting_approval');
    await signInOn(page);
    await page.waitForURL(`**/console/approvals/${id}`);
    await page.context().close();
  });

  it('are worth nothing once revoked, with the sessions that they began', async () => {
    const { id } = await house.askTask('Revoked meanwhile');
    const { page, email } = await arrive('Rita Revoked');
    await page.goto(`${house.origin}/console/approvals/${id}`);
    await holdStill(page);
    const list = JSON.parse(await house.sallyport('person', 'passkeys', email, '--json'));
    await house.sallyport('person', 'passkeys', 'revoke', list[0].id);
    await page.getByRole('button', { name: 'Approve with passkey' }).click();
    await page.getByText('Your session ended. Nothing was decided. Sign in again.').waitFor();
    await signInOn(page);
    const said = page
      .getByRole('alert')
      .getByText('This passkey is unknown here, or it was revoked.');
    await said.waitFor();
    expect(await said.innerText()).toContain('Ask whoever runs the gateway for a new link.');
    expect(await statusOf(id)).toBe('awaiting_approval');
    await page.context().close();
  });

  it('approve on the card when the session’s own passkey is elsewhere, with another of the same person', async () => {
    const { id } = await house.askTask('By the second passkey');
    const { page, key, email } = await arrive('Dora Double');
    await key.forgetAll();
    await page.goto('about:blank');
    await enrolBy(page, await linkFor(email));
    await page.getByText('Your passkey is made.').waitFor();
    await page.goto(`${house.origin}/console/approvals/${id}`);
    await page.getByRole('button', { name: 'Approve with passkey' }).click();
    await page.getByText('Approved and done').first().waitFor();
    await page.context().close();
  });

  it('lead whoever typed this machine’s address to its name, with what stands behind #', async () => {
    const { record } = await house.gateway.addPerson('Abe Address');
    const invitation = await inviteTo(house.gateway, record);
    const { page } = await house.open('/console', { session: null });
    const { port } = new URL(house.origin);
    await page.goto(`http://127.0.0.1:${port}/console/enrol#${invitation}`);
    expect(page.url()).toBe(`${house.origin}/console/enrol#${invitation}`);
    await page.context().close();
  });

  it('open no console with a person’s or an agent’s key in the cookie', async () => {
    for (const key of [house.gateway.approver.key, house.gateway.agent.key]) {
      const answer = await fetch(`${house.origin}/console`, {
        dispatcher,
        redirect: 'manual',
        headers: { cookie: `sallyport=${key}` },
      });
      expect(answer.status).toBe(303);
      expect(answer.headers.get('location')).toContain('/console/sign-in');
    }
  });
});
