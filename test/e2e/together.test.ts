import { mkdirSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
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
/** Where pictures go, when somebody wants to look at them. */
const PICTURES = process.env['PICTURES'];

describe.skipIf(executable === undefined)('deciding together', () => {
  let house: ConsoleHouse;

  beforeAll(async () => {
    house = await openConsoleHouse(executable!);
  });
  afterAll(() => house.close());

  async function shoot(page: Page, name: string): Promise<void> {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
  }

  const statusOf = async (id: string): Promise<string> =>
    (await house.gateway.approver.call('GET', `/v1/approvals/${id}`)).body.status;

  const idOf = (control: Locator): Promise<string | null> =>
    control.locator('xpath=ancestor::article').getAttribute('data-id');

  /** Somebody at a browser of their own, with a passkey in it. */
  async function comeIn(width: number) {
    const { record } = await house.gateway.addPerson(`Greta Group ${width}`);
    const link = `/console/enrol#${await inviteTo(house.gateway, record)}`;
    const { page, complaints } = await house.open(link, { session: null, width });
    await giveAuthenticator(page);
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await page.getByRole('button', { name: 'Sign in with passkey' }).click();
    await page.getByRole('link', { name: 'Waiting' }).waitFor();
    return { page, complaints };
  }

  it.each([390, 1280])(
    'one yes for five, of which three are looked at and one is left out, at %i px',
    async (width) => {
      const asked = [];
      for (const nth of [1, 2, 3, 4, 5])
        asked.push(await house.ask(`Called about order ${nth} of ${width}.`));
      const { page, complaints } = await comeIn(width);
      await shoot(page, `together-queue-${width}`);
      await page.getByRole('link', { name: 'Decide 5 together' }).click();
      await page.getByRole('heading', { name: /^5 × create note, by/ }).waitFor();
      for (const nth of [1, 2, 3, 4, 5])
        expect(await page.getByText(`Called about order ${nth} of ${width}.`).count()).toBe(1);
      await shoot(page, `together-${width}`);
      expect(await isWhole(page)).toBe(true);
      const right = page.getByLabel('It is right');
      expect(await right.count()).toBe(3);
      // Before each of them was looked at, the browser sends nothing.
      const approve = page.getByRole('button', { name: 'Approve these with passkey' });
      await right.first().check();
      await approve.click();
      expect(await page.evaluate('document.querySelector("form[data-busy]")')).toBe(null);
      await right.nth(1).check();
      const left = await idOf(right.nth(2));
      await page.getByLabel('Leave it out').nth(2).check();
      const other = page.getByLabel('Approve with the others').first();
      const alsoLeft = await idOf(other);
      await other.uncheck();
      await approve.click();
      await page.getByText('Approved together.').waitFor();
      const out = [left, alsoLeft];
      for (const { id } of asked.filter((one) => !out.includes(one.id)))
        expect((await house.gateway.ended(id)).body.status).toBe('succeeded');
      for (const id of out) expect(await statusOf(id!)).toBe('awaiting_approval');
      // Two are not offered together; the way to them is still good, also to say no.
      expect(await page.getByRole('link', { name: /^Decide \d together$/ }).count()).toBe(0);
      await page.goto(
        `${house.origin}/console/groups/${house.gateway.agent.record.id}/create_note`,
      );
      await page.getByRole('button', { name: 'Reject all of them' }).click();
      await page.getByText('Nobody asked for this').click();
      await page.getByRole('button', { name: 'Reject and tell the agent' }).click();
      await page.getByText('Rejected together.').waitFor();
      for (const id of out) expect(await statusOf(id!)).toBe('rejected');
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('is where the way of a mail leads, also by the door', async () => {
    const path = `/console/groups/${house.gateway.agent.record.id}/create_note`;
    const { page } = await house.open(path, { session: null });
    expect(new URL(page.url()).searchParams.get('next')).toBe(path);
    await page.context().close();
  });

  it('says so when nothing of the kind waits, and when all were left out', async () => {
    const { page } = await comeIn(391);
    const path = `/console/groups/${house.gateway.agent.record.id}/create_note`;
    await page.goto(`${house.origin}${path}`);
    await page.getByRole('heading', { name: 'Nothing of this kind waits for you' }).waitFor();
    await house.ask('The only one.');
    await page.goto(`${house.origin}${path}`);
    await page.getByLabel('Leave it out').check();
    await page.getByRole('button', { name: 'Approve these with passkey' }).click();
    await page.getByText(/left all of them out/).waitFor();
    await page.goto(`${house.origin}/console/groups/agt_00000000001/nothing-here`);
    await page.getByRole('link', { name: 'To what waits' }).waitFor();
    await page.context().close();
  });
});
