import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { inject } from 'vitest';
import { runSallyport } from '../support/command.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { enrol, type PasskeyHolder, signIn } from '../support/passkeys.ts';
import { launchChromium } from './chromium.ts';

/** Tasks take a passkey, so that one policy has both ways of approving. */
const TASKS_TAKE_A_PASSKEY = `
@id("tasks-need-a-passkey")
@reason("Tasks need a passkey.")
forbid (principal, action == Action::"create_task", resource)
when { Role::"approver".passkeyApprovals < 1 };
`;

export interface Look {
  readonly width?: number;
  readonly dark?: boolean;
  /** A session's token; null: a stranger. The approver's by default. */
  readonly session?: string | null;
}

export interface Seen {
  readonly page: Page;
  /** What the browser complained about: CSP, errors, failed loads. */
  readonly complaints: string[];
}

/** Nothing of it stands beyond the width of the window. */
export const isWhole = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

/** A gateway with its console, and a browser in front of it. */
export interface ConsoleHouse {
  readonly gateway: TestGateway;
  readonly browser: Browser;
  readonly origin: string;
  /** The approver's session. */
  readonly session: string;
  open(path: string, look?: Look): Promise<Seen>;
  /** A note that waits. */
  ask(note: string, options?: { prompt?: string; userId?: string }): Promise<Asked>;
  /** A task that waits, for a passkey. */
  askTask(subject: string, options?: { prompt?: string; userId?: string }): Promise<Asked>;
  /** The command line on the gateway's data, as its operator types it. */
  sallyport(...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export interface Asked {
  readonly id: string;
  readonly digest: string;
}

const settingsOf = ({ config }: TestGateway): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  SALLYPORT_DATA_DIR: config.dataDir,
  SALLYPORT_PORT: String(config.ports.api),
  SALLYPORT_POLICY: config.files.policy,
  SALLYPORT_LOG_LEVEL: 'silent',
});

async function runCli(gateway: TestGateway, args: readonly string[]): Promise<string> {
  const { status, out, err } = await runSallyport(args, { env: settingsOf(gateway) });
  if (status !== 0) throw new Error(`${out}${err}`);
  return `${out}${err}`;
}

async function openPage(
  { browser, origin }: Pick<ConsoleHouse, 'browser' | 'origin'>,
  path: string,
  look: { width: number; dark: boolean; session: string | null },
): Promise<Seen> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.width < 500 ? 844 : 900 },
    colorScheme: look.dark ? 'dark' : 'light',
    timezoneId: 'Europe/Berlin',
  });
  if (look.session !== null)
    await context.addCookies([
      { name: 'sallyport', value: look.session, url: origin, httpOnly: true, sameSite: 'Strict' },
    ]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${origin}${path}`);
  return { page, complaints };
}

export async function openConsoleHouse(
  executable: string,
  env: Record<string, string> = {},
): Promise<ConsoleHouse> {
  const gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    policy: `${readFileSync('policy/default.cedar', 'utf8')}${TASKS_TAKE_A_PASSKEY}`,
    env,
  });
  const { token: session } = await signIn(gateway, await enrol(gateway, gateway.approver.record));
  const browser = await launchChromium(executable);
  const { origin } = gateway.config;
  const asked = async (
    action: Record<string, unknown>,
    options: { prompt?: string; userId?: string } = {},
  ): Promise<Asked> => {
    const key = randomUUID();
    let { status, body } = await gateway.submit(action, { ...options, key });
    // A busy box lets the engine answer late; the same key is the same request.
    for (let tries = 0; status === 503 && tries < 5; tries += 1)
      ({ status, body } = await gateway.submit(action, { ...options, key }));
    if (status !== 202 || body.status !== 'awaiting_approval')
      throw new Error(JSON.stringify(body));
    return body as Asked;
  };
  return {
    gateway,
    browser,
    origin,
    session,
    open: (path, look = {}) =>
      openPage({ browser, origin }, path, { width: 1280, dark: false, session, ...look }),
    ask: (note, options) => asked({ action: 'create_note', contact_id: '20001', note }, options),
    askTask: (subject, options) =>
      asked(
        { action: 'create_task', contact_id: '20001', subject, due: '2027-01-04T15:00:00Z' },
        options,
      ),
    sallyport: (...args) => runCli(gateway, args),
    close: async () => {
      await browser.close();
      await gateway.close();
    },
  };
}

export interface VirtualAuthenticator {
  readonly cdp: CDPSession;
  readonly id: string;
  /** Whether whoever touches it is recognised. */
  recognise(is: boolean): Promise<void>;
  credentials(): Promise<readonly any[]>;
  add(credential: any): Promise<void>;
  /** As if it lay elsewhere. */
  forgetAll(): Promise<void>;
}

/** The page's own platform authenticator, with its user before it. */
export async function giveAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const authenticatorId = id;
  return {
    cdp,
    id,
    recognise: async (isUserVerified) => {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    credentials: async () =>
      (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    add: async (credential) => {
      await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
    },
    forgetAll: async () => {
      await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
    },
  };
}

/** A passkey that was made elsewhere, in the page's own authenticator, as synced ones are. */
export async function lendPasskey(
  page: Page,
  { passkey }: PasskeyHolder,
): Promise<VirtualAuthenticator> {
  const authenticator = await giveAuthenticator(page);
  const base64 = (text: string): string => Buffer.from(text, 'base64url').toString('base64');
  const key = passkey.keys.privateKey.export({ type: 'pkcs8', format: 'der' });
  await authenticator.add({
    credentialId: base64(passkey.credentialId),
    userHandle: base64(passkey.userHandle),
    privateKey: key.toString('base64'),
    ...{ rpId: 'localhost', isResidentCredential: true },
    // Of all that it has signed, in any page: a counter that stands still is a second copy at work.
    signCount: Math.floor(Date.now() / 1_000),
  });
  return authenticator;
}
