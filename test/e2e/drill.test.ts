import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scorecardWith } from '../console/made-pages.ts';
import { findChromium } from './chromium.ts';
import { type ConsoleHouse, isWhole, openConsoleHouse } from './console-house.ts';

const executable = findChromium();

describe.skipIf(executable === undefined)('drills in the console', () => {
  let house: ConsoleHouse;
  beforeAll(async () => {
    house = await openConsoleHouse(executable!);
  });
  afterAll(() => house.close());

  it('says how to play one, and then shows the last one line by line, at 390 and 1280 px', async () => {
    const { page: empty } = await house.open('/console/incidents', { width: 390 });
    await empty.getByText('No drill yet. npx sallyport drill plays one.').waitFor();
    await empty.context().close();
    const folder = house.gateway.context.config.files.drills;
    mkdirSync(folder, { recursive: true });
    const card = scorecardWith('No write starts after the freeze');
    writeFileSync(join(folder, `${card.id}.json`), JSON.stringify(card));
    for (const width of [390, 1280]) {
      const { page } = await house.open('/console/incidents', { width });
      await page.getByText('1 min 7 s: 1 of 3 lines passed.').waitFor();
      await page.getByRole('link', { name: 'Last drill' }).click();
      await page.getByRole('heading', { name: 'Drill: 1 of 3 lines passed' }).waitFor();
      for (const words of ['Passed', 'Not shown', 'Failed', '14.7 s', 'not reached'])
        expect(await page.getByText(words, { exact: true }).first().isVisible()).toBe(true);
      expect(await isWhole(page)).toBe(true);
      await page.context().close();
    }
    const { page: none } = await house.open('/console/drills/20990101T000000Z', { width: 390 });
    await none
      .getByText(/There is no such page|not found/i)
      .first()
      .waitFor();
  });

  it('answers people alone', async () => {
    const { status } = await house.gateway.agent.call('GET', '/v1/drills');
    expect(status).toBe(401);
    const answer = await house.gateway.approver.call('GET', '/v1/drills');
    expect(answer.body.drills).toHaveLength(1);
  });
});
