import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayStart } from '../../src/console/zone.ts';
import { dayFrom } from '../support/days.ts';
import { enrol, signIn } from '../support/passkeys.ts';
import { findChromium } from './chromium.ts';
import { type ConsoleHouse, isWhole, openConsoleHouse } from './console-house.ts';

const executable = findChromium();
const ZONE = 'Europe/Berlin';

describe.skipIf(executable === undefined)('being away, in the console', () => {
  let house: ConsoleHouse;

  beforeAll(async () => {
    house = await openConsoleHouse(executable!);
  });
  afterAll(() => house.close());

  async function visitor(name: string, roles: readonly string[], width = 1280) {
    const { record, call } = await house.gateway.addPerson(name, roles);
    const { token } = await signIn(house.gateway, await enrol(house.gateway, record));
    const { page, complaints } = await house.open('/console', { session: token, width });
    const go = (path: string) => page.goto(`${house.origin}${path}`);
    return { page, complaints, go, record, call };
  }

  const absencesOf = async (id: string): Promise<any[]> =>
    (await house.gateway.approver.call('GET', '/v1/people')).body.people.find(
      (person: { id: string }) => person.id === id,
    ).absences;

  it.each([390, 1280])(
    'who goes away names a day and who decides in their place; all see it until they are back, at %i px',
    async (width) => {
      const vera = await visitor(`Vera Viewer ${width}`, ['viewer'], width);
      const omar = await visitor(`Omar Away ${width}`, ['approver'], width);
      const { page } = omar;
      await omar.go('/console/agents');
      await page.getByRole('link', { name: 'When you are away' }).click();
      await page.getByText(`in your time zone, ${ZONE}`).first().waitFor();
      expect(await isWhole(page)).toBe(true);
      await page.getByLabel('Back on').fill(dayFrom(7));
      await page.getByLabel('In your place').selectOption({ label: `Vera Viewer ${width}` });
      await page.getByRole('button', { name: 'Note the absence' }).click();
      await page.getByText('Noted. Everybody sees until when you are away').waitFor();
      await page.getByText(`Vera Viewer ${width} decides in your place`).waitFor();
      expect(await isWhole(page)).toBe(true);
      const [noted] = await absencesOf(omar.record.id);
      expect(noted).toMatchObject({
        until: dayStart(dayFrom(7), ZONE).toISOString(),
        delegate: vera.record.id,
      });

      const { id } = await house.ask(`While Omar is away, ${width}`);
      await vera.go(`/console/approvals/${id}`);
      await vera.page.getByText(`You for Omar Away ${width}, who is away`).waitFor();
      const line = vera.page.locator('.people li', { hasText: 'you decide in their place' });
      await line.getByText(`Omar Away ${width}`).waitFor();
      expect(await isWhole(vera.page)).toBe(true);
      await vera.page.getByRole('button', { name: /^Approve/ }).click();
      await vera.page.getByText('Approved and done').first().waitFor();
      await vera.go('/console/agents');
      const theirs = vera.page.locator('.people li', { hasText: `Omar Away ${width}` }).first();
      await theirs.getByText('you decide in their place').waitFor();
      // Of somebody else the page has nothing to press.
      expect(await theirs.locator('a, button').count()).toBe(0);

      await page.getByRole('button', { name: 'I am back' }).click();
      await page.getByText('Ended. What was approved in your place').waitFor();
      expect(await absencesOf(omar.record.id)).toEqual([]);
      expect([...omar.complaints, ...vera.complaints]).toEqual([]);
      for (const each of [page, vera.page]) {
        await each.context().close();
      }
    },
  );

  it('what cannot be is said in the form, which keeps what it held', async () => {
    const { page, go, record } = await visitor('Ida Impossible', ['approver']);
    await go('/console/away');
    const until = page.getByLabel('Back on');
    const note = () => page.getByRole('button', { name: 'Note the absence' }).click();
    await until.fill(dayFrom(120));
    await page.getByLabel('In your place').selectOption({ label: 'Robin Vale' });
    await note();
    await page.getByText('Nothing was noted. It is longer than 90 days.').waitFor();
    expect(await until.inputValue()).toBe(dayFrom(120));
    expect(await page.getByLabel('In your place').inputValue()).not.toBe('');
    await until.fill(dayFrom(9));
    await page.getByLabel('Away from').fill(dayFrom(0));
    await note();
    await page.getByText('Noted. Everybody sees').waitFor();
    await page.getByLabel('Back on').fill(dayFrom(4));
    await note();
    await page.getByText('You are away at that time already: end that first.').waitFor();
    expect(await absencesOf(record.id)).toHaveLength(1);
    await page.context().close();
  });

  it('a form that no page of theirs made notes and ends nothing', async () => {
    const { page, record, call } = await visitor('Fay Forged', ['approver']);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const { body } = await call('POST', '/v1/absences', { body: { until } });
    for (const path of ['/console/away', `/console/absences/${body.id}/end`]) {
      const answer = await page.context().request.post(`${house.origin}${path}`, {
        headers: { origin: house.origin },
        form: { until: dayFrom(3), form_token: 'x' },
      });
      expect(answer.status()).toBe(403);
    }
    expect(await absencesOf(record.id)).toEqual([body]);
    await page.context().close();
  });
});
