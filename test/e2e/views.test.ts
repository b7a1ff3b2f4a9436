import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/core/detection.ts';
import { newestAlerts, raiseAlert } from '../../src/gate/alerts.ts';
import { detectionSettings } from '../support/detection.ts';
import { findChromium } from './chromium.ts';
import {
  type ConsoleHouse,
  giveAuthenticator,
  isWhole,
  openConsoleHouse,
} from './console-house.ts';
import { decidedWithin } from '../support/gateway.ts';
import { dayFrom } from '../support/days.ts';
import { runInFile } from '../support/store-file.ts';
import { enrol, inviteTo, signIn } from '../support/passkeys.ts';

const executable = findChromium();
/** How long a lost answer stays unknown: long enough to be looked at. */
const QUIET_SECONDS = '10';

describe.skipIf(executable === undefined)('every view of the console', () => {
  let house: ConsoleHouse;

  beforeAll(async () => {
    house = await openConsoleHouse(executable!, { SALLYPORT_QUIET_SECONDS: QUIET_SECONDS });
  });
  afterAll(() => house.close());

  const decidesNothing = async (page: Page): Promise<void> => {
    expect(await page.locator('[data-decides]').count()).toBe(0);
  };
  const onCard = async (id: string, width: number, words: string): Promise<Page> => {
    const { page } = await house.open(`/console/approvals/${id}`, { width });
    await page.getByText(words).first().waitFor({ timeout: 20_000 });
    expect(await isWhole(page)).toBe(true);
    return page;
  };

  it('an empty queue says so, and what comes appears by itself', async () => {
    const { page } = await house.open('/console', { width: 390 });
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    const keys = page.locator('#foot');
    expect(await keys.textContent()).not.toMatch(/approve|reject|change/);
    const { id } = await house.ask('Comes to an empty queue.');
    await page.getByRole('heading', { name: '1 change waits for you' }).waitFor();
    expect(await page.locator(`[data-id="${id}"]`).count()).toBe(1);
    expect(await keys.textContent()).toMatch(/approve.*reject/);
    await house.gateway.agent.call('DELETE', `/v1/actions/${id}`);
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    const today = page.getByRole('region', { name: 'Today' });
    await today.getByText('Refused by policy').waitFor();
    // The day of the browser's zone: it begins at 00:00 there.
    await today.getByText('Of what was asked for since 00:00.').waitFor();
    const last = page.getByRole('region', { name: 'Last asked for' });
    await last.locator(`a[href="/console/requests/${id}"]`).click();
    await page.waitForURL(`**/console/requests/${id}`);
    await page.context().close();
  });

  it.each([390, 1280])('decided, withdrawn, expired and refused, at %i px', async (width) => {
    const approved = await house.ask(`Approved, ${width}.`);
    await house.gateway.approve(approved.id, approved.digest);
    await house.gateway.ended(approved.id);
    const withdrawn = await house.ask(`Withdrawn, ${width}.`);
    await house.gateway.agent.call('DELETE', `/v1/actions/${withdrawn.id}`);
    const expired = await decidedWithin(house.gateway, 2_000, () =>
      house.ask(`Expired, ${width}.`),
    );
    for (const [{ id }, words] of [
      [approved, 'HubSpot accepted it'],
      [withdrawn, 'The agent took it back.'],
      [expired, 'The time ran out at'],
    ] as const) {
      const page = await onCard(id, width, words);
      await decidesNothing(page);
      expect(await page.getByRole('link', { name: 'Next waiting' }).count()).toBe(1);
      await page.context().close();
    }
    const denied = await house.gateway.submit(
      { action: 'get_deal', deal_id: '1' },
      {
        call: (await house.gateway.addAgent(`nobody-${width}`, [])).call,
      },
    );
    expect(denied.body.code).toBe('policy.denied');
    const { page } = await house.open(`/console/requests/${denied.body.request_id}`, { width });
    await page.getByText('Refused by policy').first().waitFor();
    expect(await isWhole(page)).toBe(true);
    await page.context().close();
  });

  it.each([390, 1280])('out of date: the record moved under the card, at %i px', async (width) => {
    const contact = width === 390 ? '20005' : '20006';
    const { body } = await house.gateway.submit({
      ...{ action: 'update_contact', contact_id: contact, jobtitle: `Head ${width}` },
    });
    await house.gateway.simulator.control('POST', '/edits', {
      ...{ object_type: 'contacts', id: contact, properties: { jobtitle: 'Edited by somebody' } },
    });
    await house.gateway.approve(body.id, body.digest);
    await house.gateway.ended(body.id);
    const page = await onCard(body.id, width, 'The record changed since this card was made.');
    expect(await page.getByText('Job title changed').count()).toBe(1);
    await decidesNothing(page);
    if (width === 390) await page.getByRole('button', { name: 'Make a new card' }).click();
    else await page.keyboard.press('n');
    await page.getByText('A new card, of the record as it is now.').waitFor();
    await page.getByText('Edited by somebody').first().waitFor();
    expect(page.url()).not.toContain(body.id);
    await page.goto(`${house.origin}/console/approvals/${body.id}`);
    await page.getByText('had a new card made of it').waitFor();
    expect(await page.getByRole('button', { name: 'Make a new card' }).count()).toBe(0);
    await page.context().close();
  });

  it('unknown, while nobody can tell, and settled by itself on the open page', async () => {
    const { id, digest } = await house.ask('Its first try never arrives.');
    await house.gateway.fault({ method: 'POST', path: '/notes$' }, 'drop');
    await house.gateway.approve(id, digest);
    const page = await onCard(id, 390, 'HubSpot’s answer was lost.');
    await decidesNothing(page);
    expect(await page.getByText('Outcome unknown').count()).toBeGreaterThan(0);
    await page.getByText('HubSpot accepted it').waitFor({ timeout: 50_000 });
    expect(await house.gateway.timesSent('Its first try never arrives.')).toBe(1);
    await page.context().close();
  });

  it('settled: the answer was lost, the write was not, and it was not repeated', async () => {
    const { id, digest } = await house.ask('Its answer is lost.');
    await house.gateway.fault({ method: 'POST', path: '/notes$' }, 'commit_then_drop');
    await house.gateway.approve(id, digest);
    const page = await onCard(id, 1280, 'HubSpot accepted it');
    expect(await house.gateway.timesSent('Its answer is lost.')).toBe(1);
    await page.goto(`${house.origin}/console/requests/${id}`);
    await page.getByText('The outcome is unknown until it is found in HubSpot').waitFor();
    await page.context().close();
  });

  it('offline: says since when, lets nothing be decided, and comes back by itself', async () => {
    const { id } = await house.ask('While the gateway was away.');
    const { page } = await house.open(`/console/approvals/${id}`, { width: 390 });
    expect(await page.locator('[data-decides]').count()).toBeGreaterThan(0);
    await house.gateway.stopGateway();
    const said = page.getByText(
      /No connection to the gateway since \d\d:\d\d\. What you see may be/,
    );
    await said.waitFor({ timeout: 20_000 });
    await decidesNothing(page);
    await page.keyboard.press('a');
    await house.gateway.startGateway();
    await page.locator('[data-decides]').first().waitFor({ timeout: 30_000 });
    expect(await said.count()).toBe(0);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Approved and done').first().waitFor();
    await page.context().close();
  });

  it('the session is over while the page is open: the door, with the reason', async () => {
    const { record } = await house.gateway.addPerson('Sue Session');
    const { token, call } = await signIn(house.gateway, await enrol(house.gateway, record));
    const { page } = await house.open('/console/agents', { session: token });
    await call('DELETE', '/v1/sessions/current');
    await page.getByText('Your session ended. Nothing was decided. Sign in again.').waitFor();
    await page.context().close();
  });

  it.each([390, 1280])('frozen: says by whom, who lifts it, at %i px', async (width) => {
    const { id } = await house.ask(`Waits in the frost, ${width}.`);
    await house.gateway.approver.call('POST', '/v1/freezes', { body: { reason: 'A drill.' } });
    const page = await onCard(id, width, 'Frozen by Robin Vale.');
    expect(await page.locator('.strip').innerText()).toContain('Frozen');
    expect(await page.getByRole('button', { name: 'Freeze everything now' }).count()).toBe(0);
    const { record } = await house.gateway.addPerson(`Paul Plain ${width}`);
    const plain = await signIn(house.gateway, await enrol(house.gateway, record));
    const other = await house.open('/console', { width, session: plain.token });
    await other.page.getByText('Someone with the role operator lifts it.').waitFor();
    expect(await other.page.getByRole('button', { name: 'Lift the freeze' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Lift the freeze' }).click();
    await page.getByText('The freeze was lifted.').waitFor();
    await other.page.context().close();
    await page.context().close();
  });

  it.each([390, 1280])(
    'an alert is found by the link that people are sent, at %i px',
    async (width) => {
      const { store } = house.gateway.context;
      const settings = detectionSettings({ decoy_touched: '0 in 1s: notify' });
      const finding = (nth: number): Finding => ({
        ...{ rule: 'decoy_touched', agentId: house.gateway.agent.record.id, personId: null },
        ...{ count: 1, entries: [nth], requests: [], index: nth, liftedAt: null },
        at: new Date(width * 100_000 + nth * 10_000),
      });
      const alert = { places: [], settings, connection: 'main', isLate: false };
      for (let nth = 0; nth < 30; nth += 1)
        await store.commit((tx) => raiseAlert(tx, { finding: finding(nth), ...alert }));
      const all = await newestAlerts(store, { limit: 30 });
      const { index } = all[27]!;
      const { page } = await house.open('/console/incidents', { width });
      await page.getByRole('link', { name: 'Last alert' }).click();
      await page.getByRole('link', { name: 'Older' }).click();
      await page.locator(`#alert-${index}`).getByText('An agent came upon a record').waitFor();
      await page.goto(`${house.origin}/console/alerts/${index}`);
      const first = page.locator('tbody tr').first();
      expect(await first.getAttribute('id')).toBe(`alert-${index}`);
      expect(await isWhole(page)).toBe(true);
      await page.context().close();
      // As from a mail, signed out: the door leads to the very alert.
      const out = await house.open(`/console/alerts/${index}`, { session: null, width });
      const door = out.page.locator('form[data-sign-in]');
      await door.waitFor();
      expect(await door.getAttribute('data-next')).toBe(`/console/alerts/${index}`);
      await out.page.context().close();
    },
  );

  it.each([390, 1280])(
    'the log says who did what, and is searched, at %i px',
    async (width) => {
      const { id, digest } = await house.ask(`Into the log, ${width}.`);
      await house.gateway.approve(id, digest);
      await house.gateway.ended(id);
      const { page, complaints } = await house.open('/console', { width });
      await page.getByRole('link', { name: 'Log', exact: true }).click();
      await page.getByRole('heading', { name: 'Log', exact: true }).waitFor();
      await page.getByText('npx sallyport audit verify').waitFor();
      expect(await isWhole(page)).toBe(true);
      const entries = page.locator('ol.line > li');
      const search = async (): Promise<void> => {
        await page.getByRole('button', { name: 'Search' }).click();
        await page.waitForURL('**/console/log?**');
      };
      await page.getByLabel('Who').selectOption({ label: 'Robin Vale' });
      await page.getByLabel('Event').selectOption('approval.granted');
      await page.getByLabel('Record').fill('contacts/20001');
      await page.getByLabel('From').fill(dayFrom(-1));
      await page.getByLabel('Until').fill(dayFrom(0));
      await search();
      const first = entries.first();
      await first.getByText('You approved with a personal key, for exactly this digest.').waitFor();
      expect(await page.getByLabel('Who').inputValue()).toContain('person:');
      expect(await page.getByLabel('Until').inputValue()).toBe(dayFrom(0));
      const download = page.waitForEvent('download');
      await first.getByRole('link', { name: 'proof' }).click();
      const file = (await download).suggestedFilename();
      expect(`entry-${/^log-entry-(\d+)\.json$/.exec(file)?.[1] ?? file}`).toBe(
        await first.getAttribute('id'),
      );
      await first.getByRole('link', { name: `Create note ${id}` }).click();
      await page.waitForURL(`**/console/requests/${id}`);
      await page.goBack();
      await page.getByLabel('Code').fill('nothing.like_it');
      await search();
      await page.getByText('No entry is like that.').waitFor();
      expect(await isWhole(page)).toBe(true);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    120_000,
  );

  it('the log names an entry that somebody has changed', async () => {
    const { id } = await house.ask('Its entry is changed.');
    await house.gateway.context.auditLog.publish();
    const [{ index }] = (await house.gateway.entriesOf(id)) as [{ index: number }];
    const rename = (event: string) =>
      runInFile(
        ...([
          house.gateway.config.files.store,
          'update log_entries set event = ? where idx = ?',
        ] as const),
        ...[event, index],
      );
    rename('request.refused');
    const { page } = await house.open(`/console/log?before=${index + 2}`, { width: 390 });
    rename('request.accepted');
    const notice = page.locator('.notice', { hasText: 'somebody changed the store' });
    await notice.getByText(`entry ${index}`).waitFor();
    expect(await page.locator(`#entry-${index}`).count()).toBe(0);
    expect(await page.locator(`#entry-${index - 1}`).count()).toBe(1);
    await page.context().close();
  });

  it('the log is for an operator and an auditor; for others a page says so, and no link leads there', async () => {
    const { record } = await house.gateway.addPerson('Nora Noright', ['approver']);
    const { token } = await signIn(house.gateway, await enrol(house.gateway, record));
    const { page } = await house.open('/console', { session: token });
    await page.getByRole('link', { name: 'Incidents' }).waitFor();
    expect(await page.getByRole('link', { name: 'Log', exact: true }).count()).toBe(0);
    await page.goto(`${house.origin}/console/log`);
    await page.getByText('it is read with the role operator or auditor').waitFor();
    expect(await page.locator('ol.line > li').count()).toBe(0);
    await page.context().close();
    const out = await house.open('/console/log', { session: null });
    const door = out.page.locator('form[data-sign-in]');
    await door.waitFor();
    expect(await door.getAttribute('data-next')).toBe('/console/log');
    await out.page.context().close();
  });

  it.each([390, 1280])(
    'every button and link is pressed, and does what it says, at %i px',
    async (width) => {
      const { record } = await house.gateway.addPerson(`Pia Press ${width}`, [
        'approver',
        'operator',
      ]);
      const link = `${house.origin}/console/enrol#${await inviteTo(house.gateway, record)}`;
      const { page, complaints } = await house.open('/console', { session: null, width });
      await giveAuthenticator(page);
      const seen = new Set<string>();
      const pressed = new Set<string>();
      /** By what is the same for all requests and agents. */
      const kindOf = (name: string): string =>
        name
          .replaceAll(/\s+/g, ' ')
          .replace(/^\? /, '')
          .trim()
          .replace(/^Freeze (?:test-assistant|sallyport|Clerk \d+)$/, 'Freeze an agent')
          .replace(/^Decide \d+ together$/, 'Decide together')
          .replace(/^Revoke (?!with ).*$/, 'Revoke an agent')
          .replace(/^End: .*$/, 'End what is allowed ahead');
      const lookAround = async (): Promise<void> => {
        const names = await page
          .locator('button:visible, a.btn:visible')
          .evaluateAll((all: any[]) =>
            all.map((each) => {
              const copy = each.cloneNode(true);
              for (const mark of copy.querySelectorAll('kbd, [aria-hidden]')) mark.remove();
              return copy.textContent as string;
            }),
          );
        for (const name of names) seen.add(kindOf(name));
      };
      const press = async (name: string, within: Page | Locator = page): Promise<void> => {
        await lookAround();
        pressed.add(kindOf(name));
        const exact = new RegExp(`^${name.replaceAll('?', '\\?')}( [A-Z↵?])?$`);
        const control = within.getByRole('button', { name: exact });
        const found =
          (await control.count()) > 0 ? control : within.getByRole('link', { name: exact });
        await found.first().click();
      };
      const go = (path: string) => page.goto(`${house.origin}${path}`);

      await page.goto(link);
      await press('Make a passkey');
      await page.getByText('Your passkey is made.').waitFor();
      await press('Sign in with passkey');
      await page.getByRole('link', { name: 'Waiting' }).waitFor();

      const row = await house.ask(`In its row, ${width}`);
      await go('/console');
      const item = page.locator(`[data-id="${row.id}"]`);
      await press('Open', item);
      await page.waitForURL(`**/approvals/${row.id}`);
      await page.getByRole('link', { name: 'All waiting' }).click();
      await press('Reject with reason', item);
      await press('Back', page.locator(`#reject-${row.id}`));
      expect(await page.locator(`#reject-${row.id}`).isVisible()).toBe(false);
      await press('Approve', item);
      await page.getByText('Approved and done').first().waitFor();
      await press('Time line');
      await page.getByRole('heading', { name: 'Time line' }).waitFor();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'proof' }).first().click();
      expect((await download).suggestedFilename()).toContain(row.id);
      await page.getByRole('link', { name: 'All requests' }).click();
      await page.getByLabel('Words or an id').fill(row.id);
      await press('Search');
      await page.waitForURL('**/console/requests?**');
      expect(await page.locator('tbody tr').count()).toBe(1);

      // More than one page of it, whatever was tested before.
      for (let nth = 0; nth < 10; nth += 1)
        await house.gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
      await go('/console/log');
      await press('Earlier entries');
      await page.waitForURL('**before=**');
      await press('Newest entries');
      await page.waitForURL((url) => url.search.endsWith('before='));

      const task = await house.askTask(`By passkey, ${width}`);
      await go(`/console/requests/${task.id}`);
      await press('Open the card');
      await press('Approve with passkey');
      await page.getByText('Approved and done').first().waitFor();
      await press('Next waiting');
      await page.waitForURL('**/console');

      for (const nth of [1, 2, 3]) await house.ask(`Alike ${nth}, ${width}`);
      await go('/console');
      await lookAround();
      pressed.add('Decide together');
      await page.getByRole('link', { name: /^Decide \d+ together$/ }).click();
      await press('Reject all of them');
      await press('Back', page.locator('#reject-all'));
      for (const right of await page.getByLabel('It is right').all()) await right.check();
      await press('Approve these with passkey');
      await page.getByText('Approved together.').waitFor();

      const wrong = await house.ask(`Rejected, ${width}`);
      await go(`/console/approvals/${wrong.id}`);
      await press('Change');
      await page.waitForURL('**/change');
      await press('Change and make a new card');
      await page.getByText('You changed nothing').waitFor();
      await press('Back');
      await page.waitForURL(`**/approvals/${wrong.id}`);
      await press('Allow ahead…');
      await press('Allow ahead', page.locator('#allow-ahead'));
      await page.getByText('Allowed ahead.').first().waitFor();
      await press('Reject with reason');
      await page.getByText('Ask the customer first').click();
      await press('Reject and tell the agent');
      await page.getByText('You rejected this at').waitFor();

      await go('/console/agents');
      await lookAround();
      pressed.add('End what is allowed ahead');
      await page.locator('#allowed-ahead').getByRole('button', { name: /^End/ }).click();
      await page.getByText('Ended. From now on').waitFor();
      await page.getByRole('link', { name: 'When you are away' }).click();
      await page.getByLabel('Back on').fill(dayFrom(3));
      await press('Note the absence');
      await page.getByText('Noted. Everybody sees').waitFor();
      await press('I am back');
      await page.getByText('Ended. What was approved').waitFor();
      await page.getByLabel('Back on').fill(dayFrom(5));
      await page.getByLabel('Away from').fill(dayFrom(2));
      await press('Note the absence');
      await press('Take it back');
      await page.getByText('Ended. What was approved').waitFor();
      await press('Back');
      await page.waitForURL('**/console/agents*');
      await press('Add a person');
      await page.waitForURL('**/people/add');
      await press('Back');
      await page.waitForURL('**/console/agents*');
      await page.getByRole('link', { name: `Change roles of ${record.name}` }).click();
      await page.getByLabel('Roles').fill('operator, approver');
      await press('Change with passkey');
      await page.getByText('The roles are changed, effective at once.').waitFor();
      await press('Add an agent');
      await page.waitForURL('**/agents/add');
      await page.getByLabel('Name').fill(`Clerk ${width}`);
      await press('Add with passkey');
      await page.getByText(`Clerk ${width} is added`).waitFor();
      await press('Done');
      await press(`Revoke Clerk ${width}`);
      await press('Revoke with passkey');
      await page.getByText('Revoked, effective at once.').waitFor();
      await press('Freeze test-assistant');
      await page.getByText('No request of this agent is accepted.').waitFor();
      await press('Lift the freeze');
      await go('/console/agents');
      const requests = page.locator('.agent a.btn[href*="requests?agent="]').first();
      await lookAround();
      pressed.add(kindOf(await requests.innerText()));
      await requests.click();
      await page.waitForURL('**/console/requests?agent=**');
      await lookAround();
      if (seen.has('Older')) {
        await press('Older');
        await page.waitForURL('**before=**');
      }
      await press('Freeze everything now');
      await page.getByText(`Frozen by Pia Press ${width}.`).waitFor();
      await press('Open an incident', page.locator('#main'));
      // What is in it is pressed where there is somebody else to open again: `incident.test.ts`.
      await page.keyboard.press('Escape');
      await press('Lift the freeze');

      if (width === 1280) {
        await press('? all keys');
        await press('Back', page.locator('#keys'));
      }
      await press(record.name);
      await press('When you are away', page.locator('#account'));
      await page.waitForURL('**/console/away');
      await press(record.name);
      await press('Back', page.locator('#account'));
      expect(await page.evaluate('document.activeElement.textContent')).toContain('Pia');
      await go('/console/nowhere');
      await press('To what waits');
      complaints.splice(
        0,
        complaints.length,
        // The browser tells of a page that is not there, and of a form that changed nothing.
        ...complaints.filter((each) => !/status of (?:404|422)/.test(each)),
      );
      await press(record.name);
      await press('Sign out');
      await page.getByText('You are signed out.').waitFor();
      const missed = [...seen].filter(
        (name) =>
          !pressed.has(name) &&
          (width === 1280 || name !== 'all keys') &&
          !/^(Its \d+ request|Freeze nobody-)/.test(name),
      );
      expect(missed).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    240_000,
  );
});
