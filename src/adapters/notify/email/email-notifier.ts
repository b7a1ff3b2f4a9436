import { createTransport } from 'nodemailer';
import type { Notifier, Telling, Told } from '../../../ports/notifier.ts';
import { alarmMailText } from './alarm-text.ts';
import { groupMailText } from './group-text.ts';
import type { MailText } from './mail-page.ts';
import { mailText } from './mail-text.ts';

const SECRET_NAME = 'smtp/password';
const CONNECT_MS = 8_000;
const SILENCE_MS = 10_000;

/** One plain address: no list, no name, no quoting, nothing that a header reads otherwise. */
const ADDRESS = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])$/;

export interface EmailSettings {
  readonly host: string;
  /** Undefined: 465 with TLS from the first byte, 587 otherwise. */
  readonly port: number | undefined;
  /** TLS from the first byte. */
  readonly isTls: boolean;
  /** On this machine: without TLS. Everywhere else nothing is said before TLS stands. */
  readonly isLocal: boolean;
  readonly user: string | undefined;
  readonly from: string;
  readonly readSecret: (name: string) => Promise<string | undefined>;
}

/** A transport for one mail: the password may have been replaced since the last. */
function transportFor(settings: EmailSettings, password: string | undefined) {
  const { host, isTls, isLocal, user, port = isTls ? 465 : 587 } = settings;
  return createTransport({
    host,
    port,
    secure: isTls,
    requireTLS: !isTls && !isLocal,
    ignoreTLS: isLocal,
    tls: { minVersion: 'TLSv1.2' },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // A mail is what it was given: nothing is read from a file or an address for it.
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  });
}

interface SmtpError {
  readonly code?: unknown;
  readonly responseCode?: unknown;
}

/** By kind and number: what a server says may have the address in it. RFC 5321, 4.2.1: 5yz is for good. */
function failureOf(error: unknown): Exclude<Told, { kind: 'sent' }> {
  const { code, responseCode }: SmtpError =
    error instanceof Error ? (error as Error & SmtpError) : {};
  const number = typeof responseCode === 'number' ? ` ${responseCode}` : '';
  const words = `${typeof code === 'string' ? code : 'unexpected'}${number}`;
  const isForGood =
    typeof responseCode === 'number' &&
    responseCode >= 500 &&
    code !== 'ETLS' &&
    code !== 'ECONNECTION';
  return { kind: isForGood ? 'refused' : 'later', error: words };
}

/** A repeat has the same, so that mailboxes that know it show one mail. */
const messageIdOf = ({ notice }: Telling, from: string): string =>
  `<${notice.id}@${from.slice(from.lastIndexOf('@') + 1)}>`;

function textOf(telling: Telling): MailText {
  if ('alarm' in telling) return alarmMailText(telling.alarm);
  return telling.group === undefined ? mailText(telling) : groupMailText(telling.group);
}

async function sendMail(settings: EmailSettings, telling: Telling, to: string): Promise<Told> {
  const { from, user } = settings;
  const password = user === undefined ? undefined : await settings.readSecret(SECRET_NAME);
  if (user !== undefined && password === undefined)
    return { kind: 'later', error: `${SECRET_NAME} is not set` };
  const transport = transportFor(settings, password);
  const messageId = messageIdOf(telling, from);
  try {
    await transport.sendMail({
      from: { name: 'Sallyport', address: from },
      to: { name: '', address: to },
      messageId,
      ...(telling.thread === null ? {} : { inReplyTo: telling.thread, references: telling.thread }),
      ...textOf(telling),
      date: telling.notice.createdAt,
      // RFC 3834: absent people's programs do not answer it.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    });
    return { kind: 'sent', reference: messageId };
  } catch (error) {
    return failureOf(error);
  } finally {
    transport.close();
  }
}

/** One mail for each notice, to the person that it is for. It tells; nothing is decided by it. */
export function createEmailNotifier(settings: EmailSettings): Notifier {
  return {
    channel: 'email',
    tell: async (telling) => {
      const { address } = telling;
      if (address === null) return { kind: 'refused', error: 'nobody on the roster' };
      if (!ADDRESS.test(address)) return { kind: 'refused', error: 'not an address' };
      return sendMail(settings, telling, address);
    },
  };
}
