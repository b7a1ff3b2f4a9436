import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** There a suite that is skipped would pass for one that has shown something. */
const isRequired = process.env['SALLYPORT_CI'] === '1' || process.env['FAULTS'] === 'full';

/** The Chromium of this machine; undefined where there is none, and the suite is skipped, visibly. */
export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
  if (found === undefined && isRequired)
    throw new Error('There is no Chromium on the PATH, and here no suite is skipped: install it.');
  return found;
}

/** Root cannot have the sandbox; nothing of the browser's own goes to the network. */
export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
  });
