import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE } from '../support/hostile.ts';
import { enrol, signIn } from '../support/passkeys.ts';
import { findChromium } from './chromium.ts';
import { type ConsoleHouse, isWhole, lendPasskey, openConsoleHouse } from './console-house.ts';

const executable = findChromium();

describe.skipIf(executable === undefined)('approve with changes in the console', () => {
  let house: ConsoleHouse;

  beforeAll(async () => {
    house = await openConsoleHouse(executable!);
  });
  afterAll(() => house.close());

  const standing = async (id: string) =>
    (await house.gateway.agent.call('GET', `/v1/actions/${id}`)).body;

  it.each([390, 1280])(
    'leads from the card to the card with the new value, at %i px',
    async (width) => {
      const asked = await house.ask(`Call back on Monday, ${width}.`);
      const { page, complaints } = await house.open(`/console/approvals/${asked.id}`, { width });
      await page.getByRole('link', { name: 'Change' }).click();
      const field = page.getByRole('textbox', { name: 'Note' });
      expect(await field.inputValue()).toBe(`Call back on Monday, ${width}.`);
      expect(await page.getByText('The agent asked for:').count()).toBe(1);
      expect(await isWhole(page)).toBe(true);
      await field.fill(`Call back on Tuesday, ${width}.`);
      await page.getByLabel('In your words').fill('Monday is a holiday.');
      await page.getByRole('button', { name: 'Change and make a new card' }).click();
      await page.getByText('Changed. Nothing was sent').waitFor();
      const successor = /act_[0-9a-z]{26}/.exec(page.url())![0];
      expect(successor).not.toBe(asked.id);
      expect(await page.getByText('You put other values in: Note.').count()).toBe(1);
      expect(await page.locator('#main').textContent()).toContain('Tuesday');
      expect(await isWhole(page)).toBe(true);
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByText('HubSpot accepted it').waitFor({ timeout: 20_000 });
      expect(await house.gateway.timesSent(`Tuesday, ${width}`)).toBe(1);
      expect(await house.gateway.timesSent(`Monday, ${width}`)).toBe(0);
      await page.getByRole('link', { name: 'What the agent asked for' }).click();
      await page.getByText('You changed this at').waitFor();
      expect(await page.locator('[data-decides]').count()).toBe(0);
      await page.getByRole('link', { name: 'Open the changed card' }).click();
      await page.waitForURL(`**/approvals/${successor}`);
      await page.goto(`${house.origin}/console/requests/${asked.id}`);
      await page.getByRole('link', { name: 'The request that takes its place' }).click();
      await page.getByText('You changed').first().waitFor();
      expect(await page.getByRole('link', { name: asked.id }).count()).toBeGreaterThan(0);
      expect(await standing(asked.id)).toMatchObject({
        status: 'changed',
        problem: { detail: 'Monday is a holiday.', successor },
      });
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('says what is wrong at its field, and keeps what was put in', async () => {
    const { body } = await house.gateway.submit({
      ...{ action: 'update_contact', contact_id: '20001', jobtitle: 'Head of yards' },
    });
    const { page } = await house.open(`/console/approvals/${body.id}/change`, { width: 390 });
    await page.getByLabel('Email', { exact: true }).fill('no address');
    await page.getByLabel('Job title').fill('Head of all yards');
    await page.getByRole('button', { name: 'Change and make a new card' }).click();
    const wrong = page.getByLabel('Email', { exact: true });
    await wrong.waitFor();
    expect(await wrong.getAttribute('aria-invalid')).toBe('true');
    const described = await wrong.getAttribute('aria-describedby');
    expect(await page.locator(`#${described}`).textContent()).toContain('Email:');
    expect(await wrong.inputValue()).toBe('no address');
    expect(await page.getByLabel('Job title').inputValue()).toBe('Head of all yards');
    expect((await standing(body.id)).status).toBe('awaiting_approval');
    await wrong.fill('');
    await page.getByRole('button', { name: 'Change and make a new card' }).click();
    await page.getByText('Changed. Nothing was sent').waitFor();
    expect(await page.locator('#main').textContent()).toContain('Head of all yards');
    await page.context().close();
  });

  it('changes nothing when nothing was changed', async () => {
    const asked = await house.ask('Two\nlines, and nothing else.');
    const { page } = await house.open(`/console/approvals/${asked.id}/change`);
    await page.getByRole('button', { name: 'Change and make a new card' }).click();
    await page.getByText('You changed nothing').waitFor();
    expect((await standing(asked.id)).status).toBe('awaiting_approval');
    await page.context().close();
  });

  it('works without scripts', async () => {
    const asked = await house.ask('Without scripts.');
    const context = await house.browser.newContext({ javaScriptEnabled: false });
    await context.addCookies([
      {
        ...{ name: 'sallyport', value: house.session, url: house.origin },
        ...{ httpOnly: true, sameSite: 'Strict' as const },
      },
    ]);
    const page = await context.newPage();
    await page.goto(`${house.origin}/console/approvals/${asked.id}/change`);
    await page.getByRole('textbox', { name: 'Note' }).fill('Changed without scripts.');
    await page.getByRole('button', { name: 'Change and make a new card' }).click();
    await page.getByText('Changed. Nothing was sent').waitFor();
    expect((await standing(asked.id)).status).toBe('changed');
    await context.close();
  });

  it('takes a passkey where policy asks for one, and the key C opens the form', async () => {
    const person = await house.gateway.addPerson('Passkey Changer');
    const holder = await enrol(house.gateway, person.record);
    const { token } = await signIn(house.gateway, holder);
    const { id } = await house.askTask('With a passkey.');
    const { page } = await house.open(`/console/approvals/${id}`, { session: token });
    const authenticator = await lendPasskey(page, holder);
    await page.keyboard.press('c');
    const subject = page.getByLabel('Task', { exact: true });
    await subject.fill('');
    await page.getByRole('button', { name: 'Change with passkey' }).click();
    await page.locator('[aria-invalid="true"]').waitFor();
    expect((await standing(id)).status).toBe('awaiting_approval');
    await subject.fill('Changed with a passkey.');
    await authenticator.recognise(false);
    await page.getByRole('button', { name: 'Change with passkey' }).click();
    await page.getByText('The passkey was not accepted').waitFor();
    await authenticator.recognise(true);
    await page.getByRole('button', { name: 'Change with passkey' }).click();
    await page.getByText('Changed. Nothing was sent').waitFor();
    expect((await standing(id)).status).toBe('changed');
    await page.context().close();
  });

  it('shows whatever an agent wrote as text and nothing else', async () => {
    const lines = HOSTILE.filter((text) => !/[\0\u202a-\u202e\u2066-\u2069]/.test(text)).slice(
      0,
      60,
    );
    const note = lines.join('\n');
    const { status, body } = await house.gateway.submit({
      ...{ action: 'create_note', contact_id: '20001', note },
    });
    if (status !== 202) throw new Error(JSON.stringify(body));
    const { page, complaints } = await house.open(`/console/approvals/${body.id}/change`);
    const field = page.getByRole('textbox', { name: 'Note' });
    expect(await field.inputValue()).toBe(note.trim());
    expect(await page.locator('#main script, #main img, #main iframe').count()).toBe(0);
    const links = await page
      .locator('#main a')
      .evaluateAll((all: any[]) => all.map((one) => one.getAttribute('href')));
    expect(links.every((href) => href.startsWith('/console/'))).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
