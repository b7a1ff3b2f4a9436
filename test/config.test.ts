import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

describe('a setting that is none', () => {
  it.each(['SALLYPORT_PUBLIC_URL', 'SALLYPORT_PORTS'])('stops the start: %s', (name) => {
    expect(() => readConfig({ [name]: 'http://127.0.0.1:8480' })).toThrow(
      expect.objectContaining({ code: 'config.invalid', detail: expect.stringContaining(name) }),
    );
  });
});

describe('SALLYPORT_ORIGIN', () => {
  const originOf = (value?: string, more: Record<string, string> = {}): string =>
    readConfig({ ...(value === undefined ? {} : { SALLYPORT_ORIGIN: value }), ...more }).origin;

  it('is this machine by name when it is not set', () => {
    expect(originOf()).toBe('http://localhost:8480');
    expect(originOf(undefined, { SALLYPORT_PORT: '9000' })).toBe('http://localhost:9000');
  });

  it.each([
    ['https://gate.acme.test', 'https://gate.acme.test'],
    ['https://gate.acme.test/', 'https://gate.acme.test'],
    ['https://Gate.Acme.Test:443', 'https://gate.acme.test'],
    ['https://gate.acme.test:8443', 'https://gate.acme.test:8443'],
    ['http://localhost:8480', 'http://localhost:8480'],
    ['http://gate.localhost:8480', 'http://gate.localhost:8480'],
  ])('takes %s', (value, origin) => {
    expect(originOf(value)).toBe(origin);
  });

  it.each([
    ['http://127.0.0.1:8480', 'use http://localhost'],
    ['https://10.0.0.7', 'names only'],
    ['http://[::1]:8480', 'names only'],
    ['http://2130706433:8480', '127.0.0.1 is an address'],
    ['http://gate.acme.test', 'without https'],
    ['http://localhost.acme.test', 'without https'],
    ['https://gate.acme.test/console', 'an origin'],
    ['https://gate.acme.test/?a', 'an origin'],
    ['https://kim@gate.acme.test', 'an origin'],
    ['ftp://localhost', 'SALLYPORT_ORIGIN'],
    ['gate.acme.test', 'SALLYPORT_ORIGIN'],
  ])('refuses %s and says why', (value, why) => {
    expect(() => originOf(value)).toThrow(
      expect.objectContaining({ code: 'config.invalid', detail: expect.stringContaining(why) }),
    );
  });
});

describe('how long a write of high risk waits', () => {
  const timesOf = (environment: Record<string, string>) => readConfig(environment).timing;

  it('is four hours, or what others wait where that is less', () => {
    expect(timesOf({}).highRiskApprovalMs).toBe(14_400_000);
    expect(timesOf({ SALLYPORT_APPROVAL_SECONDS: '60' }).highRiskApprovalMs).toBe(60_000);
  });

  it('is what is set, and never longer than what others wait', () => {
    const set = { SALLYPORT_APPROVAL_HIGH_RISK_SECONDS: '90' };
    expect(timesOf(set).highRiskApprovalMs).toBe(90_000);
    expect(() => timesOf({ ...set, SALLYPORT_APPROVAL_SECONDS: '60' })).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        detail: expect.stringContaining('at most SALLYPORT_APPROVAL_SECONDS (60)'),
      }),
    );
  });
});

describe('a setting that cannot be', () => {
  it.each([
    ['SALLYPORT_PORT', '80', 'must be at least 1024'],
    ['SALLYPORT_SLOTS', 'many', 'must be a number'],
    ['SALLYPORT_SLOTS', '1.5', 'must be a whole number'],
    ['SALLYPORT_APPROVAL_SECONDS', '0', 'must be more than 0'],
    ['SALLYPORT_ANSWER_WAIT_SECONDS', '61', 'must be at most 60'],
    ['SALLYPORT_LOG_LEVEL', 'loud', 'must be one of debug, info, warn, error, silent'],
    ['SALLYPORT_HUBSPOT_URL', 'hubspot', 'must be an address such as https://api.hubapi.com'],
    [
      'SALLYPORT_SLACK_CHANNEL',
      'approvals',
      'is no id of a channel (C…), which stands at the end of its details in Slack and is not its name',
    ],
    ['SALLYPORT_FAILPOINT', 'x', 'is no failpoint; src/core/failpoint-places.ts lists them'],
  ])('is said in words: %s=%s %s', (name, value, rule) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'config.invalid', detail: `${name} ${rule}` }),
    );
  });
});

describe('SALLYPORT_WEBHOOK_URL', () => {
  const webhookOf = (value: string) => readConfig({ SALLYPORT_WEBHOOK_URL: value }).webhook;

  it('is none by default', () => {
    expect(readConfig({}).webhook).toBeUndefined();
  });

  it.each([
    'https://hooks.acme.test/approvals?key=a',
    'https://10.0.0.7:8443/',
    'http://127.0.0.1:9000/hook',
    'http://[::1]:9000/hook',
    'http://localhost:9000/hook',
  ])('takes %s', (value) => {
    expect(webhookOf(value)).toEqual({ url: value });
  });

  it.each([
    ['http://hooks.acme.test/', 'https'],
    ['http://127.0.0.2/', 'https'],
    ['http://localhost.evil.test/', 'https'],
    ['https://user@hooks.acme.test/', 'user or password'],
    ['https://user:pass@hooks.acme.test/', 'user or password'],
    ['https://hooks.acme.test/#a', '#'],
    ['ftp://hooks.acme.test/', 'SALLYPORT_WEBHOOK_URL'],
    ['hooks.acme.test', 'SALLYPORT_WEBHOOK_URL'],
  ])('refuses %s', (value, why) => {
    expect(() => webhookOf(value)).toThrow(
      expect.objectContaining({ code: 'config.invalid', detail: expect.stringContaining(why) }),
    );
  });
});

describe('SALLYPORT_SMTP_URL', () => {
  const mailOf = (server: string) =>
    readConfig({ SALLYPORT_SMTP_URL: server, SALLYPORT_MAIL_FROM: 'gate@acme.test' }).mail;

  it('is none by default, and nothing without a sender', () => {
    expect(readConfig({}).mail).toBeUndefined();
    for (const alone of [
      { SALLYPORT_SMTP_URL: 'smtp://mail.acme.test' },
      { SALLYPORT_MAIL_FROM: 'gate@acme.test' },
      { SALLYPORT_MAIL_ESCALATION_ROLE: 'manager' },
    ])
      expect(() => readConfig(alone)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  });

  it.each([
    ['smtp://mail.acme.test', { host: 'mail.acme.test', isTls: false, isLocal: false }],
    ['smtp://gate@mail.acme.test:2525', { port: 2525, user: 'gate', isLocal: false }],
    ['smtps://gate%40acme.test@mail.acme.test', { isTls: true, user: 'gate@acme.test' }],
    ['smtp://localhost:25', { host: 'localhost', isLocal: true }],
    ['smtp://[::1]:25', { host: '::1', isLocal: true }],
    ['smtp://127.0.0.1', { isLocal: true }],
    ['smtp://127.0.0.2', { isLocal: false }],
    ['smtp://localhost.evil.test', { isLocal: false }],
  ])('reads %s', (value, mail) => {
    expect(mailOf(value)).toMatchObject({ ...mail, from: 'gate@acme.test' });
  });

  it.each([
    ['smtp://gate:pass@mail.acme.test', 'secret set smtp/password'],
    ['smtp://mail.acme.test/x', 'nothing after them'],
    ['smtp://mail.acme.test?secure=false', 'nothing after them'],
    ['http://mail.acme.test', 'SALLYPORT_SMTP_URL'],
    ['mail.acme.test', 'SALLYPORT_SMTP_URL'],
  ])('refuses %s', (value, why) => {
    expect(() => mailOf(value)).toThrow(
      expect.objectContaining({ code: 'config.invalid', detail: expect.stringContaining(why) }),
    );
  });

  it('takes a plain address as sender', () => {
    const from = (value: string) =>
      readConfig({ SALLYPORT_SMTP_URL: 'smtp://m.test', SALLYPORT_MAIL_FROM: value });
    for (const value of ['Gate <gate@acme.test>', 'gate', 'gate@acme.test\r\nBcc: a@b.test'])
      expect(() => from(value)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  });
});
