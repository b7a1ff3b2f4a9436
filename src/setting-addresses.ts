import { z } from 'zod';

/** Addresses as settings have them, each with what is wrong with one, in words. */

/** Hosts that a browser takes for its own machine: a secure context without TLS (W3C Secure Contexts, 3.1). */
const isOwnMachine = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');
const IP_ADDRESS = /^(?:[\d.]+|\[.*\])$/;

/** What keeps browsers from making and using passkeys at this address (WebAuthn Level 3, 5.1.3). */
function originFault({ protocol, hostname, href, origin }: URL): string | undefined {
  if (IP_ADDRESS.test(hostname))
    return `${hostname} is an address, and browsers bind passkeys to names only: use http://localhost:<port> on this machine, or the gateway's host name with https`;
  if (protocol !== 'https:' && !(protocol === 'http:' && isOwnMachine(hostname)))
    return 'browsers make no passkeys without https, except on localhost';
  return href === `${origin}/`
    ? undefined
    : 'is an origin: scheme, host and port, nothing after them';
}

export const origin = z.url({ protocol: /^https?$/ }).transform((value, context) => {
  const url = new URL(value);
  const message = originFault(url);
  if (message === undefined) return url.origin;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** A server that we call: an address will do, which no browser has to bind a passkey to. */
export const server = z.url({ protocol: /^https?$/ }).transform((value) => new URL(value).origin);

export const slackChannel = z
  .string()
  .regex(
    /^[CG][A-Z0-9]{2,20}$/,
    'is no id of a channel (C…), which stands at the end of its details in Slack and is not its name',
  );

export const isThisMachine = (host: string): boolean =>
  isOwnMachine(host) || host === '127.0.0.1' || host === '[::1]';

/** What keeps cards from being sent to this address. */
function hookFault({ protocol, hostname, username, password, hash }: URL): string | undefined {
  if (protocol !== 'https:' && !isThisMachine(hostname))
    return 'cards are personal content: https, except on this machine';
  if (username !== '' || password !== '')
    return 'has a user or password in it, which everybody who sees the settings would see';
  return hash === '' ? undefined : 'has a #, which is never sent';
}

/** The whole address: there is one receiver. */
export const hook = z.url({ protocol: /^https?$/ }).transform((value, context) => {
  const message = hookFault(new URL(value));
  if (message === undefined) return new URL(value).href;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** `smtp://user@host:587`, `smtps://user@host`. Of a mail server's address only what is understood here. */
export const mailServer = z.url({ protocol: /^smtps?$/ }).transform((value, context) => {
  const { hostname, password, pathname, search, hash } = new URL(value);
  if (password !== '')
    context.addIssue({
      code: 'custom',
      message: 'has a password in it: it belongs to `npx sallyport secret set smtp/password`',
    });
  else if (hostname === '' || `${pathname.replace('/', '')}${search}${hash}` !== '')
    context.addIssue({ code: 'custom', message: 'is user, host and port, nothing after them' });
  return value;
});

/** What keeps the secrets' own server from being asked at this address. */
function vaultFault({ protocol, hostname, href, origin: own }: URL): string | undefined {
  if (protocol !== 'https:' && !isThisMachine(hostname))
    return 'every secret goes over it: https, except on this machine';
  return href === `${own}/` ? undefined : 'is scheme, host and port, nothing before or after them';
}

export const vaultServer = z.url({ protocol: /^https?$/ }).transform((value, context) => {
  const url = new URL(value);
  const message = vaultFault(url);
  if (message === undefined) return url.origin;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});
