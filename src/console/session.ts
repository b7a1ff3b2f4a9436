import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CookieOptions, Request, RequestHandler, Response } from 'express';

/** A session's token alone: a person's key in a cookie opens nothing here. The API says the rest. */
const TOKEN = /^sps_[a-z0-9]{16}_[A-Za-z0-9_-]{43}$/;
const FORM_TOKEN_TAG = 'sallyport/console/form/v1';

const isHttps = (origin: string): boolean => origin.startsWith('https://');

/** `__Host-`: no subdomain and no plain-text page can set it (RFC 6265bis, 4.1.3.2). */
export const cookieName = (origin: string): string =>
  isHttps(origin) ? '__Host-sallyport' : 'sallyport';

const cookieOptions = (origin: string): CookieOptions => ({
  httpOnly: true,
  sameSite: 'strict',
  secure: isHttps(origin),
  path: '/',
});

/** The reader's session token; undefined for none, and for two of one name: nobody sends two by themselves. */
export function sessionToken(request: Request, origin: string): string | undefined {
  const found = (request.headers.cookie ?? '').split(';').flatMap((part) => {
    const [name = '', value = ''] = part.trim().split('=');
    return name === cookieName(origin) ? [value] : [];
  });
  const [token] = found;
  return found.length === 1 && token !== undefined && TOKEN.test(token) ? token : undefined;
}

export function startSession(response: Response, origin: string, token: string): void {
  response.cookie(cookieName(origin), token, cookieOptions(origin));
}

export function endSession(response: Response, origin: string): void {
  response.clearCookie(cookieName(origin), cookieOptions(origin));
}

/**
 * What every form of this session carries. Made from the session token alone, so that any process of the
 * gateway can check it and nobody without the cookie can make it.
 */
export const formToken = (session: string): string =>
  createHmac('sha256', session).update(FORM_TOKEN_TAG).digest('base64url');

export function isFormToken(session: string, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const [mine, theirs] = [Buffer.from(formToken(session)), Buffer.from(given)];
  return mine.length === theirs.length && timingSafeEqual(mine, theirs);
}

/** Whether a request that changes something comes from a page of the console itself. */
export function isFromConsole(
  headers: Readonly<Record<string, unknown>>,
  configured: string,
): boolean {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const isSameSite = site === undefined || site === 'same-origin';
  return isSameSite && origin === configured;
}

export const CSP = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/**
 * Passkeys and the cookie hold for a name. Whoever typed this machine's address is led to it; what stands behind `#`
 * goes along (WHATWG Fetch, "HTTP-redirect fetch").
 */
export const leadToName =
  (origin: string): RequestHandler =>
  ({ method, headers, originalUrl }, response, next) => {
    const isByAddress = /^(?:127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(headers.host ?? '');
    const isOwnMachine = new URL(origin).hostname === 'localhost';
    if (method === 'GET' && isByAddress && isOwnMachine)
      response.redirect(302, `${origin}${originalUrl}`);
    else next();
  };

/** `same-origin`: with `no-referrer` browsers send `Origin: null` with a form, and nothing could be told apart. */
export const guardPages: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': CSP,
    'Referrer-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    'Permissions-Policy': 'publickey-credentials-get=(self), publickey-credentials-create=(self)',
  });
  next();
};
