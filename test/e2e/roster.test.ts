import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inviteTo } from '../support/passkeys.ts';
import { findChromium } from './chromium.ts';
import {
  type ConsoleHouse,
  giveAuthenticator,
  isWhole,
  openConsoleHouse,
} from './console-house.ts';

const executable = findChromium();

describe.skipIf(executable === undefined)('agents and people in the console', () => {
  let house: ConsoleHouse;

  beforeAll(async () => {
    house = await openConsoleHouse(executable!);
  });
  afterAll(() => house.close());

  /** Somebody new with a passkey in this very browser, signed in. */
  async function signedIn(name: string, roles: readonly string[], width = 1280) {
    const { record } = await house.gateway.addPerson(name, roles);
    const link = `/console/enrol#${await inviteTo(house.gateway, record)}`;
    const { page, complaints } = await house.open(link, { session: null, width });
    const authenticator = await giveAuthenticator(page);
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await page.getByRole('button', { name: 'Sign in with passkey' }).click();
    await page.getByRole('link', { name: 'Waiting' }).waitFor();
    const go = (path: string) => page.goto(`${house.origin}${path}`);
    return { page, authenticator, complaints, go, record };
  }

  it.each([390, 1280])(
    'an operator adds and revokes an agent and a person, at %i px',
    async (width) => {
      const { page, complaints, go } = await signedIn(`Olga ${width}`, ['operator'], width);
      await go('/console/agents');
      expect(await isWhole(page)).toBe(true);
      await page.getByRole('link', { name: 'Add an agent' }).click();
      expect(await isWhole(page)).toBe(true);
      await page.getByLabel('Name').fill(`Quote clerk ${width}`);
      const answered = page.waitForResponse(
        (response) => response.request().method() === 'POST' && response.status() === 201,
      );
      await page.getByRole('button', { name: 'Add with passkey' }).click();
      // Kept nowhere: going back would send the form again, and what was signed counts once.
      expect((await answered).headers()['cache-control']).toBe('no-store');
      await page.getByText(`Quote clerk ${width} is added`).waitFor();
      expect(await isWhole(page)).toBe(true);
      const key = (await page.locator('.secret').innerText()).trim();
      const call = house.gateway.caller(key);
      expect((await call('GET', '/v1/tools')).status).toBe(200);
      expect(page.url()).not.toContain(key);
      await page.getByRole('link', { name: 'Done' }).click();
      await page.getByRole('link', { name: `Revoke Quote clerk ${width}` }).waitFor();
      expect(await page.content()).not.toContain(key);

      await go('/console/people/add');
      await page.getByLabel('Name').fill(`Nia New ${width}`);
      await page.getByLabel('E-mail').fill(`nia.${width}@sallyport.test`);
      await page.getByLabel('Roles').fill('approver, aprover');
      await page.getByRole('button', { name: 'Add with passkey' }).click();
      await page.getByText('No rule of the policy asks for that role.').waitFor();
      expect(await page.getByLabel('Name').inputValue()).toBe(`Nia New ${width}`);
      await page.getByLabel('Roles').fill('approver');
      await page.getByRole('button', { name: 'Add with passkey' }).click();
      await page.getByText(`Nia New ${width} is added`).waitFor();
      expect(await isWhole(page)).toBe(true);
      const link = (await page.locator('.secret').innerText()).trim();
      const theirs = await house.open(link.replace(house.origin, ''), { session: null, width });
      await giveAuthenticator(theirs.page);
      await theirs.page.getByRole('button', { name: 'Make a passkey' }).click();
      await theirs.page.getByText('Your passkey is made.').waitFor();
      await theirs.page.context().close();

      await go('/console/agents');
      await page.getByRole('link', { name: `Change roles of Nia New ${width}` }).click();
      expect(await isWhole(page)).toBe(true);
      expect(await page.getByLabel('Roles').inputValue()).toBe('approver');
      await page.getByLabel('Roles').fill('aprover');
      await page.getByRole('button', { name: 'Change with passkey' }).click();
      await page.getByText(/aprover; roles that count are approver, /).waitFor();
      await page.getByLabel('Roles').fill('approver, operator');
      await page.getByRole('button', { name: 'Change with passkey' }).click();
      await page.getByText('The roles are changed, effective at once.').waitFor();
      await page.getByText(`nia.${width}@sallyport.test, approver, operator`).waitFor();
      await page.getByRole('link', { name: `Revoke Nia New ${width}` }).click();
      expect(await isWhole(page)).toBe(true);
      await page.getByRole('button', { name: 'Revoke with passkey' }).click();
      await page.getByText('Revoked, effective at once.').waitFor();
      await page.getByRole('link', { name: `Revoke Quote clerk ${width}` }).click();
      await page.getByRole('button', { name: 'Revoke with passkey' }).click();
      await page.getByText('Revoked, effective at once.').waitFor();
      expect((await call('GET', '/v1/tools')).status).toBe(401);
      complaints.splice(0, complaints.length, ...complaints.filter((each) => !/4\d\d/.test(each)));
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    240_000,
  );

  it('nothing is changed when the passkey does not recognise its person, or by somebody else', async () => {
    const { page, authenticator, go } = await signedIn('Ole Unseen', ['operator']);
    await go('/console/agents/add');
    await page.getByLabel('Name').fill('Never there');
    await authenticator.recognise(false);
    await page.getByRole('button', { name: 'Add with passkey' }).click();
    await page.getByText('The passkey was not accepted. Nothing was changed.').waitFor();
    await page.context().close();
    const other = await signedIn('Only Approver', ['approver']);
    await other.go('/console/agents');
    expect(await other.page.getByRole('link', { name: /^(?:Add|Revoke)/ }).count()).toBe(0);
    await other.go('/console/people/add');
    await other.page.getByText('Someone with the role operator does this.').waitFor();
    expect(await other.page.getByRole('button', { name: 'Add with passkey' }).count()).toBe(0);
    const { rows } = await house.gateway.context.store.agents.list();
    expect(rows.some(({ name }) => name === 'Never there')).toBe(false);
    await other.page.context().close();
  }, 240_000);

  it('a name that is more than text is shown as text, and the own agent stays', async () => {
    const { page, go } = await signedIn('Osk Hostile', ['operator']);
    await go('/console/agents/add');
    const name = '<img src=x onerror=alert(1)>"><b>x';
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Add with passkey' }).click();
    await page.getByText(`${name} is added`).waitFor();
    await go('/console/agents');
    await page.getByRole('link', { name: `Revoke ${name}` }).click();
    await page.getByRole('heading', { name: `Revoke ${name}` }).waitFor();
    expect(await page.locator('#main img').count()).toBe(0);
    await go('/console/agents/add');
    await page.getByLabel('Name').fill('a\u202Eb');
    await page.getByRole('button', { name: 'Add with passkey' }).click();
    await page.getByText('characters that cannot be seen').waitFor();
    await go('/console/agents');
    expect(await page.getByRole('link', { name: 'Revoke sallyport' }).count()).toBe(0);
    await page.context().close();
  }, 240_000);
});
