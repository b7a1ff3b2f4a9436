import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atRevert } from '../support/incidents.ts';
import { findChromium } from './chromium.ts';
import { type Asked, type ConsoleHouse, openConsoleHouse } from './console-house.ts';

const executable = findChromium();
const CONTROLS = ['button', 'link', 'textbox', 'searchbox', 'combobox', 'radio', 'checkbox'];

/** Runs in the browser: the contrast of each piece of text with what lies under it (WCAG 2.2, 1.4.3). */
const CONTRAST = `(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: element, data } = walker.currentNode;
    if (data.trim() === '' || !element.checkVisibility() || element.closest('.offscreen, script, noscript')) continue;
    const [one, other] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    found.push({ ratio, text: data.trim().slice(0, 40), of: element.className || element.localName });
  }
  return found;
})()`;

describe.skipIf(executable === undefined)('the console for everybody', () => {
  let house: ConsoleHouse;
  let waits: Asked;
  let done: Asked;
  let places: string[];

  beforeAll(async () => {
    house = await openConsoleHouse(executable!);
    done = await house.ask('Done already.');
    await house.gateway.approve(done.id, done.digest);
    await house.gateway.ended(done.id);
    waits = await house.ask('Still waits, with a look-alike br\u0430nd.');
    const incident = atRevert('elsewhere1', waits.id, 'Helen Marsh');
    await house.gateway.context.store.commit((tx) => tx.incidents.insert(incident));
    places = [
      ...['', `/approvals/${waits.id}`, `/approvals/${done.id}`, '/requests'],
      ...[
        '/incidents',
        '/alerts',
        `/incidents/${incident.id}`,
        `/incidents/${incident.id}/post-mortem`,
      ],
      ...[`/requests/${waits.id}`, '/agents', '/log', '/sign-in', '/enrol', '/nowhere'],
    ];
  });
  afterAll(() => house.close());

  const each = async (
    look: { width?: number; dark?: boolean },
    check: (page: Page, place: string) => Promise<void>,
  ): Promise<void> => {
    const { page } = await house.open('/console', look);
    for (const place of places) {
      await page.goto(`${house.origin}/console${place}`);
      await check(page, place);
    }
    await page.context().close();
  };

  it('has a name for every control, one h1, and landmarks', async () => {
    await each({ width: 390 }, async (page, place) => {
      const cdp = await page.context().newCDPSession(page);
      const { nodes } = await cdp.send('Accessibility.getFullAXTree');
      const known = (nodes as any[]).filter(({ ignored }) => !ignored);
      const controls = known.filter(({ role }) => CONTROLS.includes(role?.value));
      const nameless = controls.filter(({ name }) => (name?.value ?? '').trim() === '');
      expect([place, nameless.map(({ role }) => role.value)]).toEqual([place, []]);
      expect([place, controls.length > 0]).toEqual([place, true]);
      expect([place, await page.locator('h1').count()]).toEqual([place, 1]);
      const roles = known.map(({ role }) => role?.value);
      const landmarks =
        (await page.locator('#bar').count()) > 0 ? ['main', 'banner', 'navigation'] : ['main'];
      for (const landmark of landmarks)
        expect([place, roles]).toEqual([place, expect.arrayContaining([landmark])]);
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
    });
  });

  it.each([false, true])('is read with a contrast of 4.5 to 1 or more, dark %s', async (dark) => {
    let least = 21;
    let texts = 0;
    await each({ width: 390, dark }, async (page, place) => {
      const found = await page.evaluate<
        {
          ratio: number;
          text: string;
          of: string;
        }[]
      >(CONTRAST);
      const weak = found.filter(({ ratio }) => ratio < 4.5);
      expect([place, weak]).toEqual([place, []]);
      texts += found.length;
      least = Math.min(least, ...found.map(({ ratio }) => ratio));
    });
    console.log('contrast', { dark, texts, least: least.toFixed(2) });
    expect(texts).toBeGreaterThan(100);
  });

  it('shows the focus on each control, in the order of the page', async () => {
    await each({ width: 1280 }, async (page, place) => {
      const tops: [number, number][] = [];
      for (let n = 0; n < 60; n += 1) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate<{
          isSeen: boolean;
          order: number;
          name: string;
        } | null>(`(() => {
          const { activeElement: e } = document;
          if (!e || e === document.body) return null;
          const { outlineStyle, outlineWidth } = getComputedStyle(e);
          const isFixed = e.closest('.decide, .keys, .skip') !== null;
          const order = [...document.querySelectorAll('*')].indexOf(e);
          return { isSeen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2, isFixed, order, name: e.textContent };
        })()`);
        // Past the last one it begins again.
        if (at === null || tops.some(([order]) => order === at.order)) break;
        expect([place, at.name, at.isSeen]).toEqual([place, at.name, true]);
        tops.push([at.order, n]);
      }
      const orders = tops.map(([order]) => order);
      expect([place, orders]).toEqual([place, orders.toSorted((one, other) => one - other)]);
      expect([place, orders.length > 0]).toEqual([place, true]);
    });
  });

  it('gives the focus back to what opened a sheet', async () => {
    const { page } = await house.open(`/console/approvals/${waits.id}`);
    const opener = page.getByRole('button', { name: 'Reject with reason' });
    await opener.focus();
    await page.keyboard.press('Enter');
    await page.locator(':popover-open').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.closest(":popover-open") !== null')).toBe(
      true,
    );
    await page.keyboard.press('Escape');
    expect(await page.locator(':popover-open').count()).toBe(0);
    expect(await opener.evaluate((e: any) => e === e.ownerDocument.activeElement)).toBe(true);
    await page.context().close();
  });

  it('fits 390 px at 200 % without scrolling sideways, and a finger', async () => {
    // 200 % at 390 px is a page of 195 px; 320 px (WCAG 2.2, 1.4.10) lies in between.
    for (const width of [195, 320, 390])
      await each({ width }, async (page, place) => {
        const wide = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect([width, place, wide]).toEqual([width, place, 0]);
        if (width !== 390) return;
        const small = await page
          .locator('.btn:visible')
          .evaluateAll((all: any[]) =>
            all.filter((e) => e.getBoundingClientRect().height < 36).map((e) => e.textContent),
          );
        expect([place, small]).toEqual([place, []]);
      });
  });

  it('tells each state by a word, and moves nothing', async () => {
    const marks = '.state, .risk, .lamp';
    await each({ width: 390 }, async (page, place) => {
      const mute = await page
        .locator(marks)
        .evaluateAll((all: any[]) =>
          all.filter((e) => e.textContent.trim() === '').map((e) => e.outerHTML),
        );
      expect([place, mute]).toEqual([place, []]);
    });
    const sheet = readFileSync('src/console/browser/console.css', 'utf8');
    expect(sheet).not.toMatch(/\b(?:animation|transition|@keyframes)\b/);
  });
});
