import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { terminalRemedy } from '../../src/cli/terminal-remedy.ts';
import { type ErrorCode, ERRORS } from '../../src/core/errors.ts';
import { createInstallation, type Installation } from './support.ts';

let at: Installation;

beforeAll(async () => {
  at = await createInstallation();
});
afterAll(() => {
  at.remove();
});

const people = async (): Promise<{ email: string }[]> =>
  JSON.parse((await at.sallyport(['person', 'list', '--json'])).out);

describe('what a terminal says', () => {
  it('never speaks of the fields of an answer that nobody at a terminal sees', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[])
      expect(terminalRemedy(code), code).not.toMatch(/`(detail|successor|code|retryable)`/);
  });

  it('names the list of the very thing that there is none of', async () => {
    const said = await at.sallyport(['grant', 'end', 'gra_nope']);
    expect(said).toMatchObject({ status: 1, out: '' });
    expect(said.err).toBe('There is no grant gra_nope.\n`npx sallyport grant list` lists them.\n');
  });

  it('counts one as one', async () => {
    await at.sallyport(['person', 'add', 'One', '--email', 'one@acme.test']);
    const { out } = await at.sallyport(['doctor', '--json']);
    const found = (JSON.parse(out) as { what: string; found: string }[]).find(
      ({ what }) => what === 'record opens',
    );
    expect(found?.found).toMatch(/^0 requests, \d+ agents?, 1 person$/);
  });
});

describe('lists that are empty', () => {
  it('say that nobody was told, and where the ways to people are set up', async () => {
    const { out } = await at.sallyport(['notices']);
    expect(out).toMatch(/^Nobody was told of anything yet\.\n/);
    expect(out).toContain('docs/slack-setup.md');
    expect(out).toContain('docs/operations.md, "By mail"');
    expect(out).toContain('docs/webhooks.md');
    expect((await at.sallyport(['notices', '--dead'])).out).toMatch(/^Nothing could not be del/);
    expect((await at.sallyport(['notices', '--json'])).out).toBe('[]\n');
  });

  it('do not say how to set up what is set up', async () => {
    const env = { SALLYPORT_WEBHOOK_URL: 'https://hooks.acme.test/sallyport' };
    expect((await at.sallyport(['notices'], { env })).out).toBe(
      'Nobody was told of anything yet.\n',
    );
  });

  it('say that somebody has no passkey, and how they get one', async () => {
    await at.sallyport(['person', 'add', 'Kim', '--email', 'kim@acme.test']);
    const { out } = await at.sallyport(['person', 'passkeys', 'kim@acme.test']);
    expect(out).toMatch(/^Kim \(per_\w+\) has no passkey yet\.\n/);
    expect(out).toContain('npx sallyport person invite kim@acme.test');
  });
});

describe('who is added', () => {
  it('has a role that counts, or is not added at all', async () => {
    const before = await people();
    const add = ['person', 'add', 'Max', '--email', 'max@acme.test', '--role', 'aprover'];
    const said = await at.sallyport(add);
    expect(said).toMatchObject({ status: 1, out: '' });
    expect(said.err).toMatch(/asks for aprover\. Roles that count: .*approver.*operator/);
    expect(said.err).toContain('Nobody was added.');
    expect(await people()).toEqual(before);
    expect((await at.sallyport([...add, '--new-role'])).status).toBe(0);
  });

  it('is shown what becomes of the key, and the next step', async () => {
    const { out } = await at.sallyport(['person', 'add', 'Lee', '--email', 'lee@acme.test']);
    expect(out).toMatch(/chmod 600[^]*--key-file/);
    expect(out).toContain('npx sallyport person invite lee@acme.test');
  });
});

describe('secrets', () => {
  it('of a misspelt name are refused with the names that are read', async () => {
    const said = await at.sallyport(['secret', 'set', 'slack/bot-tokn'], { input: 'xoxb-123456' });
    expect(said.status).toBe(1);
    expect(said.err).toContain('slack/bot-tokn');
    for (const name of ['hubspot/main', 'slack/bot-token', 'slack/signing-secret', 'webhook/out'])
      expect(said.err).toContain(name);
  });

  it.each([
    ['abcd efgh ijkl mnop', 'abcd efgh ijkl mnop'],
    ['hunter2\n', 'hunter2'],
    [' päss \r\n', ' päss '],
  ])('that are a mail password are taken as they are: %j', async (input, kept) => {
    const said = await at.sallyport(['secret', 'set', 'smtp/password'], { input });
    expect(said).toMatchObject({ status: 0, err: '' });
    const stored = await at.open(({ secrets }) => secrets.get('smtp/password'));
    expect(stored?.value).toBe(kept);
  });

  it('that are no token and no password are refused as before', async () => {
    const set = (name: string, input: string) => at.sallyport(['secret', 'set', name], { input });
    expect((await set('slack/bot-token', 'two words here')).err).toContain('That is no token');
    expect((await set('slack/bot-token', 'short')).err).toContain('That is no token');
    expect((await set('smtp/password', 'one\ntwo\n')).err).toContain('That is no password');
    expect((await set('smtp/password', '\n')).err).toContain('The value is empty');
    expect((await set('slack/bot-token', '  xoxb-12345678 \n')).status).toBe(0);
  });
});

describe('doctor', () => {
  it('says that nobody is told where no channel is set up, and which secret one lacks', async () => {
    expect((await at.sallyport(['doctor'])).out).toContain('no channel is set up');
    const env = { SALLYPORT_WEBHOOK_URL: 'https://hooks.acme.test/told' };
    const said = await at.sallyport(['doctor'], { env });
    expect(said.out).toContain('nobody is told there: webhook/out is not set');
    expect(said.out).toContain('npx sallyport secret set webhook/out');
  });
});
