import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './chromium.ts';
import { type ConsoleHouse, isWhole, openConsoleHouse } from './console-house.ts';

const executable = findChromium();
const dispatcher = new Agent();
/** `PICTURES=docs/pictures npm test` makes those of the README anew; a run like any other leaves them alone. */
const PICTURES = process.env['PICTURES'] ?? mkdtempSync(join(tmpdir(), 'sallyport-pictures-'));

describe.skipIf(executable === undefined)('the console in Chromium', () => {
  let house: ConsoleHouse;
  let origin: string;
  const open: ConsoleHouse['open'] = (path, look) => house.open(path, look);
  const ask: ConsoleHouse['ask'] = (note, options) => house.ask(note, options);

  beforeAll(async () => {
    house = await openConsoleHouse(executable!);
    ({ origin } = house);
    mkdirSync(PICTURES, { recursive: true });
  });
  afterAll(() => house.close());

  it.each([
    [1280, false],
    [1280, true],
    [390, false],
    [390, true],
  ])('shows every page at %i px, dark %s, whole and without a complaint', async (width, dark) => {
    const { id } = await ask('Wants the renewal offer by Friday.');
    const paths = ['', `/approvals/${id}`, '/requests', `/requests/${id}`, '/agents', '/incidents'];
    for (const path of paths) {
      const { page, complaints } = await open(`/console${path}`, { width, dark });
      expect([path, await page.locator('h1').count()]).toEqual([path, 1]);
      expect([path, await isWhole(page)]).toEqual([path, true]);
      expect([path, complaints]).toEqual([path, []]);
      const picture = width === 390 ? ['queue-phone', 'card-phone'] : ['queue', 'card'];
      const name = picture[paths.indexOf(path)];
      if (name !== undefined && !dark) await page.screenshot({ path: `${PICTURES}/${name}.png` });
      await page.context().close();
    }
  });

  it('leads a stranger to the door, and has a page for what is not there', async () => {
    const { page, complaints } = await open('/console/agents', { session: null });
    expect(page.url()).toContain('/console/sign-in?next=%2Fconsole%2Fagents');
    expect(await page.getByRole('button').allInnerTexts()).toEqual(['Sign in with passkey']);
    expect(complaints).toEqual([]);
    await page.goto(`${origin}/console/enrol#invitation`);
    expect(await page.locator('h1').innerText()).toContain('Make your passkey');
    const lost = await page.goto(`${origin}/console/nowhere`);
    expect(lost?.status()).toBe(404);
    await page.context().close();
  });

  it('approves from the row, and the note reaches HubSpot once', async () => {
    const { id } = await ask('Approved from its row.');
    const { page } = await open('/console');
    await page.locator(`[data-id="${id}"] [data-key="a"]`).click();
    await page.waitForURL(`**/console/approvals/${id}`);
    expect((await house.gateway.ended(id)).body.status).toBe('succeeded');
    expect(await house.gateway.timesSent('Approved from its row.')).toBe(1);
    await page.getByText('Approved and done').first().waitFor();
    await page.context().close();
  });

  it('rejects with the person’s words, which reach the agent', async () => {
    const { id } = await ask('Not wanted.');
    const { page } = await open(`/console/approvals/${id}`);
    await page.keyboard.press('r');
    await page.getByText('Nobody asked for this').click();
    await page.getByLabel('In your words').fill('Wrong Acme.');
    await page.getByRole('button', { name: 'Reject and tell the agent' }).click();
    await page.getByText('You rejected this at').waitFor();
    const { body } = await house.gateway.ended(id);
    expect(body.problem.detail).toBe('Nobody asked for this: Wrong Acme.');
    await page.context().close();
  });

  it('is worked by keys alone, and one key decides nothing', async () => {
    const { id } = await ask('By keys.');
    const { page } = await open(`/console/approvals/${id}`);
    await page.keyboard.press('a');
    expect((await house.gateway.approver.call('GET', `/v1/approvals/${id}`)).body.status).toBe(
      'awaiting_approval',
    );
    await page.keyboard.press('Enter');
    await page.getByText('Approved and done').first().waitFor();
    await page.goto(`${origin}/console`);
    await page.keyboard.press('j');
    expect(await page.locator('.wait[aria-current]').count()).toBe(1);
    await page.keyboard.press('?');
    expect(await page.locator('#keys:popover-open').count()).toBe(1);
    await page.context().close();
  });

  it('freezes by one button, says so, and lifts', async () => {
    const { page } = await open('/console');
    await page.getByRole('button', { name: 'Freeze everything now' }).click();
    await page.getByText('Frozen by Robin Vale.').waitFor();
    expect((await house.gateway.approver.call('GET', '/v1/status')).body.freezes).toHaveLength(1);
    await page.getByRole('button', { name: 'Lift the freeze' }).click();
    await page.getByText('The freeze was lifted.').waitFor();
    expect((await house.gateway.approver.call('GET', '/v1/status')).body.freezes).toEqual([]);
    await page.context().close();
  });

  it('brings what comes by itself', async () => {
    const { page } = await open('/console');
    const { id } = await ask('Came while the page was open.');
    await page.locator(`[data-id="${id}"]`).waitFor({ timeout: 15_000 });
    await page.context().close();
  });

  it('takes no form without the session’s token or from another site', async () => {
    const { id, digest } = await ask('Forged.');
    const forge = (headers: Record<string, string>, body: string) =>
      fetch(`${origin}/console/approvals/${id}/approve`, {
        method: 'POST',
        // The process's own dispatcher lets the gateway reach HubSpot alone.
        dispatcher,
        redirect: 'manual',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          cookie: `sallyport=${house.session}`,
          ...headers,
        },
        body,
      });
    const { page } = await open(`/console/approvals/${id}`);
    const token = await page.locator('input[name=form_token]').first().inputValue();
    const good = `form_token=${token}&digest=${digest}`;
    const refused = [
      await forge({}, good),
      await forge({ origin: 'https://evil.example' }, good),
      await forge({ origin: 'null' }, good),
      await forge({ origin, 'sec-fetch-site': 'cross-site' }, good),
      await forge({ origin, 'sec-fetch-site': 'same-site' }, good),
      await forge({ origin }, `digest=${digest}`),
      await forge({ origin }, `form_token=${token}x&digest=${digest}`),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
    const waiting = await house.gateway.approver.call('GET', `/v1/approvals/${id}`);
    expect(waiting.body.status).toBe('awaiting_approval');
    await page.context().close();
  });
});
