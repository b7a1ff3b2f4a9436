import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectDependencies } from '../../src/dependencies.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import { activateCredential, fingerprintOf } from '../../src/gate/credentials.ts';
import { HOSTILE } from '../support/hostile.ts';
import { atRevert, EXACT_SCOPES } from '../support/incidents.ts';
import { logEntries } from '../support/log-entries.ts';
import { enrol, inviteTo, type PasskeyHolder, signIn } from '../support/passkeys.ts';
import { findChromium } from './chromium.ts';
import {
  type ConsoleHouse,
  giveAuthenticator,
  isWhole,
  lendPasskey,
  openConsoleHouse,
  type VirtualAuthenticator,
} from './console-house.ts';

const executable = findChromium();
/** `PICTURES=docs/pictures npm test` makes those of the README anew; a run like any other leaves them alone. */
const PICTURES = process.env['PICTURES'] ?? mkdtempSync(join(tmpdir(), 'sallyport-pictures-'));
const SLOW = { timeout: 60_000 };

interface Minted {
  readonly token: string;
  readonly app_id: number;
}

/** Whatever a browser is given, and whatever it asks for but by the one POST that carries the key. */
function watch(page: Page): { read(): Promise<readonly string[]> } {
  const urls: string[] = [];
  const bodies: Promise<string>[] = [];
  page.on('request', (request) => {
    urls.push(`${request.url()} ${request.headers()['referer'] ?? ''}`);
    if (!request.url().endsWith('/key')) urls.push(request.postData() ?? '');
  });
  page.on('response', (response) => {
    urls.push(JSON.stringify(response.headers()));
    bodies.push(response.text().catch(() => ''));
  });
  return { read: async () => [...urls, ...(await Promise.all(bodies))] };
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

describe.skipIf(executable === undefined)('an incident in the console', () => {
  let house: ConsoleHouse;
  let appId: number;
  let oldKey: string;
  let portal: number;
  let samsPasskey: PasskeyHolder;
  let second: string;
  let plain: string;
  const logged: string[] = [];

  const mint = async (scopes = EXACT_SCOPES, app?: number): Promise<Minted> => {
    const body = { scopes, ...(app === undefined ? {} : { app_id: app }) };
    return (await house.gateway.simulator.control<Minted>('POST', '/tokens', body)).body;
  };
  const kill = (token: string) =>
    house.gateway.simulator.control('POST', '/tokens/state', { token, state: 'revoked' });
  const holderOf = async (name: string, roles: readonly string[]): Promise<PasskeyHolder> => {
    const { record } = await house.gateway.addPerson(name, roles);
    return enrol(house.gateway, record);
  };

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
      logged.push(String(line));
      return true;
    });
    house = await openConsoleHouse(executable!, { SALLYPORT_LOG_LEVEL: 'debug' });
    const { context, simulator } = house.gateway;
    ({ token: oldKey, app_id: appId } = await mint());
    const version = await context.secrets.put('hubspot/main', oldKey, 1);
    const fingerprint = fingerprintOf(oldKey);
    await context.store.commit((tx) =>
      activateCredential(tx, { connection: 'main', version, fingerprint, by: 'test' }),
    );
    const deps = connectDependencies(context, simulator.url);
    await connectAccount(deps, { connection: 'main', by: 'test', isPortalForced: false });
    portal = (await context.store.connections.get('main'))!.portalId;
    samsPasskey = await holderOf('Sam Field', ['approver', 'operator']);
    second = (await signIn(house.gateway, samsPasskey)).token;
    const paul = await holderOf('Paul Plain', ['approver']);
    plain = (await signIn(house.gateway, paul)).token;
  });
  afterAll(async () => {
    await house.close();
    vi.restoreAllMocks();
  });

  const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor(SLOW);
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true });
  const openIncident = async (page: Page, reason: string): Promise<string> => {
    await button(page, 'Open an incident').filter({ visible: true }).last().click();
    const sheet = page.locator('#open-incident');
    await sheet.getByLabel('Reason').fill(reason);
    await button(page, 'Freeze and open an incident').click();
    await page.waitForURL(/\/console\/incidents\/inc_/);
    return /inc_[a-z0-9]+/.exec(page.url())![0];
  };
  /** Somebody who comes by the door, with the passkey of this browser. */
  const newOperator = async (name: string, width: number) => {
    const { record } = await house.gateway.addPerson(name, ['approver', 'operator']);
    const { page, complaints } = await house.open('/console', { session: null, width });
    const authenticator = await giveAuthenticator(page);
    await page.goto(`${house.origin}/console/enrol#${await inviteTo(house.gateway, record)}`);
    await button(page, 'Make a passkey').click();
    await says(page, 'Your passkey is made.');
    await button(page, 'Sign in with passkey').click();
    await page.getByRole('link', { name: 'Incidents' }).click();
    return { page, complaints, authenticator };
  };
  /** The second person, with their passkey in this browser, too. */
  const openAsSam = async (id: string, width: number) => {
    const seen = await house.open(`/console/incidents/${id}`, { width, session: second });
    return { ...seen, authenticator: await lendPasskey(seen.page, samsPasskey) };
  };
  /** Not recognised by the authenticator, then without asking it: neither counts. */
  const isNotTaken = async (page: Page, name: string, authenticator: VirtualAuthenticator) => {
    await authenticator.recognise(false);
    await button(page, name).click();
    await says(page, 'The passkey was not accepted. Nothing was changed.');
    await authenticator.recognise(true);
    await button(page, name).evaluate((one: any) => one.form.submit());
    await says(page, 'That takes your passkey, and this browser did not ask for it.');
  };
  const proofOf = async (id: string, event: string): Promise<unknown> =>
    (await logEntries(house.gateway.context.store, 0)).findLast(
      (entry: any) => entry.event === event && entry.facts.incident === id,
    )?.facts.proof;

  it.each([390, 1280])(
    'is driven by two people from the button to the post-mortem, and the key is nowhere, at %i px',
    async (width) => {
      const name = width === 390 ? 'Marcus Oyelaran' : 'Dana Whitfield';
      const { page } = await newOperator(name, width);
      if (width === 390) await says(page, 'No incidents.');
      const reason = 'Writes under our key that we did not make';
      const watched = watch(page);
      const id = await openIncident(page, reason);
      await says(page, 'Frozen. No call starts from now on.');
      expect(await page.locator('h1').innerText()).toBe(reason);
      await says(page, 'The old key still works.');
      expect(await link(page, 'Open this page in HubSpot').getAttribute('href')).toBe(
        `https://app.hubspot.com/private-apps/${portal}`,
      );
      const clock = page.locator('.clocks .is-now time');
      const before = await clock.innerText();
      await expect.poll(() => clock.innerText(), SLOW).not.toBe(before);
      expect(await isWhole(page)).toBe(true);
      expect(await button(page, 'Lift the freeze').count()).toBe(0);
      const { height } = (await page.locator('body').boundingBox())!;
      await page.setViewportSize({ width, height: Math.ceil(height) + 60 });
      await page.screenshot({ path: `${PICTURES}/incident-${width}.png` });
      await page.setViewportSize({ width, height: 844 });

      // Whoever may not, is told who does.
      const other = await house.open(`/console/incidents/${id}`, { width, session: plain });
      await says(other.page, /Someone with the role operator does this: .*Sam Field/);
      expect(await other.page.locator('input[type=password]').count()).toBe(0);
      await other.page.goto(`${house.origin}/console`);
      await link(other.page, 'To the incident').click();
      await says(other.page, reason);
      await other.page.context().close();

      const field = page.locator('input[name=key]');
      const store = async (key: string): Promise<void> => {
        await field.fill(key);
        await button(page, 'Store it with passkey').click();
      };
      await store(oldKey);
      await says(page, 'That is the old key.');
      await store('canary-of-two words');
      await says(page, 'That is no key');
      expect(await page.content()).not.toContain('canary-of-two');
      const { token: key } = await mint(EXACT_SCOPES, appId);
      await store(key);
      await says(page, 'The new key is stored. It does not count before every check has passed.');
      await page.goBack();
      expect(
        await page
          .locator('input[type=password]')
          .evaluateAll((all: any[]) => all.map((e) => e.value)),
      ).not.toContain(key);
      await page.goto(`${house.origin}/console/incidents/${id}`);
      await says(page, 'Old key refused (waits): The old key still works.');
      const { token: better } = await mint(EXACT_SCOPES, appId);
      await page.getByText('Was it not the new key?').click();
      await store(better);
      await says(page, 'The new key is stored. It does not count before every check has passed.');
      await says(page, 'Old key refused (waits): The old key still works.');
      await kill(oldKey);

      await says(page, 'You contained this, so someone else opens it again.');
      expect(await button(page, 'Open again with passkey').count()).toBe(0);
      await says(page, 'Write, read back, remove:');
      expect(await isWhole(page)).toBe(true);
      const sam = await openAsSam(id, width);
      const samWatched = watch(sam.page);
      await isNotTaken(sam.page, 'Open again with passkey', sam.authenticator);
      await button(sam.page, 'Open again with passkey').click();
      await says(sam.page, 'Open again. Calls to HubSpot start.');
      for (const event of ['incident.key_supplied', 'incident.closed'])
        expect(await proofOf(id, event)).toBe('passkey');
      await says(page, 'Opened again by Sam Field');
      await link(sam.page, 'Read the post-mortem').click();
      await says(sam.page, `Incident ${id}`);
      expect(await isWhole(sam.page)).toBe(true);
      const coming = sam.page.waitForEvent('download');
      await link(sam.page, 'Download it').click();
      const download = await coming;
      expect(download.suggestedFilename()).toBe(`${id}.md`);
      const report = readFileSync(await download.path(), 'utf8');
      expect(report).toMatch(new RegExp(`^# Incident ${id}`));
      await sam.page.getByRole('link', { name: 'Incidents' }).click();
      await says(sam.page, 'Closed');
      expect(sam.complaints).toEqual([]);

      const given = [...(await watched.read()), ...(await samWatched.read()), report];
      given.push(await page.content(), await sam.page.content());
      const inFiles = filesIn(house.gateway.config.dataDir).map((file) =>
        readFileSync(file, 'latin1'),
      );
      const all = [...given, ...inFiles, ...logged];
      expect(all.filter((text) => [key, better, oldKey].some((one) => text.includes(one)))).toEqual(
        [],
      );
      console.log('the key', {
        texts: given.length,
        files: inFiles.length,
        logged: logged.length,
        seen: 0,
      });
      oldKey = better;
      await sam.page.context().close();
      await page.context().close();
    },
    180_000,
  );

  it.each([390, 1280])(
    'ends as a false alarm when a person says so and another opens again, at %i px',
    async (width) => {
      const name = `Robin ${width}`;
      const { page, complaints, authenticator } = await newOperator(name, width);
      await button(page, 'Freeze everything now').click();
      await says(page, `Frozen by ${name}.`);
      // Near Freeze, also where the bar has no room for it.
      const id = await openIncident(page, 'A test of ours, as it seems');
      await button(page, 'False alarm').click();
      await button(page, 'Back').filter({ visible: true }).click();
      await button(page, 'False alarm').click();
      await page
        .locator('#false-alarm')
        .getByLabel('Reason')
        .fill('It was our own test.\nNobody else has it.');
      await authenticator.recognise(false);
      await button(page, 'Say so with passkey').click();
      await page.locator('#false-alarm').getByText('The passkey was not accepted.').waitFor(SLOW);
      await authenticator.recognise(true);
      await button(page, 'Say so with passkey').click();
      await says(page, 'A false alarm, then.');
      expect(await proofOf(id, 'incident.false_alarm')).toBe('passkey');
      await says(page, 'Left out: it was a false alarm, and the key is kept.');
      expect(await isWhole(page)).toBe(true);
      const sam = await openAsSam(id, width);
      await button(sam.page, 'Open again with passkey').click();
      await says(sam.page, 'Open again. Calls to HubSpot start.');
      // The freeze that stood before is not the incident's to lift.
      await button(sam.page, 'Lift the freeze').click();
      await says(sam.page, 'The freeze was lifted.');
      await sam.page.goto(`${house.origin}/console/incidents`);
      await sam.page.getByText('False alarm', { exact: true }).first().waitFor(SLOW);
      expect(complaints).toEqual([]);
      await sam.page.context().close();
      await page.context().close();
    },
    120_000,
  );

  it.each([390, 1280])(
    'shows what was not ours with its plan, and leads to the card that decides, at %i px',
    async (width) => {
      const asked = await house.ask(`Set back, ${width}`);
      const incident = atRevert(`elsewhere${width}`, asked.id, 'Helen Marsh');
      await house.gateway.context.store.commit((tx) => tx.incidents.insert(incident));
      const { page, complaints } = await house.open(`/console/incidents/${incident.id}`, { width });
      const rows = page.locator('.steps table tbody tr');
      await rows.first().waitFor();
      const plans = await rows.locator('td[data-col=Plan]').allInnerTexts();
      expect(plans.map((plan) => plan.replace(/^Plan\s*/, ''))).toEqual([
        'Set back, if it is still the rogue value',
        'changed since: the later edit stays',
        'Archive, if nobody has worked on it',
        'Restore in HubSpot by hand, within 90 days',
      ]);
      expect(await page.locator('.clocks .is-now').innerText()).toContain('needs you now');
      await page.getByText('Which records').click();
      expect(await isWhole(page)).toBe(true);
      await link(page, 'Open to decide').click();
      await page.waitForURL(`**/console/approvals/${asked.id}`);
      await button(page, 'Reject with reason').waitFor();
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('hostile text in reason, findings and checks is read as text: nothing runs, nothing links', async () => {
    const { page, complaints } = await house.open('/console');
    const links = new Set<string>();
    const asked = await house.ask('For the hostile ones');
    const texts = HOSTILE.filter((text, at) => at % 20 === 0 && text.length <= 500 && text !== '');
    for (const [at, text] of texts.entries()) {
      const incident = atRevert(`hostile${at}`, asked.id, text);
      await house.gateway.context.store.commit((tx) => tx.incidents.insert(incident));
      for (const place of [incident.id, `${incident.id}/post-mortem`]) {
        await page.goto(`${house.origin}/console/incidents/${place}`);
        const found = await page
          .locator('main a')
          .evaluateAll((all: any[]) => all.map((each) => each.href as string));
        for (const href of found) links.add(href.replaceAll(/inc_\w+/g, 'inc'));
        expect(await page.locator('main').locator('script, img, iframe, style, svg').count()).toBe(
          0,
        );
      }
    }
    await page.goto(`${house.origin}/console/incidents`);
    await page.locator('tbody tr').first().waitFor();
    const allowed = new RegExp(
      `^(?:${house.origin}/console/|https://app\\.hubspot\\.com/(?:contacts|private-apps)/\\d+)`,
    );
    expect([...links].filter((href) => !allowed.test(href))).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
